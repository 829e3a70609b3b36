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
  readonly vault: { readonly url: string; readonly token: string } | undefined;
  readonly control: { readonly url: string; readonly token: string } | undefined;
  readonly restate: { readonly url: string; readonly apiKey: string } | undefined;
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
    readonly startupTimeoutMs: number;
    readonly drainDelayMs: number;
    readonly drainTimeoutMs: number;
    /** undefined = every peer's X-Forwarded-For is trusted. */
    readonly trustedProxies: readonly string[] | undefined;
  };
  readonly health: { readonly critical: readonly DependencyName[] };
  readonly jobs: { readonly enabled: boolean };
  readonly auth: readonly AuthEntry[];
}
