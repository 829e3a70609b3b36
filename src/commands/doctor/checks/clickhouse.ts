import type { ServerConfig } from '../../../config/server-config.ts';
import { systemClock } from '../../../lib/clock.ts';
import type { AnalyticsStore } from '../../../storage/analytics/analytics-store.ts';
import { parseClickHouseAddress } from '../../../storage/analytics/clickhouse-address.ts';
import { openClickHouseStore } from '../../../storage/analytics/clickhouse-store.ts';
import { createAnalyticsMigrator } from '../../../storage/analytics/migrate.ts';
import { currentGrants, serverVersion } from '../../../storage/analytics/server-facts.ts';
import { AnalyticsStoreError } from '../../../storage/analytics/store-error.ts';
import { packageVersion } from '../../cli/package.ts';
import { type Check, type CheckGroup, type Finding, ok, skip, skippedCheck } from '../check.ts';
import { judgeConnectFailure, judgeGrants, judgeProvisioning, judgeVersion } from './clickhouse-rules.ts';
import { judgeMigrations } from './migration-rules.ts';

const IDS = [
  'clickhouse.connect',
  'clickhouse.version',
  'clickhouse.migrations',
  'clickhouse.grants',
  'clickhouse.analytics',
];

/** Checks of the ClickHouse server that the configuration names; the embedded engine has none. */
export function clickhouseChecks({ config }: { readonly config: ServerConfig | undefined }): CheckGroup {
  const url = config?.clickhouse.url;
  if (config === undefined || url === undefined || url.startsWith('chdb:')) {
    const why = url === undefined ? 'clickhouse.url is not set' : 'the engine runs inside the server';
    return { checks: IDS.map((id) => skippedCheck(id, why)) };
  }
  const store = openClickHouseStore(url);
  const child = (id: string, run: (signal: AbortSignal) => Promise<Finding>): Check => ({
    id,
    parent: 'clickhouse.connect',
    remedy: 'see the log of the ClickHouse server',
    run,
  });
  return {
    checks: [
      {
        id: 'clickhouse.connect',
        remedy: 'check that ClickHouse runs and that host and port in clickhouse.url are right',
        run: (signal) => connect(store, parseClickHouseAddress(url).origin, signal),
      },
      child('clickhouse.version', async (signal) => judgeVersion(await serverVersion(store, signal))),
      child('clickhouse.migrations', async () => judgeMigrations(await migratorOf(store).status())),
      child('clickhouse.grants', async (signal) => judgeGrants(await currentGrants(store, signal))),
      child('clickhouse.analytics', async (signal) =>
        config.clickhouse.analyticsUrl === undefined
          ? skip('clickhouse.analytics_url is not set')
          : judgeProvisioning(config.vault !== undefined, await currentGrants(store, signal)),
      ),
    ],
    close: () => store.close(),
  };
}

async function connect(store: AnalyticsStore, origin: string, signal: AbortSignal): Promise<Finding> {
  try {
    await store.ping(signal);
    return ok(`answers at ${origin}`);
  } catch (error) {
    if (!(error instanceof AnalyticsStoreError)) throw error;
    return judgeConnectFailure(error);
  }
}

function migratorOf(store: AnalyticsStore) {
  return createAnalyticsMigrator({ store, clock: systemClock, toolVersion: packageVersion() });
}
