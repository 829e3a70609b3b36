import { readFileSync } from 'node:fs';
import { parseDuration } from '../lib/duration.ts';
import { randomIds } from '../lib/uid.ts';
import { catalogueOf, type Setting } from './catalogue.ts';
import { ConfigError, type ConfigProblem, describeProblem } from './problems.ts';
import { type Given, resolveSettings, type SettingFlags } from './resolve.ts';
import { devSecretProblems, missingProblems, storageProblems } from './rules.ts';
import { type Environment, readFileSource } from './sources.ts';
import { valueProblems } from './validate.ts';
import type { VaultServerConfig } from './vault-config.ts';
import { vaultSchema } from './vault-schema.ts';

export interface LoadVaultOptions {
  /** Settings given by flags, by TOML path; they win over everything. */
  readonly flags?: SettingFlags;
  readonly env: Environment;
  readonly cwd: string;
  /** The value of `--config`: a path, or TOML text when it holds `=` or a newline. */
  readonly configArgument?: string | undefined;
  /** Unknown keys and unset variables become errors. */
  readonly strict?: boolean;
  /** Whether log lines go to a terminal. */
  readonly terminal?: boolean;
  /** What must be given: everything that serving takes, or only what opens the store. */
  readonly purpose: 'serve' | 'maintain';
}

const STORE_REQUIRES = ['encryption.master_key'];
const SERVE_REQUIRES = ['bearer_token', ...STORE_REQUIRES];

/**
 * Loads the configuration of `unkey vault`: flag > environment > file > default for every setting (G-12).
 *
 * @throws ConfigError with every problem at once, when there is any.
 */
export function loadVaultConfig(options: LoadVaultOptions): {
  readonly config: VaultServerConfig;
  /** One line each, without secrets. */
  readonly warnings: readonly string[];
} {
  const sources = {
    flags: options.flags ?? {},
    env: options.env,
    cwd: options.cwd,
    readFile: (path: string) => readFileSync(path, 'utf8'),
  };
  const settings = catalogueOf(vaultSchema);
  const file = readFileSource({ ...sources, configArgument: options.configArgument });
  const problems: ConfigProblem[] = [];
  const { given, doubts } = resolveSettings(settings, { ...sources, file }, problems);
  problems.push(
    ...valueProblems(vaultSchema, settings, given),
    ...missingProblems(given, options.purpose === 'serve' ? SERVE_REQUIRES : STORE_REQUIRES),
    ...storageProblems(given, 'storage', 'it is where the vault keeps its data keys'),
    ...devSecretProblems(given),
    ...(options.strict ? doubts : []),
  );
  const warnings = options.strict ? [] : doubts.map(describeProblem);
  if (problems.length > 0) throw new ConfigError(problems, warnings);
  return { config: build(settings, given, options.terminal ?? false), warnings };
}

function build(
  settings: readonly Setting[],
  given: ReadonlyMap<string, Given>,
  terminal: boolean,
): VaultServerConfig {
  const defaults = new Map(settings.map((setting) => [setting.path, setting.default]));
  const value = (path: string): unknown => {
    if (!defaults.has(path)) throw new Error(`no such setting: ${path}`);
    return given.get(path)?.value ?? defaults.get(path);
  };
  const string = (path: string) => (value(path) ?? '') as string;
  const optional = (path: string) => value(path) as string | undefined;
  const durationMs = (path: string) => parseDuration(string(path)) ?? Number.NaN;
  const level = string('observability.logging.level');
  const path = optional('storage.disk.path');
  return {
    instanceId: optional('instance_id') ?? randomIds.next('instance'),
    httpPort: value('http_port') as number,
    region: string('region'),
    bearerToken: string('bearer_token'),
    masterKey: string('encryption.master_key'),
    previousMasterKey: optional('encryption.previous_master_key'),
    storage:
      path !== undefined
        ? { kind: 'disk', path }
        : {
            kind: 's3',
            url: string('storage.s3.url'),
            bucket: string('storage.s3.bucket'),
            accessKeyId: string('storage.s3.access_key_id'),
            accessKeySecret: string('storage.s3.access_key_secret'),
          },
    logging: {
      level: level === 'warning' ? 'warn' : (level as 'debug' | 'info' | 'warn' | 'error'),
      format: (optional('observability.logging.format') ?? (terminal ? 'pretty' : 'json')) as
        | 'json'
        | 'logfmt'
        | 'pretty',
    },
    metricsPort: value('observability.metrics.prometheus_port') as number,
    server: {
      host: string('server.host'),
      startupTimeoutMs: durationMs('server.startup_timeout'),
      // Nobody balances load over a server in somebody's terminal.
      drainDelayMs: terminal && !given.has('server.drain_delay') ? 0 : durationMs('server.drain_delay'),
      drainTimeoutMs: durationMs('server.drain_timeout'),
    },
  };
}
