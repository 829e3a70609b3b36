// What the servers of this executable have in common beside the API: where they listen, how they log, how they end.

import { readFileSync } from 'node:fs';
import type Joi from 'joi';
import { parseDuration } from '../lib/duration.ts';
import { randomIds } from '../lib/uid.ts';
import { catalogueOf } from './catalogue.ts';
import { ConfigError, type ConfigProblem, describeProblem } from './problems.ts';
import { type Given, resolveSettings, type SettingFlags } from './resolve.ts';
import { devSecretProblems } from './rules.ts';
import type { ServerConfig } from './server-config.ts';
import { type Environment, readFileSource } from './sources.ts';
import { valueProblems } from './validate.ts';

/** The settings that every role has. */
export interface RoleConfig {
  readonly instanceId: string;
  readonly httpPort: number;
  readonly region: string;
  /** What callers have to show. */
  readonly bearerToken: string;
  readonly logging: Pick<ServerConfig['observability']['logging'], 'level' | 'format'>;
  /** 0 = no metrics listener. */
  readonly metricsPort: number;
  readonly server: Pick<
    ServerConfig['server'],
    'host' | 'startupTimeoutMs' | 'drainDelayMs' | 'drainTimeoutMs'
  >;
}

export interface LoadRoleOptions {
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
}

const API_ALONE = [
  'observability.tracing.',
  'observability.logging.sample_rate',
  'observability.logging.slow_threshold',
];

/** Typed reads of settings that the schema has already checked. */
export interface RoleReader {
  /** The text, or the default of the setting, or nothing. */
  string(path: string): string;
  optional(path: string): string | undefined;
  number(path: string): number;
  boolean(path: string): boolean;
  list(path: string): readonly string[];
  durationMs(path: string): number;
  /** The settings that every role has. */
  role(): RoleConfig;
}

/**
 * Resolves the settings of a schema: flag > environment > file > default for every setting (G-12).
 * @param rules what is wrong between settings, and what is missing
 * @throws ConfigError with every problem at once, when there is any.
 */
export function loadRoleSettings(
  schema: Joi.ObjectSchema,
  options: LoadRoleOptions,
  rules: (given: ReadonlyMap<string, Given>) => readonly ConfigProblem[],
): {
  readonly read: RoleReader;
  /** What was set, secrets included, by TOML path. */
  readonly values: ReadonlyMap<string, unknown>;
  /** One line each, without secrets. */
  readonly warnings: readonly string[];
} {
  const sources = {
    flags: options.flags ?? {},
    env: options.env,
    cwd: options.cwd,
    readFile: (path: string) => readFileSync(path, 'utf8'),
  };
  const settings = catalogueOf(schema);
  const file = readFileSource({ ...sources, configArgument: options.configArgument });
  const problems: ConfigProblem[] = [];
  const { given, doubts } = resolveSettings(settings, { ...sources, file }, problems);
  problems.push(
    ...valueProblems(schema, settings, given),
    ...rules(given),
    ...devSecretProblems(given),
    ...(options.strict ? doubts : []),
  );
  const warnings = [...(options.strict ? [] : doubts.map(describeProblem)), ...withoutEffect(given)];
  if (problems.length > 0) throw new ConfigError(problems, warnings);
  const defaults = new Map(settings.map((setting) => [setting.path, setting.default]));
  const values = new Map([...given].map(([path, { value }]) => [path, value]));
  return { read: readerOf(defaults, given, options.terminal ?? false), values, warnings };
}

/** A configuration file may be shared with the API, which alone traces and logs requests. One line for each such setting. */
function withoutEffect(given: ReadonlyMap<string, Given>): string[] {
  return [...given.keys()]
    .filter((path) => API_ALONE.some((start) => path.startsWith(start)))
    .map((path) => `${path}: has no effect here; only the API makes traces and logs single requests`);
}

function readerOf(
  defaults: ReadonlyMap<string, unknown>,
  given: ReadonlyMap<string, Given>,
  terminal: boolean,
): RoleReader {
  const value = (path: string): unknown => {
    if (!defaults.has(path)) throw new Error(`no such setting: ${path}`);
    return given.get(path)?.value ?? defaults.get(path);
  };
  const string = (path: string) => (value(path) ?? '') as string;
  const optional = (path: string) => value(path) as string | undefined;
  const number = (path: string) => value(path) as number;
  const durationMs = (path: string) => parseDuration(string(path)) ?? Number.NaN;
  return {
    string,
    optional,
    number,
    boolean: (path) => value(path) === true,
    list: (path) => (value(path) ?? []) as readonly string[],
    durationMs,
    role: () => {
      const level = string('observability.logging.level');
      const format = optional('observability.logging.format') ?? (terminal ? 'pretty' : 'json');
      return {
        instanceId: optional('instance_id') ?? randomIds.next('instance'),
        httpPort: number('http_port'),
        region: string('region'),
        bearerToken: string('bearer_token'),
        logging: {
          level: level === 'warning' ? 'warn' : (level as RoleConfig['logging']['level']),
          format: format as RoleConfig['logging']['format'],
        },
        metricsPort: number('observability.metrics.prometheus_port'),
        server: {
          host: string('server.host'),
          startupTimeoutMs: durationMs('server.startup_timeout'),
          // Nobody balances load over a server in somebody's terminal.
          drainDelayMs: terminal && !given.has('server.drain_delay') ? 0 : durationMs('server.drain_delay'),
          drainTimeoutMs: durationMs('server.drain_timeout'),
        },
      };
    },
  };
}
