// The statements that give a workspace a user of its own on a ClickHouse server, and what that user may read and spend.
// Every one can be run again. Source: provisioning in the analytics chapter.

import type { AnalyticsStore } from './analytics-store.ts';
import { assertIdentifier, assertTable } from './identifiers.ts';
import { workspaceRows } from './retention.ts';

/** A table that workspaces may read. */
export interface TableGrant {
  /** Qualified: `default.ratelimits_raw_v2`. */
  readonly table: string;
  /** Empty = all columns. */
  readonly columns: readonly string[];
}

/** What the queries of a workspace may cost. */
export interface WorkspaceQuota {
  /** Length of a window, in seconds. */
  readonly quotaDurationSeconds: number;
  readonly maxQueriesPerWindow: number;
  /** Seconds of execution within a window. */
  readonly maxExecutionTimePerWindow: number;
  /** Seconds of one query. */
  readonly maxQueryExecutionTime: number;
  /** Bytes of memory of one query. */
  readonly maxQueryMemoryBytes: number;
  readonly maxQueryResultRows: number;
}

export interface WorkspaceUser {
  readonly workspaceId: string;
  readonly username: string;
  readonly password: string;
  /** Days; 0 = unbounded. */
  readonly retentionDays: number;
  readonly quota: WorkspaceQuota;
}

/** A statement, and the values bound to its placeholders. */
export interface ProvisioningStatement {
  readonly sql: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Its failure does not end the provisioning. */
  readonly optional?: true;
}

/** Most bytes of an answer, on every server. */
export const MAX_RESULT_BYTES = 4_194_304;

/** Seconds; the user may ask for anything between 1 and this. */
const HARD_EXECUTION_TIME = 30;

/**
 * Makes the user, or gives an existing one this password and these rights.
 * @throws Error, before the server is asked, for names that are no plain identifiers and bounds that bound nothing;
 *   AnalyticsStoreError when the server refuses
 */
export async function applyWorkspaceUser(
  store: AnalyticsStore,
  user: WorkspaceUser,
  grants: readonly TableGrant[],
  onOptionalFailure: (error: unknown) => void,
): Promise<void> {
  const statements = workspaceUserStatements(user, grants);
  for (const { sql, parameters, optional } of statements) {
    try {
      await store.execute(sql, parameters === undefined ? {} : { parameters });
    } catch (error) {
      if (optional !== true) throw error;
      onOptionalFailure(error);
    }
  }
}

/** The statements of {@link applyWorkspaceUser}, in order. */
export function workspaceUserStatements(
  user: WorkspaceUser,
  grants: readonly TableGrant[],
): ProvisioningStatement[] {
  const { username, workspaceId, quota } = user;
  assertIdentifier(username);
  assertIdentifier(workspaceId);
  assertBounds(quota);
  const identified = 'IDENTIFIED WITH sha256_password BY {password:String}';
  const parameters = { password: user.password };
  return [
    { sql: `CREATE USER IF NOT EXISTS \`${username}\` ${identified}`, parameters },
    // A user that was there before may have another password than the one that is stored.
    { sql: `ALTER USER \`${username}\` ${identified}`, parameters },
    { sql: `REVOKE ALL ON *.* FROM \`${username}\``, optional: true },
    ...grants.map((grant) => ({ sql: rowPolicyStatement(grant.table, user) })),
    { sql: quotaStatement(user) },
    { sql: profileStatement(user) },
    // Last: a user without a policy on a table sees the rows of every workspace, and this may break off anywhere.
    ...grants.map((grant) => ({ sql: grantStatement(grant, username) })),
  ];
}

function assertBounds(quota: WorkspaceQuota): void {
  for (const [name, value] of Object.entries(quota)) {
    // To ClickHouse 0 means "no limit".
    if (!Number.isSafeInteger(value) || value <= 0) throw new Error(`${name} has to be a positive integer`);
  }
}

function grantStatement({ table, columns }: TableGrant, username: string): string {
  assertTable(table);
  for (const column of columns) assertIdentifier(column);
  const select = columns.length === 0 ? 'SELECT' : `SELECT(${columns.join(', ')})`;
  return `GRANT ${select} ON ${table} TO \`${username}\``;
}

function rowPolicyStatement(table: string, { workspaceId, username, retentionDays }: WorkspaceUser): string {
  return [
    `CREATE ROW POLICY OR REPLACE \`workspace_${workspaceId}_rls\` ON ${table}`,
    `FOR SELECT USING ${workspaceRows(table, workspaceId, retentionDays)} TO \`${username}\``,
  ].join(' ');
}

function quotaStatement({ workspaceId, username, quota }: WorkspaceUser): string {
  return [
    `CREATE QUOTA OR REPLACE \`workspace_${workspaceId}_quota\``,
    `FOR INTERVAL ${quota.quotaDurationSeconds} SECOND`,
    `MAX queries = ${quota.maxQueriesPerWindow}, execution_time = ${quota.maxExecutionTimePerWindow}`,
    `TO \`${username}\``,
  ].join(' ');
}

function profileStatement({ workspaceId, username, quota }: WorkspaceUser): string {
  const executionTime = Math.min(quota.maxQueryExecutionTime, HARD_EXECUTION_TIME);
  const settings = [
    `max_execution_time = ${executionTime} MIN 1 MAX ${HARD_EXECUTION_TIME} CHANGEABLE_IN_READONLY`,
    `max_memory_usage = ${quota.maxQueryMemoryBytes} READONLY`,
    `max_result_rows = ${quota.maxQueryResultRows} READONLY`,
    `max_result_bytes = ${MAX_RESULT_BYTES} READONLY`,
    `result_overflow_mode = 'throw' READONLY`,
    'max_ast_depth = 100 READONLY',
    'max_ast_elements = 2000 READONLY',
    'readonly = 1 READONLY',
  ];
  return `CREATE SETTINGS PROFILE OR REPLACE \`workspace_${workspaceId}_profile\` SETTINGS ${settings.join(', ')} TO \`${username}\``;
}
