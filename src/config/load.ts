import { readFileSync } from 'node:fs';
import { randomIds } from '../lib/uid.ts';
import { embeddedSettings } from './adapters.ts';
import { buildServerConfig } from './build.ts';
import { catalogueOf, type Setting } from './catalogue.ts';
import { ConfigError, type ConfigProblem, describeProblem } from './problems.ts';
import { type Given, resolveSettings, type SettingFlags } from './resolve.ts';
import {
  crossProblems,
  devSecretProblems,
  missingProblems,
  VAULT_WITHOUT_TOKEN,
  workerProblems,
} from './rules.ts';
import type { ServerConfig } from './server-config.ts';
import { serverSchema } from './server-schema.ts';
import { type Environment, type ReadFile, readFileSource } from './sources.ts';
import { authProblems, valueProblems } from './validate.ts';

export type { SettingFlags } from './resolve.ts';

/**
 * Who reads the configuration. `serve` needs the stores and at least one [[auth]] entry and refuses secrets of
 * `unkey dev`; `dev` fills in embedded stores; `tool` needs only what the caller lists in `require`.
 */
export type ConfigProfile = 'serve' | 'dev' | 'tool';

export interface LoadOptions {
  readonly profile: ConfigProfile;
  /** Settings given by flags, by TOML path; they win over everything. */
  readonly flags?: SettingFlags;
  readonly env: Environment;
  readonly cwd: string;
  /** The value of `--config`: a path, or TOML text when it holds `=` or a newline. */
  readonly configArgument?: string | undefined;
  /** Unknown keys and unset variables become errors. */
  readonly strict?: boolean;
  /** With the profile `tool`: TOML paths that must be given. */
  readonly require?: readonly string[];
  /** Whether log lines go to a terminal; picks the default of `observability.logging.format`. */
  readonly terminal?: boolean;
  /** Reads a UTF-8 file; throws like `readFileSync`. */
  readonly readFile?: ReadFile;
  readonly generateInstanceId?: () => string;
}

/** One setting with the value in force and where it came from. */
export interface EffectiveSetting {
  readonly setting: Setting;
  /** Undefined when nobody gave a value and there is no default. */
  readonly value: unknown;
  /** `flag`, `env NAME`, `file:line` or `default`. */
  readonly origin: string;
}

export interface LoadedConfig {
  readonly config: ServerConfig;
  /** Origin of every setting by TOML path. */
  readonly origins: ReadonlyMap<string, string>;
  readonly settings: readonly EffectiveSetting[];
  /** Tables that the file holds; a table without keys can still switch something on. */
  readonly tables: ReadonlySet<string>;
  /** One line each, without secrets. */
  readonly warnings: readonly string[];
}

const DEFAULT_ORIGIN = 'default';

/** What `unkey dev` uses for what nobody configured: everything inside its own process (CFG-11). */
const DEV_VALUES: Readonly<Record<string, unknown>> = {
  redis_url: 'memory:',
  'database.primary': 'sqlite::memory:',
  'clickhouse.url': 'chdb:',
  'vault.url': 'embedded:',
  'control.url': 'embedded:',
  'control.regions': ['local'],
  'restate.url': 'embedded:',
  'server.host': '127.0.0.1',
  auth: [{ type: 'root_key' }, { type: 'portal_session' }],
};

const SERVE_REQUIRES = ['redis_url', 'database.primary', 'auth'];

let catalogue: readonly Setting[] | undefined;

/** Every setting of the server's configuration file. */
export function serverCatalogue(): readonly Setting[] {
  catalogue ??= catalogueOf(serverSchema);
  return catalogue;
}

function withDevValues(given: ReadonlyMap<string, Given>): Map<string, Given> {
  const filled = new Map(given);
  for (const [path, value] of Object.entries(DEV_VALUES)) {
    const present = filled.get(path)?.value;
    const absent = present === undefined || (Array.isArray(present) && present.length === 0);
    if (absent) filled.set(path, { value, origin: DEFAULT_ORIGIN });
  }
  return filled;
}

function profileProblems(options: LoadOptions, given: ReadonlyMap<string, Given>): ConfigProblem[] {
  switch (options.profile) {
    case 'serve':
      return [
        ...missingProblems(given, SERVE_REQUIRES),
        ...devSecretProblems(given),
        ...workerProblems(given),
      ];
    case 'tool':
      return missingProblems(given, options.require ?? []);
    case 'dev':
      return [];
  }
}

function adviceOn(profile: ConfigProfile, given: ReadonlyMap<string, Given>): string[] {
  const warnings: string[] = [];
  const embedded = embeddedSettings(given);
  if (profile === 'serve' && embedded.length > 0) {
    const single =
      given.get('server.workers')?.value === 'auto' ? '; server.workers = "auto" means 1 here' : '';
    warnings.push(`only one process may use the data of ${embedded.join(', ')}${single}`);
  }
  const vaultUrl = given.get('vault.url')?.value;
  if (typeof vaultUrl === 'string' && !vaultUrl.startsWith('embedded:') && !given.has('vault.token')) {
    warnings.push(VAULT_WITHOUT_TOKEN);
  }
  return warnings;
}

/**
 * Loads the configuration of the server: flag > environment > file > default for every setting (G-12).
 *
 * @throws ConfigError with every problem at once, when there is any.
 */
export function loadServerConfig(options: LoadOptions): LoadedConfig {
  const sources = {
    flags: options.flags ?? {},
    env: options.env,
    cwd: options.cwd,
    readFile: options.readFile ?? ((path: string) => readFileSync(path, 'utf8')),
  };
  const settings = serverCatalogue();
  const file = readFileSource({ ...sources, configArgument: options.configArgument });
  const problems: ConfigProblem[] = [];
  const resolved = resolveSettings(settings, { ...sources, file }, problems);
  const given = options.profile === 'dev' ? withDevValues(resolved.given) : resolved.given;
  const auth = given.get('auth');
  const authFromFile = auth !== undefined && file !== undefined && auth.origin.startsWith(`${file.name}:`);
  problems.push(
    ...valueProblems(serverSchema, settings, given),
    ...authProblems(auth, (path) => (authFromFile ? file.originOf(path) : (auth?.origin ?? DEFAULT_ORIGIN))),
    ...crossProblems(given, resolved.tables, { embeddedVaultNeedsKeys: options.profile === 'serve' }),
    ...profileProblems(options, given),
    ...(options.strict ? resolved.doubts : []),
  );
  const doubts = options.strict ? [] : resolved.doubts.map(describeProblem);
  if (problems.length > 0) throw new ConfigError(problems, doubts);

  const effective = settings.map((setting): EffectiveSetting => {
    const entry = given.get(setting.path);
    return { setting, value: entry?.value ?? setting.default, origin: entry?.origin ?? DEFAULT_ORIGIN };
  });
  return {
    config: buildServerConfig({
      catalogue: settings,
      given,
      tables: resolved.tables,
      generateInstanceId: options.generateInstanceId ?? (() => randomIds.next('instance')),
      terminal: options.terminal ?? false,
    }),
    origins: new Map(effective.map(({ setting, origin }) => [setting.path, origin])),
    settings: effective,
    tables: resolved.tables,
    warnings: [...doubts, ...adviceOn(options.profile, given)],
  };
}
