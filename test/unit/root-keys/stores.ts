// A fresh installation on each relational store, for the rules of root keys.
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { randomIds } from '../../../src/lib/uid.ts';
import { type BootstrapDeps, bootstrap } from '../../../src/services/root-keys/bootstrap.ts';
import type { MigratableDatabase } from '../../../src/storage/sql/database.ts';
import { openMigratedStore } from '../../support/migrated-store.ts';
import { availableStores, type StoreName } from '../../support/servers.ts';

export const STORES = availableStores();

export interface Installation extends BootstrapDeps {
  readonly db: MigratableDatabase;
  readonly clock: ManualClock;
  rows<Row extends object = Record<string, unknown>>(
    sql: string,
    params?: Record<string, string>,
  ): Promise<Row[]>;
  /** Everything that the store holds of tenants and keys, to compare before and after. */
  dump(): Promise<Record<string, unknown[]>>;
  /** Audit events as stored, oldest first. */
  auditEvents(): Promise<AuditPayload[]>;
}

export interface AuditPayload {
  readonly workspace_id: string;
  readonly event: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly correlation_id?: string;
  readonly targets: ReadonlyArray<{ readonly type: string; readonly id: string; readonly name?: string }>;
}

const TABLES = [
  'workspaces',
  'limits',
  'workspace_billing',
  'projects',
  'key_auth',
  'apis',
  '`keys`',
  'permissions',
  'keys_permissions',
  'keys_roles',
  'ratelimits',
  'key_migrations',
  'clickhouse_outbox',
];

/** A store with the product's schema and nothing in it. */
export async function emptyInstallation(store: StoreName): Promise<Installation> {
  const db = await openMigratedStore(store);
  const clock = new ManualClock(Date.UTC(2026, 0, 31, 12));
  const rows: Installation['rows'] = (sql, params) => db.primary.all('inspect', sql, params);
  return {
    db,
    clock,
    ids: randomIds,
    log: silentLogger,
    rows,
    async dump() {
      const dump: Record<string, unknown[]> = {};
      for (const table of TABLES) dump[table] = await rows(`SELECT * FROM ${table} ORDER BY pk`);
      return dump;
    },
    async auditEvents() {
      const stored = await rows<{ payload: string }>('SELECT payload FROM clickhouse_outbox ORDER BY pk');
      return stored.map(({ payload }) => JSON.parse(payload) as AuditPayload);
    },
  };
}

/** The same after `unkey bootstrap --workspace acme`, whose root key is granted `permissions`. */
export async function acmeInstallation(
  store: StoreName,
  permissions: readonly string[] = ['api.*.create_api'],
): Promise<Installation & { readonly rootKeyId: string }> {
  const installation = await emptyInstallation(store);
  const { rootKeyId } = await bootstrap(installation, { workspaceSlug: 'acme', permissions });
  return { ...installation, rootKeyId };
}
