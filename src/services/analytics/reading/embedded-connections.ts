// Connections to the ClickHouse engine in this process. It has no users: what their grants, row policies, quota and
// profile do on a server is done here, by the reader of the store and by the statement itself. Source: the embedded engine
// in the analytics chapter.

import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Metrics } from '../../../lib/metrics.ts';
import type { ReaderLimits } from '../../../storage/analytics/analytics-store.ts';
import type { ChdbReader } from '../../../storage/analytics/chdb-reader.ts';
import type { ChdbStore } from '../../../storage/analytics/chdb-store.ts';
import { MAX_RESULT_BYTES } from '../../../storage/analytics/provisioning.ts';
import { retentionPredicate, workspaceRows } from '../../../storage/analytics/retention.ts';
import { AnalyticsStoreError } from '../../../storage/analytics/store-error.ts';
import { TABLE_GRANTS } from '../public-tables.ts';
import type { TableRule } from '../sql/check-query.ts';
import { analyticsConnectionFailed } from './analytics-faults.ts';
import type { AnalyticsConnections } from './connections.ts';
import { createQueryQuota } from './query-quota.ts';
import { createReaderCache } from './reader-cache.ts';
import type { WorkspaceSettings, WorkspaceSettingsLoader } from './workspace-settings.ts';

/** Seconds: the engine cannot be interrupted, so that it stops by itself when nobody waits any longer. */
const MAX_EXECUTION_SECONDS = 10;

export interface EmbeddedConnectionsDeps {
  readonly settings: WorkspaceSettingsLoader;
  readonly store: Pick<ChdbStore, 'openReader'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** How workspaces reach the embedded engine. */
export function createEmbeddedConnections(deps: EmbeddedConnectionsDeps): AnalyticsConnections {
  const { store } = deps;
  const quota = createQueryQuota(deps);
  const readers = createReaderCache({
    ...deps,
    open: (settings) => openReader(store, settings),
    serves: sameBounds,
  });

  return {
    async use(workspaceId, work) {
      const settings = await deps.settings.find(workspaceId);
      return await readers.use(settings, (reader) =>
        work({
          settings,
          tableRules: tableRules(settings),
          query: (statement, signal) =>
            quota.run(workspaceId, settings, (onExecuted) => reader.query(statement, { signal, onExecuted })),
        }),
      );
    },
    close: () => readers.close(),
  };
}

async function openReader(
  store: EmbeddedConnectionsDeps['store'],
  settings: WorkspaceSettings,
): Promise<ChdbReader> {
  try {
    return await store.openReader({ tables: readableTables(settings), limits: limitsOf(settings) });
  } catch (error) {
    if (!(error instanceof AnalyticsStoreError)) throw error;
    throw analyticsConnectionFailed('the embedded engine opened no reader', error);
  }
}

function readableTables({
  workspaceId,
  retentionDays,
}: WorkspaceSettings): ReadonlyMap<string, { readonly predicate: string }> {
  return new Map(
    TABLE_GRANTS.map(({ table }) => [table, { predicate: workspaceRows(table, workspaceId, retentionDays) }]),
  );
}

/** Retention and column grants, as row policies and grants have them on a server. */
function tableRules({ retentionDays }: WorkspaceSettings): ReadonlyMap<string, TableRule> {
  return new Map(
    TABLE_GRANTS.map(({ table, columns }): [string, TableRule] => {
      const retained = retentionPredicate(table, retentionDays);
      return [
        table,
        {
          ...(retained !== undefined && { predicate: (qualifier) => retained(`${qualifier}.time`) }),
          ...(columns.length > 0 && { columns }),
        },
      ];
    }),
  );
}

function limitsOf(settings: WorkspaceSettings): ReaderLimits {
  return {
    maxExecutionSeconds: Math.min(settings.maxQueryExecutionTime, MAX_EXECUTION_SECONDS),
    maxMemoryBytes: settings.maxQueryMemoryBytes,
    maxResultRows: settings.maxQueryResultRows,
    maxResultBytes: MAX_RESULT_BYTES,
  };
}

/** Whether two settings make the same reader. */
function sameBounds(one: WorkspaceSettings, other: WorkspaceSettings): boolean {
  return (
    one.retentionDays === other.retentionDays &&
    one.maxQueryExecutionTime === other.maxQueryExecutionTime &&
    one.maxQueryMemoryBytes === other.maxQueryMemoryBytes &&
    one.maxQueryResultRows === other.maxQueryResultRows
  );
}
