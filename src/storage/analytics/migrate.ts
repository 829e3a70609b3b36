// The migrator on the analytics store.
import type { Clock } from '../../lib/clock.ts';
import { type Logger, silentLogger } from '../../lib/logger.ts';
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

/**
 * Applies what is pending, under the lock; nothing when nothing is.
 * @throws MigrationError when a migration fails or may not be applied, AnalyticsStoreError when the store does not answer
 */
export async function migrateAnalytics(
  store: AnalyticsStore,
  {
    clock,
    toolVersion,
    log = silentLogger,
  }: { readonly clock: Clock; readonly toolVersion: string; readonly log?: Logger },
): Promise<void> {
  const { migrations } = await createAnalyticsMigrator({ store, clock, toolVersion }).up();
  if (migrations.length === 0) return;
  log.info(
    { store: 'clickhouse', versions: migrations.map(({ version }) => version) },
    `${migrations.length} migration(s) applied`,
  );
}
