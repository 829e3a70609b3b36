// Turns validated settings into the typed configuration that the rest of the program knows.
import { parseDuration } from '../lib/duration.ts';
import { embeddedSettings, isEmbedded } from './adapters.ts';
import type { Setting } from './catalogue.ts';
import { controlSettings } from './control-settings.ts';
import type { Given } from './resolve.ts';
import type { AuthEntry, DependencyName, ServerConfig } from './server-config.ts';

export interface BuildInput {
  readonly catalogue: readonly Setting[];
  readonly given: ReadonlyMap<string, Given>;
  readonly tables: ReadonlySet<string>;
  readonly generateInstanceId: () => string;
  /** Whether the process runs in a terminal, to which its log lines go. */
  readonly terminal: boolean;
}

/** Typed reads of settings that the schema has already checked. */
function reader({ catalogue, given }: BuildInput) {
  const defaults = new Map(catalogue.map((setting) => [setting.path, setting.default]));
  const value = (path: string): unknown => {
    if (!defaults.has(path)) throw new Error(`no such setting: ${path}`);
    return given.get(path)?.value ?? defaults.get(path);
  };
  return {
    optional: (path: string) => value(path) as string | undefined,
    string: (path: string) => (value(path) ?? '') as string,
    number: (path: string) => value(path) as number,
    boolean: (path: string) => value(path) as boolean,
    workers: (path: string) => value(path) as number | 'auto',
    list: (path: string) => value(path) as readonly string[] | undefined,
    durationMs: (path: string) => parseDuration(value(path) as string) ?? Number.NaN,
  };
}

type Reader = ReturnType<typeof reader>;

interface AuthFields {
  readonly type: AuthEntry['type'];
  readonly issuer: string;
  readonly audience?: string;
  readonly secrets?: readonly string[];
  readonly jwks_url?: string;
  readonly provider?: string;
}

function authEntry(fields: AuthFields): AuthEntry {
  if (fields.type !== 'jwt') return { type: fields.type };
  return {
    type: 'jwt',
    issuer: fields.issuer,
    audience: fields.audience || undefined,
    secrets: fields.secrets,
    jwksUrl: fields.jwks_url || undefined,
    provider: fields.provider === 'workos' ? 'workos' : undefined,
  };
}

function vaultOf(read: Reader): ServerConfig['vault'] {
  const url = read.optional('vault.url');
  if (url === undefined) return undefined;
  const token = read.string('vault.token');
  if (!url.startsWith('embedded:')) return { url, token };
  const bucket = read.optional('vault.storage.s3.bucket');
  const path = read.optional('vault.storage.disk.path');
  return {
    url,
    token,
    embedded: {
      masterKey: read.optional('vault.encryption.master_key'),
      previousMasterKey: read.optional('vault.encryption.previous_master_key'),
      storage:
        bucket !== undefined
          ? {
              kind: 's3',
              url: read.string('vault.storage.s3.url'),
              bucket,
              accessKeyId: read.string('vault.storage.s3.access_key_id'),
              accessKeySecret: read.string('vault.storage.s3.access_key_secret'),
            }
          : path === undefined
            ? undefined
            : { kind: 'disk', path },
    },
  };
}

/**
 * The configuration as the server takes it. A section counts as present when the file holds its table or when one of its
 * keys is given; of the logging section `level` and `format` alone do not make it present, because they exist to be set
 * for a moment and must not turn on the log of all requests.
 */
