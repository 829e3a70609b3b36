// Operations without a transport: handlers on real services and a SQLite store in memory, for what the whole server
// cannot be brought into easily (a Vault, a store that fails).

import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { type IdSource, randomIds } from '../../../src/lib/uid.ts';
import type { Operation } from '../../../src/server/operation.ts';
import { type EventSink, noEventSink } from '../../../src/services/analytics/writing/event-sink.ts';
import type { Caller } from '../../../src/services/audit/audit-log.ts';
import type { Principal } from '../../../src/services/auth/principal.ts';
import { composeServices } from '../../../src/services/compose-services.ts';
import type { KeyCache } from '../../../src/services/keys/key-cache.ts';
import { createRateLimiter } from '../../../src/services/ratelimit/engine.ts';
import type { Services } from '../../../src/services/services.ts';
import type { UsageLimiter } from '../../../src/services/usage/usage-limiter.ts';
import type { Vault } from '../../../src/services/vault/vault.ts';
import type { Database, SqlValue } from '../../../src/storage/sql/database.ts';
import { insertRows } from '../../../src/storage/sql/dialect.ts';
import { createMigrator } from '../../../src/storage/sql/migrator.ts';
import { createSqliteDatabase } from '../../../src/storage/sql/sqlite.ts';
import { KEY_ADMIN } from '../../support/workspace.ts';

export const WORKSPACE = 'ws_a';
export const API = 'api_x';
export const KEYSPACE = 'ks_x';

export interface Workbench {
  /** The store itself, past any `intercept`. */
  readonly db: Database;
  readonly clock: ManualClock;
  readonly services: Services;
  readonly keyCache: KeyCache;
  /** Counters dropped so far, by key id. */
  readonly invalidated: string[];
  /** Runs the operation's handler as a caller of the workspace who holds exactly these permissions. */
  run<Body>(
    operation: Operation<Body, 'bearer'>,
    body: Body,
    permissions?: readonly string[],
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every operation
  ): Promise<any>;
  rows<Row extends object = Record<string, unknown>>(
    sql: string,
    params?: Record<string, SqlValue>,
  ): Promise<Row[]>;
  insert(table: string, ...rows: Record<string, SqlValue>[]): Promise<void>;
  close(): Promise<void>;
}

export interface WorkbenchOptions {
  readonly vault?: Vault;
  readonly ids?: IdSource;
  /** Stands between the services and the store, to make it fail. */
  readonly intercept?: (db: Database) => Database;
  readonly usage?: Partial<Pick<UsageLimiter, 'invalidate' | 'settle' | 'spend'>>;
  readonly events?: EventSink;
}

/** A fresh store with one workspace, and in it one API on a keyspace that may store encrypted keys. */
export async function openWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const db = createSqliteDatabase({ path: ':memory:', metrics: silentMetrics });
  await createMigrator({ database: db, clock, toolVersion: 'test' }).up();
  const invalidated: string[] = [];
  const usage: UsageLimiter = {
    spend: options.usage?.spend ?? (() => Promise.reject(new Error('nothing here spends credits'))),
    settle: options.usage?.settle ?? (() => Promise.resolve()),
    async invalidate(keyId) {
      await options.usage?.invalidate?.(keyId);
      invalidated.push(...[keyId].flat());
    },
    close: () => Promise.resolve(),
  };
  const { services, keyCache } = composeServices({
    db: options.intercept?.(db) ?? db,
    limiter: createRateLimiter({ origin: undefined, clock, metrics: silentMetrics, log: silentLogger }),
    usage,
    vault: options.vault,
    events: options.events ?? noEventSink,
    clock,
    ids: options.ids ?? randomIds,
    region: 'test',
    log: silentLogger,
    metrics: silentMetrics,
  });
  const insert = (table: string, ...rows: Record<string, SqlValue>[]): Promise<void> =>
    insertRows(db.primary, 'testRows', table, rows);

  await insert('workspaces', {
    id: WORKSPACE,
    org_id: 'org_a',
    name: 'A',
    slug: 'a',
    beta_features: '{}',
  });
  await insert('key_auth', {
    id: KEYSPACE,
    workspace_id: WORKSPACE,
    project_id: 'proj_x',
    store_encrypted_keys: true,
    default_bytes: null,
  });
  await insert('apis', {
    id: API,
    name: 'x',
    workspace_id: WORKSPACE,
    project_id: 'proj_x',
    key_auth_id: KEYSPACE,
  });
  return {
    db,
    clock,
    services,
    keyCache,
    invalidated,
    insert,
    async run(operation, body, permissions = KEY_ADMIN) {
      const result = await operation.handle(
        {
          requestId: 'req_test',
          principal: principalWith(permissions),
          client: CALLER.client,
          log: silentLogger,
          signal: new AbortController().signal,
          services,
          requestTime: undefined,
          recordEvents: true,
          callingTool: '',
        },
        body,
      );
      return result.data;
    },
    rows: (sql, params = {}) => db.primary.all('testRows', sql, params),
    close: () => db.close(),
  };
}

/** A caller without permissions, for services, which ask for none. */
export const CALLER: Caller = {
  principal: principalWith([]),
  client: { ip: '203.0.113.7', userAgent: 'test' },
};

function principalWith(permissions: readonly string[]): Principal {
  return {
    version: 'v1',
    type: 'API_KEY',
    subject: { id: 'key_root', name: 'root key', type: 'rootkey' },
    workspaceId: WORKSPACE,
    permissions,
    source: { kind: 'rootKey', keyId: 'key_root', keyspaceId: 'ks_root' },
  };
}
