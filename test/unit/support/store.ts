import { onTestFinished } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { FREE_TIER_LIMITS } from '../../../src/services/root-keys/installation.ts';
import type { Database } from '../../../src/storage/sql/database.ts';
import { insertRows, type RowValues } from '../../../src/storage/sql/dialect.ts';
import { createMigrator } from '../../../src/storage/sql/migrator.ts';
import { openDatabase } from '../../../src/storage/sql/open-database.ts';

/** A store of its own for one test, in memory, with the product's schema; closed when the test ends. */
export async function migratedStore(): Promise<Database> {
  const database = openDatabase({
    primary: 'sqlite::memory:',
    metrics: silentMetrics,
    log: silentLogger,
    tags: { region: 'test' },
  });
  onTestFinished(() => database.close());
  await createMigrator({ database, clock: systemClock, toolVersion: 'test' }).up();
  return database;
}

export function insert(db: Database, table: string, row: RowValues): Promise<void> {
  return insertRows(db.primary, 'arrange', table, [row]);
}

export function insertWorkspace(db: Database, row: RowValues & { readonly id: string }): Promise<void> {
  return insert(db, 'workspaces', {
    org_id: `org_${row.id}`,
    name: row.id,
    slug: row.id,
    beta_features: '{}',
    ...row,
  });
}

export function insertLimits(
  db: Database,
  workspaceId: string,
  requestsPerMinute: number | null,
): Promise<void> {
  return insert(db, 'limits', {
    ...FREE_TIER_LIMITS,
    workspace_id: workspaceId,
    api_requests_count_max_per_minute: requestsPerMinute,
  });
}

/** A store that fails on every statement, as it does when the server is gone. */
export function brokenStore(error: Error): Database {
  const fail = (): Promise<never> => Promise.reject(error);
  const queryable = { dialect: 'sqlite', all: fail, run: fail, together: fail } as const;
  return {
    dialect: 'sqlite',
    primary: queryable,
    replica: queryable,
    transaction: fail,
    ping: fail,
    close: () => Promise.resolve(),
  };
}