export function buildServerConfig(input: BuildInput): ServerConfig {
  const { given, tables } = input;
  const read = reader(input);
  const present = (table: string, ...keys: string[]) =>
    tables.has(table) || keys.some((key) => given.has(`${table}.${key}`));
  const bodySize = read.number('max_request_body_size');
  const level = read.string('observability.logging.level');
  const pprof = { username: read.string('pprof.username'), password: read.string('pprof.password') };
  const github = {
    appName: read.string('github.app_name'),
    appId: read.number('github.app_id'),
    privateKeyPem: read.string('github.private_key_pem'),
  };
  const certFile = read.optional('tls.cert_file');
  const controlUrl = read.optional('control.url');
  const restateUrl = read.optional('restate.url');
  return {
    instanceId: read.optional('instance_id') ?? input.generateInstanceId(),
    platform: read.string('platform'),
    httpPort: read.number('http_port'),
    region: read.string('region'),
    redisUrl: read.string('redis_url'),
    maxRequestBodySize:
      bodySize === 0
        ? defaultOf(input, 'max_request_body_size')
        : bodySize < 0
          ? Number.POSITIVE_INFINITY
          : bodySize,
    portalBaseUrl: read.string('portal_base_url'),
    database: {
      primary: read.string('database.primary'),
      readonlyReplica: read.optional('database.readonly_replica'),
    },
    clickhouse: {
      url: read.optional('clickhouse.url'),
      analyticsUrl: read.optional('clickhouse.analytics_url'),
    },
    tls: certFile === undefined ? undefined : { certFile, keyFile: read.string('tls.key_file') },
    vault: vaultOf(read),
    control: controlUrl === undefined ? undefined : { url: controlUrl, token: read.string('control.token') },
    restate:
      restateUrl === undefined ? undefined : { url: restateUrl, apiKey: read.string('restate.api_key') },
    embeddedControl:
      isEmbedded(controlUrl) || isEmbedded(restateUrl) ? controlSettings(read, 'control.') : undefined,
    github: github.appName === '' && github.privateKeyPem === '' ? undefined : github,
    pprof: pprof.username === '' || pprof.password === '' ? undefined : pprof,
    observability: {
      tracing: present('observability.tracing', 'sample_rate')
        ? { sampleRate: read.number('observability.tracing.sample_rate') }
        : undefined,
      logging: {
        sampleRate: present('observability.logging', 'sample_rate', 'slow_threshold')
          ? read.number('observability.logging.sample_rate')
          : undefined,
        slowThresholdMs: read.durationMs('observability.logging.slow_threshold'),
        level: level === 'warning' ? 'warn' : (level as 'debug' | 'info' | 'warn' | 'error'),
        format: (read.optional('observability.logging.format') ?? (input.terminal ? 'pretty' : 'json')) as
          | 'json'
          | 'logfmt'
          | 'pretty',
      },
      metrics: present('observability.metrics', 'prometheus_port')
        ? { prometheusPort: read.number('observability.metrics.prometheus_port') }
        : undefined,
    },
    server: {
      host: read.string('server.host'),
      workers: embeddedSettings(given).length > 0 ? 1 : read.workers('server.workers'),
      startupTimeoutMs: read.durationMs('server.startup_timeout'),
      // Nobody balances load over a server in somebody's terminal.
      drainDelayMs:
        input.terminal && !given.has('server.drain_delay') ? 0 : read.durationMs('server.drain_delay'),
      drainTimeoutMs: read.durationMs('server.drain_timeout'),
      trustedProxies: read.list('server.trusted_proxies'),
    },
    health: { critical: (read.list('health.critical') ?? []) as readonly DependencyName[] },
    jobs: { enabled: read.boolean('jobs.enabled') },
    gossip: given.has('gossip.secret_key')
      ? {
          bindAddr: read.string('gossip.bind_addr'),
          lanPort: read.number('gossip.lan_port'),
          wanPort: read.number('gossip.wan_port'),
          lanSeeds: read.list('gossip.lan_seeds') ?? [],
          wanSeeds: read.list('gossip.wan_seeds') ?? [],
          wanAdvertiseAddr: read.string('gossip.wan_advertise_addr'),
          secretKey: read.string('gossip.secret_key'),
        }
      : undefined,
    auth: ((given.get('auth')?.value ?? []) as readonly AuthFields[]).map(authEntry),
  };
}

function defaultOf(input: BuildInput, path: string): number {
  return input.catalogue.find((setting) => setting.path === path)?.default as number;
}
