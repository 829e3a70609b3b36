// What a workspace's analytics queries may cost, and the credentials of its ClickHouse user.

import { toInteger } from '../../../lib/json.ts';
import type { Queryable } from '../database.ts';
import { forUpdate, insertRows } from '../dialect.ts';

/** The bounds of a row, as its columns name them. */
export interface AnalyticsBounds {
  readonly quotaDurationSeconds: number;
  readonly maxQueriesPerWindow: number;
  /** Seconds. */
  readonly maxExecutionTimePerWindow: number;
  /** Seconds. */
  readonly maxQueryExecutionTime: number;
  readonly maxQueryMemoryBytes: number;
  readonly maxQueryResultRows: number;
}

export interface AnalyticsSettingsRow extends AnalyticsBounds {
  readonly workspaceId: string;
  readonly username: string;
  /** Ciphertext of the Vault, keyring = workspace id. */
  readonly passwordEncrypted: string;
  /** Days that queries may look back, of the workspace's limits; 0 = unbounded. */
  readonly retentionDays: number;
}

/** The settings with the limits of a workspace; undefined when either row is missing. */
export function findAnalyticsSettings(
  q: Queryable,
  workspaceId: string,
): Promise<AnalyticsSettingsRow | undefined> {
  return readSettings(q, 'findAnalyticsSettings', workspaceId, '');
}

/** The same, holding the rows until the transaction ends: provisionings of one workspace go one after another. */
export function lockAnalyticsSettings(
  q: Queryable,
  workspaceId: string,
): Promise<AnalyticsSettingsRow | undefined> {
  return readSettings(q, 'lockAnalyticsSettings', workspaceId, forUpdate(q));
}

async function readSettings(
  q: Queryable,
  operation: string,
  workspaceId: string,
  lock: string,
): Promise<AnalyticsSettingsRow | undefined> {
  const rows = await q.all<
    Omit<AnalyticsSettingsRow, 'maxQueryMemoryBytes'> & { readonly maxQueryMemoryBytes: number | string }
  >(
    operation,
    `SELECT s.workspace_id AS workspaceId, s.username AS username, s.password_encrypted AS passwordEncrypted,
            s.quota_duration_seconds AS quotaDurationSeconds, s.max_queries_per_window AS maxQueriesPerWindow,
            s.max_execution_time_per_window AS maxExecutionTimePerWindow,
            s.max_query_execution_time AS maxQueryExecutionTime,
            s.max_query_memory_bytes AS maxQueryMemoryBytes, s.max_query_result_rows AS maxQueryResultRows,
            l.logs_retention_days_max AS retentionDays
       FROM clickhouse_workspace_settings s
       JOIN limits l ON l.workspace_id = s.workspace_id
      WHERE s.workspace_id = :workspaceId${lock}`,
    { workspaceId },
  );
  const row = rows[0];
  return row && { ...row, maxQueryMemoryBytes: Number(toInteger(row.maxQueryMemoryBytes)) };
}

/** @throws DuplicateKeyError when the workspace has a row */
export async function insertAnalyticsSettings(
  q: Queryable,
  settings: {
    readonly workspaceId: string;
    readonly username: string;
    readonly passwordEncrypted: string;
    readonly bounds: AnalyticsBounds;
    /** Unix milliseconds. */
    readonly now: number;
  },
): Promise<void> {
  await insertRows(q, 'insertAnalyticsSettings', 'clickhouse_workspace_settings', [
    {
      workspace_id: settings.workspaceId,
      username: settings.username,
      password_encrypted: settings.passwordEncrypted,
      ...boundColumns(settings.bounds),
      created_at: settings.now,
      updated_at: settings.now,
    },
  ]);
}

/** Sets the bounds and keeps the credentials; false when the workspace has no row. `now` in unix milliseconds. */
export async function updateAnalyticsBounds(
  q: Queryable,
  workspaceId: string,
  bounds: AnalyticsBounds,
  now: number,
): Promise<boolean> {
  const { affectedRows } = await q.run(
    'updateAnalyticsBounds',
    `UPDATE clickhouse_workspace_settings
        SET quota_duration_seconds = :quota_duration_seconds, max_queries_per_window = :max_queries_per_window,
            max_execution_time_per_window = :max_execution_time_per_window,
            max_query_execution_time = :max_query_execution_time,
            max_query_memory_bytes = :max_query_memory_bytes, max_query_result_rows = :max_query_result_rows,
            updated_at = :now
      WHERE workspace_id = :workspaceId`,
    { ...boundColumns(bounds), workspaceId, now },
  );
  return affectedRows > 0;
}

/** Puts another password in place; false when the workspace has no row. `now` in unix milliseconds. */
export async function updateAnalyticsPassword(
  q: Queryable,
  workspaceId: string,
  passwordEncrypted: string,
  now: number,
): Promise<boolean> {
  const { affectedRows } = await q.run(
    'updateAnalyticsPassword',
    `UPDATE clickhouse_workspace_settings
        SET password_encrypted = :passwordEncrypted, updated_at = :now
      WHERE workspace_id = :workspaceId`,
    { workspaceId, passwordEncrypted, now },
  );
  return affectedRows > 0;
}

/** The keyspace of one API. */
export interface ApiKeyspaceRow {
  readonly apiId: string;
  readonly keyspaceId: string;
}

/** The keyspaces of those of these APIs that are the workspace's; neither API nor keyspace may be deleted. */
export function findApiKeyspaces(
  q: Queryable,
  workspaceId: string,
  apiIds: readonly string[],
): Promise<ApiKeyspaceRow[]> {
  return q.all<ApiKeyspaceRow>(
    'findApiKeyspaces',
    `SELECT a.id AS apiId, ka.id AS keyspaceId
       FROM apis a
       JOIN key_auth ka ON ka.id = a.key_auth_id AND ka.workspace_id = a.workspace_id
      WHERE a.workspace_id = :workspaceId AND a.id IN (:apiIds)
        AND a.deleted_at_m IS NULL AND ka.deleted_at_m IS NULL`,
    { workspaceId, apiIds: [...apiIds] },
  );
}

function boundColumns(bounds: AnalyticsBounds): Record<string, number> {
  return {
    quota_duration_seconds: bounds.quotaDurationSeconds,
    max_queries_per_window: bounds.maxQueriesPerWindow,
    max_execution_time_per_window: bounds.maxExecutionTimePerWindow,
    max_query_execution_time: bounds.maxQueryExecutionTime,
    max_query_memory_bytes: bounds.maxQueryMemoryBytes,
    max_query_result_rows: bounds.maxQueryResultRows,
  };
}
