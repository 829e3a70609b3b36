// A database of this test's own with the schema in it, on whichever store a suite runs.
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import type { MigratableDatabase } from '../../src/storage/sql/database.ts';
import { createMigrator } from '../../src/storage/sql/migrator.ts';
import { openDatabase } from '../../src/storage/sql/open-database.ts';
import { freshMysqlDatabase, type StoreName } from './servers.ts';

/** Closed, and dropped, when the test ends. */
export async function openMigratedStore(store: StoreName): Promise<MigratableDatabase> {
  const mysql = store === 'mysql' ? await freshMysqlDatabase() : undefined;
  const db = openDatabase({
    primary: mysql?.url ?? 'sqlite::memory:',
    metrics: silentMetrics,
    log: silentLogger,
    tags: { region: 'test' },
  });
  onTestFinished(async () => {
    await db.close();
    await mysql?.drop();
  });
  await createMigrator({ database: db, clock: systemClock, toolVersion: 'test' }).up();
  return db;
}
