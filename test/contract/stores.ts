// Opens stores for the contract suites.
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import type { MigratableDatabase } from '../../src/storage/sql/database.ts';
import { openDatabase, type StatementObserver } from '../../src/storage/sql/open-database.ts';

export function openStore(primary: string, onStatement?: StatementObserver): MigratableDatabase {
  return openDatabase({
    primary,
    metrics: silentMetrics,
    log: silentLogger,
    tags: { region: 'test' },
    onStatement,
  });
}
