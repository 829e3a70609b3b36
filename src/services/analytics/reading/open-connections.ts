import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Metrics } from '../../../lib/metrics.ts';
import { openClickHouseReader } from '../../../storage/analytics/clickhouse-reader.ts';
import type { OpenedAnalyticsStore } from '../../../storage/analytics/open-store.ts';
import { MAX_RESULT_BYTES } from '../../../storage/analytics/provisioning.ts';
import type { Database } from '../../../storage/sql/database.ts';
import type { Invalidations } from '../../cache/invalidations.ts';
import type { Vault } from '../../vault/vault.ts';
import { QUERY_DEADLINE_MS } from '../analytics-service.ts';
import type { AnalyticsConnections } from './connections.ts';
import { createEmbeddedConnections } from './embedded-connections.ts';
import { noConnections } from './no-connections.ts';
import { createServerConnections } from './server-connections.ts';
import { createWorkspaceSettings } from './workspace-settings.ts';

/** The server stops 5 s after nobody waits any more. */
const SERVER_EXECUTION_SECONDS = QUERY_DEADLINE_MS / 1000 + 5;

export interface ConnectionsDeps {
  readonly db: Database;
  /** The store that this service writes to; undefined = analytics are off. */
  readonly analyticsStore?: OpenedAnalyticsStore | undefined;
  /** The server that workspaces query, without a user; not needed with the embedded engine. */
  readonly analyticsUrl?: string | undefined;
  readonly vault: Vault | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly invalidations?: Invalidations | undefined;
}

/** How workspaces reach the analytics of this installation; nothing is opened before the first query. */
export function openConnections(deps: ConnectionsDeps): AnalyticsConnections {
  const { analyticsStore: store, analyticsUrl: url, vault } = deps;
  if (store?.engine === 'chdb') {
    return createEmbeddedConnections({ ...deps, store, settings: createWorkspaceSettings(deps) });
  }
  if (url === undefined) return noConnections('there is no clickhouse.analytics_url');
  if (vault === undefined) return noConnections('there is no Vault');
  return createServerConnections({
    ...deps,
    vault,
    settings: createWorkspaceSettings(deps),
    openReader: (credentials) =>
      openClickHouseReader({
        url,
        ...credentials,
        limits: { maxExecutionSeconds: SERVER_EXECUTION_SECONDS, maxResultBytes: MAX_RESULT_BYTES },
      }),
  });
}
