// The effective settings of `unkey api serve` and `unkey dev`, as plain typed values: what loading yields and what
// composition consumes. Key names, defaults and rules: the configuration section of the HTTP contract.

export type AuthEntry =
  | {
      readonly type: 'jwt';
      readonly issuer: string;
      readonly audience: string | undefined;
      /** Exactly one of `secrets` (HS256) and `jwksUrl` (RS256) is set. */
      readonly secrets: readonly string[] | undefined;
      readonly jwksUrl: string | undefined;
      readonly provider: 'workos' | undefined;
    }
  | { readonly type: 'portal_session' }
  | { readonly type: 'root_key' };

export type DependencyName = 'database' | 'redis' | 'clickhouse' | 'vault' | 'control';

/** The vault that runs inside this process. `unkey dev` makes up what is undefined here. */
export interface EmbeddedVaultConfig {
  readonly masterKey: string | undefined;
  readonly previousMasterKey: string | undefined;
  readonly storage:
    | { readonly kind: 'disk'; readonly path: string }
    | {
        readonly kind: 's3';
        readonly url: string;
        readonly bucket: string;
        readonly accessKeyId: string;
        readonly accessKeySecret: string;
      }
    | undefined;
}

/** The control plane that runs inside this process, or in one of its own. */
export interface ControlPlaneConfig {
  /** The executable that runs deployments; undefined = they are only recorded. */
  readonly runner:
    | { readonly command: readonly [string, ...string[]]; readonly timeoutMs: number }
    | undefined;
  /** undefined = deployments get no hostnames. */
  readonly domain: string | undefined;
  /** Regions that are made at start. */
  readonly regions: readonly string[];
  readonly requirePlan: boolean;
}

export interface GossipConfig {
  readonly bindAddr: string;
  readonly lanPort: number;
  readonly wanPort: number;
  readonly lanSeeds: readonly string[];
  readonly wanSeeds: readonly string[];
  readonly wanAdvertiseAddr: string;
  /** Base64 of the key shared by all nodes. */
  readonly secretKey: string;
}

export interface ServerConfig {
  readonly instanceId: string;
  readonly platform: string;
  readonly httpPort: number;
  readonly region: string;
  /** `redis://`, `rediss://` or `memory:`. */
  readonly redisUrl: string;
  /** Bytes; Infinity when the cap is switched off. */
  readonly maxRequestBodySize: number;
  readonly portalBaseUrl: string;
  readonly database: {
    /** A Go-style MySQL DSN, `mysql://…`, `sqlite:<path>` or `sqlite::memory:`. */
    readonly primary: string;
    readonly readonlyReplica: string | undefined;
  };
  readonly clickhouse: { readonly url: string | undefined; readonly analyticsUrl: string | undefined };
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly vault:
    | {
        readonly url: string;
        readonly token: string;
        /** Set when `url` is `embedded:`. */
        readonly embedded?: EmbeddedVaultConfig;
      }
    | undefined;
  readonly control: { readonly url: string; readonly token: string } | undefined;
  readonly restate: { readonly url: string; readonly apiKey: string } | undefined;
  /** Set when `control.url` or `restate.url` is `embedded:`. */
  readonly embeddedControl?: ControlPlaneConfig | undefined;
  readonly github:
    | { readonly appName: string; readonly appId: number; readonly privateKeyPem: string }
    | undefined;
  readonly pprof: { readonly username: string; readonly password: string } | undefined;
  readonly observability: {
    /** undefined = the section is absent: no telemetry export. */
    readonly tracing: { readonly sampleRate: number } | undefined;
    readonly logging: {
      /** undefined = the section is absent: only errors and slow requests are logged. */
      readonly sampleRate: number | undefined;
      readonly slowThresholdMs: number;
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly format: 'json' | 'logfmt' | 'pretty';
    };
    /** undefined or port 0 = no metrics listener. */
    readonly metrics: { readonly prometheusPort: number } | undefined;
  };
  readonly server: {
    readonly host: string;
    /** Processes that share the port; `auto` = one per core. 1 where the stores allow one process only. */
    readonly workers: number | 'auto';
    readonly startupTimeoutMs: number;
    readonly drainDelayMs: number;
    readonly drainTimeoutMs: number;
    /** undefined = every peer's X-Forwarded-For is trusted. */
    readonly trustedProxies: readonly string[] | undefined;
  };
  readonly health: { readonly critical: readonly DependencyName[] };
  readonly jobs: { readonly enabled: boolean };
  /** undefined = the section is absent: cache invalidation stays in this process. */
  readonly gossip?: GossipConfig | undefined;
  readonly auth: readonly AuthEntry[];
}
