// The whole server in this process, on SQLite in memory or on a MySQL database of its own, with a clock that tests drive.

import { startApiRuntime } from '../../src/commands/runtime/api-runtime.ts';
import type { ServerConfig } from '../../src/config/server-config.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { randomAlphanumeric, randomIds } from '../../src/lib/uid.ts';
import type { ControlPlane } from '../../src/services/control/control-plane.ts';
import type { Workflows } from '../../src/services/control/workflows.ts';
import type { Github } from '../../src/services/github/github.ts';
import { PERMISSION_PRESETS } from '../../src/services/rbac/catalogue.ts';
import { bootstrap } from '../../src/services/root-keys/bootstrap.ts';
import { createRootKey } from '../../src/services/root-keys/create-root-key.ts';
import { FREE_TIER_LIMITS } from '../../src/services/root-keys/installation.ts';
import type { Services } from '../../src/services/services.ts';
import type { OpenedAnalyticsStore } from '../../src/storage/analytics/open-store.ts';
import type { Database, SqlValue } from '../../src/storage/sql/database.ts';
import { insertRows } from '../../src/storage/sql/dialect.ts';
import { markedSecret } from './secret-watch.ts';
import { freshMysqlDatabase } from './servers.ts';
import { watchedLog } from './watched-log.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every operation
  readonly body: any;
}

export interface TestApi {
  readonly url: string;
  readonly db: Database;
  readonly clock: ManualClock;
  readonly services: Services;
  /** Where the server writes analytics. */
  readonly analytics: OpenedAnalyticsStore | undefined;
  /** Names of the SQL statements run so far; empty it to count from here. */
  readonly statements: string[];
  /** Calls an operation as the SDK would: JSON in, JSON out. */
  call(operation: string, body: unknown, token?: string, headers?: Record<string, string>): Promise<Answer>;
  /** A request of any shape; the path is relative to the server. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** A fresh workspace with limits (no throttle) and nothing else. */
  workspace(): Promise<string>;
  /** A root key for the workspace with exactly these permissions. */
  rootKey(permissions: readonly string[], workspaceId: string): Promise<string>;
  /** Inserts rows as they are, for states that no operation makes. */
  insert(table: string, ...rows: Record<string, SqlValue>[]): Promise<void>;
  /** False when something was cut short. */
  stop(): Promise<boolean>;
}

export interface TestApiOptions {
  readonly config?: Partial<ServerConfig>;
  readonly log?: Logger;
  readonly startMs?: number;
  /** Where counters live. Unless given: beside MySQL in the Redis of this run if there is one, else in this process. */
  readonly redisUrl?: string;
  /** Where analytics are: `chdb:` for the engine in this process, or the address of a server. Nowhere unless given. */
  readonly clickhouse?: string;
  /** What platform operations hand over to; without them these answer 500. */
  readonly controlPlane?: ControlPlane;
  readonly workflows?: Workflows;
  readonly github?: Github;
  /** Takes X-Test-Time. */
  readonly testMode?: boolean;
}

/** A grant that nothing asks for: root keys need at least one. */
const NO_PERMISSION = 'test.none.nothing';

export async function startApi(options: TestApiOptions = {}): Promise<TestApi> {
  const log = watchedLog(options.log);
  const clock = new ManualClock(options.startMs ?? Date.now());
  const onMysql = process.env.UNKEY_TEST_STORE === 'mysql' ? await freshMysqlDatabase() : undefined;
  const statements: string[] = [];
  const config: ServerConfig = {
    ...testConfig(onMysql?.url ?? 'sqlite::memory:'),
    redisUrl: options.redisUrl ?? (onMysql && process.env.TEST_REDIS_URL) ?? 'memory:',
    clickhouse: { url: options.clickhouse, analyticsUrl: undefined },
    ...options.config,
  };
  const runtime = await startApiRuntime({
    config,
    build: { version: '0.0.0-test', revision: '', buildTime: '' },
    log,
    signal: new AbortController().signal,
    autoMigrate: true,
    clock,
    verifyResponses: true,
    testMode: options.testMode ?? false,
    controlPlane: options.controlPlane,
    workflows: options.workflows,
    github: options.github,
    onStatement: ({ operation }) => {
      statements.push(operation);
    },
  });
  const { db, url, services } = runtime;
  const deps = { db, clock, ids: randomIds, log };
  await bootstrap(deps, { workspaceSlug: 'test', permissions: PERMISSION_PRESETS.full });

  const fetchPath = (path: string, init?: RequestInit): Promise<Response> => fetch(new URL(path, url), init);
  return {
    url,
    db,
    clock,
    services,
    analytics: runtime.analyticsStore,
    statements,
    fetch: fetchPath,
    async call(operation, body, token, headers = {}) {
      const response = await fetchPath(`/v2/${operation}`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Accept: 'application/json',
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
    },
    async workspace() {
      const id = `ws_${randomAlphanumeric(9)}`;
      await insertRows(db.primary, 'testWorkspace', 'workspaces', [
        {
          id,
          org_id: `org_${id}`,
          name: id,
          slug: id.toLowerCase(),
          beta_features: '{}',
          enabled: true,
          created_at_m: clock.now(),
        },
      ]);
      await insertRows(db.primary, 'testLimits', 'limits', [{ ...FREE_TIER_LIMITS, workspace_id: id }]);
      return id;
    },
    async rootKey(permissions, workspaceId) {
      const { key } = await createRootKey(deps, {
        workspace: workspaceId,
        permissions: permissions.length === 0 ? [NO_PERMISSION] : permissions,
      });
      if (key === undefined) throw new Error('a root key was asked for and none was made');
      return key;
    },
    async insert(table, ...rows) {
      await insertRows(db.primary, 'testRows', table, rows);
    },
    async stop() {
      const isClean = await runtime.stop();
      await onMysql?.drop();
      return isClean;
    },
  };
}

export const TEST_JWT_SECRET = markedSecret('a-secret-of-thirty-two-bytes-or-more');
export const TEST_JWT_ISSUER = 'https://issuer.test';

function testConfig(store: string): ServerConfig {
  return {
    instanceId: 'ins_test',
    platform: '',
    httpPort: 0,
    region: 'test',
    redisUrl: 'memory:',
    maxRequestBodySize: 10_485_760,
    portalBaseUrl: 'https://portal.unkey.com',
    database: { primary: store, readonlyReplica: undefined },
    clickhouse: { url: undefined, analyticsUrl: undefined },
    tls: undefined,
    vault: undefined,
    control: undefined,
    restate: undefined,
    github: undefined,
    pprof: undefined,
    observability: {
      tracing: undefined,
      logging: { sampleRate: undefined, slowThresholdMs: 1000, level: 'error', format: 'json' },
      metrics: undefined,
    },
    server: {
      host: '127.0.0.1',
      workers: 1,
      startupTimeoutMs: 30_000,
      drainDelayMs: 0,
      drainTimeoutMs: 10_000,
      trustedProxies: undefined,
    },
    health: { critical: [] },
    jobs: { enabled: false },
    auth: [
      {
        type: 'jwt',
        issuer: TEST_JWT_ISSUER,
        audience: undefined,
        secrets: [TEST_JWT_SECRET],
        jwksUrl: undefined,
        provider: undefined,
      },
      { type: 'portal_session' },
      { type: 'root_key' },
    ],
  };
}
