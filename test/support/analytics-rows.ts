// Rows that a server has written, or is about to: writing happens behind the requests' back.
import type { AnalyticsRecord, AnalyticsStore } from '../../src/storage/analytics/analytics-store.ts';

const PATIENCE_MS = 20_000;
const PAUSE_MS = 50;

/**
 * The rows of the table that meet the condition, once there are as many as expected. @throws Error when there are not in
 * time, with what there is
 */
export function writtenRows(
  store: AnalyticsStore | undefined,
  table: string,
  { where, count = 1 }: { readonly where: string; readonly count?: number },
): Promise<readonly AnalyticsRecord[]> {
  return rowsOnceThere(store, `SELECT * FROM ${table} WHERE ${where} ORDER BY time`, count);
}

/** The rows of a query, once there are as many as expected. @throws Error when there are not in time */
export async function rowsOnceThere(
  store: AnalyticsStore | undefined,
  query: string,
  count = 1,
): Promise<readonly AnalyticsRecord[]> {
  if (store === undefined) throw new Error('the server has no analytics store');
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const rows = await store.query(query);
    if (rows.length >= count) return rows;
    if (Date.now() > deadline) {
      throw new Error(`${rows.length} of ${count} rows of ${query}: ${JSON.stringify(rows)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
