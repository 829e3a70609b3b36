// The migrator on the analytics store.
import { CLICKHOUSE_MIGRATIONS } from '../migrations/migration-files.ts';
import { createStoreMigrator, type Migrator, type MigratorSettings } from '../migrations/migrator.ts';
import type { AnalyticsStore } from './analytics-store.ts';
import { analyticsMigrationStore } from './migrations/migration-store.ts';

export interface AnalyticsMigratorOptions extends MigratorSettings {
  readonly store: AnalyticsStore;
  /** Default: the migrations of this package. */
  readonly directory?: string | undefined;
}

/**
 * The migrator of the analytics store, whichever its engine. Analytics is not needed to serve, so that a schema that is
 * `behind` is worth a warning and never stops a start.
 */
export function createAnalyticsMigrator({
  store,
  directory = CLICKHOUSE_MIGRATIONS,
  ...settings
}: AnalyticsMigratorOptions): Migrator {
  return createStoreMigrator(analyticsMigrationStore(store), directory, settings);
}
