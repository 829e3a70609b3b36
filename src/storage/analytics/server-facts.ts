// What a ClickHouse server says of itself, for `unkey doctor`.
import type { AnalyticsStore } from './analytics-store.ts';

/** `25.8.1.5101` */
export async function serverVersion(store: AnalyticsStore, signal?: AbortSignal): Promise<string> {
  const [row] = await store.query('SELECT version() AS version', { ...(signal !== undefined && { signal }) });
  return String(row?.version ?? '');
}

/** The GRANT statements that describe the rights of the store's user. */
export async function currentGrants(store: AnalyticsStore, signal?: AbortSignal): Promise<readonly string[]> {
  const rows = await store.query('SHOW GRANTS', { ...(signal !== undefined && { signal }) });
  return rows.flatMap((row) => Object.values(row).map(String));
}
