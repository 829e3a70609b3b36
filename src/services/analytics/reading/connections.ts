import type { AnalyticsRecord } from '../../../storage/analytics/analytics-store.ts';
import type { TableRule } from '../sql/check-query.ts';
import type { WorkspaceSettings } from './workspace-settings.ts';

/** The analytics store as one workspace may read it. */
export interface WorkspaceConnection {
  readonly settings: WorkspaceSettings;
  /** What the statement itself has to keep to; undefined where a server sees to it by grants and row policies. */
  readonly tableRules: ReadonlyMap<string, TableRule> | undefined;
  /** Runs one SELECT. @throws AnalyticsStoreError, UndecodableColumnError, Fault `query_quota_exceeded` */
  query(statement: string, signal: AbortSignal): Promise<readonly AnalyticsRecord[]>;
}

export interface AnalyticsConnections {
  /**
   * Lends the workspace's connection to `work`; it stays open until that is done. Throws a Fault:
   * `analytics_not_configured`, `analytics_connection_failed`, `service_unavailable` or, without a workspace id,
   * `assertion_failed`. Getting a connection takes seconds at most.
   */
  use<T>(workspaceId: string, work: (connection: WorkspaceConnection) => Promise<T>): Promise<T>;
  /** Closes every connection, once what runs on it is done. */
  close(): Promise<void>;
}
