// SQL of strangers over the analytics of their workspace. Source: the endpoints of the analytics chapter; the order of
// checks is part of the contract.

import type { Clock } from '../../lib/clock.ts';
import type { AnalyticsRecord } from '../../storage/analytics/analytics-store.ts';
import type { TableAliases } from './public-tables.ts';
import { queryTimedOut } from './reading/analytics-faults.ts';
import type { AnalyticsConnections, WorkspaceConnection } from './reading/connections.ts';
import { queryFailure } from './reading/failure-mapping.ts';
import type { KeyspaceScope } from './reading/keyspace-scope.ts';
import { checkQuery, type SecurityFilter } from './sql/check-query.ts';

export type { SecurityFilter } from './sql/check-query.ts';

export interface AnalyticsQuery {
  readonly workspaceId: string;
  /** The caller's text. */
  readonly sql: string;
  readonly tables: TableAliases;
  /** What the caller may see of the workspace's rows; everything when empty. */
  readonly filters: readonly SecurityFilter[];
  /** Ends the wait when the caller is gone or the request out of time. */
  readonly signal: AbortSignal;
}

export interface AnalyticsService extends KeyspaceScope {
  /**
   * The rows of one SELECT. Throws a Fault: `analytics_not_configured`, `analytics_connection_failed` and
   * `service_unavailable` before the text is looked at; what the checker refuses; `query_execution_timeout`,
   * `query_memory_limit_exceeded`, `query_rows_limit_exceeded`, `query_quota_exceeded` and `invalid_analytics_query` for
   * what the store refuses.
   */
  query(query: AnalyticsQuery): Promise<readonly AnalyticsRecord[]>;
  /** Closes the connections of workspaces. */
  close(): Promise<void>;
}

/** Milliseconds of real time from the checked text to the last row. */
export const QUERY_DEADLINE_MS = 10_000;

export interface AnalyticsServiceDeps {
  readonly connections: AnalyticsConnections;
  readonly scope: KeyspaceScope;
  readonly clock: Clock;
  /** Milliseconds; 10 s unless given. */
  readonly deadlineMs?: number;
}

export function createAnalyticsService(deps: AnalyticsServiceDeps): AnalyticsService {
  const { connections, scope, clock, deadlineMs = QUERY_DEADLINE_MS } = deps;
  return {
    keyspacesOf: (workspaceId, apiIds) => scope.keyspacesOf(workspaceId, apiIds),
    query: (query) =>
      connections.use(query.workspaceId, async (connection) => {
        const statement = await checked(query, connection, clock.now());
        return await run(connection, statement, query.signal, deadlineMs);
      }),
    close: () => connections.close(),
  };
}

/** The statement that may run. `now` in unix milliseconds. */
function checked(query: AnalyticsQuery, connection: WorkspaceConnection, now: number): Promise<string> {
  const { settings, tableRules } = connection;
  return checkQuery(query.sql, {
    workspaceId: query.workspaceId,
    aliases: query.tables,
    allowedTables: [...query.tables.values()],
    securityFilters: query.filters,
    rowLimit: settings.maxQueryResultRows,
    retentionDays: settings.retentionDays,
    now,
    ...(tableRules !== undefined && { tableRules }),
  });
}

async function run(
  connection: WorkspaceConnection,
  statement: string,
  request: AbortSignal,
  deadlineMs: number,
): Promise<readonly AnalyticsRecord[]> {
  const signal = AbortSignal.any([request, AbortSignal.timeout(deadlineMs)]);
  try {
    return await connection.query(statement, signal);
  } catch (error) {
    // Its reason tells the server whether the caller is gone, the request out of time, or the query alone.
    if (signal.aborted) throw queryTimedOut(signal.reason);
    throw queryFailure(error);
  }
}
