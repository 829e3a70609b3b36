// Which rows of a table a workspace may read: its own, and no older ones than its retention. The same predicate is a row
// policy of a ClickHouse server and a filter of the embedded engine. Source: the row policies of the analytics chapter.

import { assertTable, quotedString } from './identifiers.ts';

/** Day is the unit of these tables' time column, so that it compares with a date. */
const BY_DATE = /_per_(?:day|month)_v[^_]*$/;
/** Their time column holds unix milliseconds. */
const RAW = /_raw_v\d+$/;

/**
 * The condition that a row of the table belongs to the workspace and lies within the retention, evaluated by the engine's
 * clock.
 * @param table qualified: `default.key_verifications_raw_v2`
 * @param retentionDays whole days; 0 = unbounded
 * @throws Error for a workspace id or table that is no plain identifier
 */
export function workspaceRows(table: string, workspaceId: string, retentionDays: number): string {
  const own = `workspace_id = ${quotedString(workspaceId)}`;
  const retained = retentionPredicate(table, retentionDays);
  return retained === undefined ? own : `${own} AND (${retained('time')})`;
}

/**
 * Makes the retention alone of the name of the table's time column, qualified where it has to be; undefined when it is
 * unbounded. Calls only functions that workspaces may call themselves, so that it can stand in their statements.
 * @throws Error for a table that is no plain identifier
 */
export function retentionPredicate(table: string, days: number): ((time: string) => string) | undefined {
  assertTable(table);
  if (!Number.isSafeInteger(days)) throw new Error(`a retention of ${days} days is no whole number`);
  if (days <= 0) return undefined;
  if (BY_DATE.test(table)) return (time) => `${time} >= today() - INTERVAL ${days} DAY`;
  const earliest = `toStartOfDay(now() - INTERVAL ${days} DAY)`;
  if (RAW.test(table)) return (time) => `${time} >= toUnixTimestamp64Milli(toDateTime64(${earliest}, 3))`;
  return (time) => `${time} >= ${earliest}`;
}
