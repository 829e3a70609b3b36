// The schema of the analytics store. Nothing that the API serves waits for it: a store that is away, or behind, costs
// rows and a warning, never the start.

import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { startPeriodic } from '../../lib/periodic.ts';
import type { AnalyticsStore } from '../../storage/analytics/analytics-store.ts';
import { createAnalyticsMigrator } from '../../storage/analytics/migrate.ts';
import { AnalyticsStoreError } from '../../storage/analytics/store-error.ts';
import { packageVersion } from '../cli/package.ts';

export interface PrepareAnalyticsDeps {
  /** Applies pending migrations. */
  readonly migrate: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const RETRY_MS = 5_000;

/**
 * Sees to the schema as soon as the store answers: migrates it, or warns when it is behind. `attempted` resolves when the
 * first attempt has ended, whichever way; further ones follow in the background until one reaches the store.
 */
export function prepareAnalytics(
  store: AnalyticsStore,
  deps: PrepareAnalyticsDeps,
): { readonly attempted: Promise<void>; stop(): void } {
  const { log } = deps;
  const attempted = Promise.withResolvers<void>();
  let isAway = false;
  const attempts = startPeriodic({
    intervalMs: RETRY_MS,
    async run() {
      await bringUp(store, deps).finally(attempted.resolve);
      attempts.stop();
      if (isAway) log.info({ store: 'clickhouse' }, 'the analytics store answers');
    },
    onError(error) {
      if (error instanceof AnalyticsStoreError) {
        if (!isAway)
          log.warn({ err: error }, 'the analytics store does not answer; serving without it until it does');
        isAway = true;
        return;
      }
      attempts.stop();
      log.error({ err: error }, 'the analytics store could not be prepared; its rows may be lost');
    },
  });
  return { attempted: attempted.promise, stop: () => attempts.stop() };
}

async function bringUp(
  store: AnalyticsStore,
  { migrate, clock, log, metrics }: PrepareAnalyticsDeps,
): Promise<void> {
  const migrator = createAnalyticsMigrator({ store, clock, toolVersion: packageVersion() });
  if (migrate) {
    const { migrations } = await migrator.up();
    if (migrations.length > 0) {
      const versions = migrations.map(({ version }) => version);
      log.info({ store: 'clickhouse', versions }, `${migrations.length} analytics migration(s) applied`);
    }
  }
  const schema = await migrator.schemaState();
  if (schema.state === 'behind') {
    log.warn(
      { versions: schema.pending },
      "the schema of the analytics store is behind, rows may be lost: run 'unkey migrate up --target clickhouse'",
    );
  } else if (schema.state === 'ahead') {
    log.warn(
      { versions: schema.ahead },
      'the schema of the analytics store is newer than this version knows',
    );
  }
  const newest = (await migrator.status()).findLast(({ state }) => state === 'applied' || state === 'ahead');
  metrics.gauge('unkey_schema_version', { store: 'clickhouse' }, Number(newest?.version ?? 0));
}
