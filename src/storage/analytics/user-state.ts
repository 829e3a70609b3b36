import type { AnalyticsStore } from './analytics-store.ts';

/** What a ClickHouse server knows of a workspace's user. */
export interface UserState {
  readonly exists: boolean;
  /** Spent in the current window; undefined while nothing was, or when the server does not tell. */
  readonly quota: { readonly queries: number; readonly executionSeconds: number } | undefined;
}

/** @throws AnalyticsStoreError when the server does not answer, or may not be asked for users */
export async function readUserState(
  store: AnalyticsStore,
  user: { readonly username: string; readonly workspaceId: string },
): Promise<UserState> {
  const [found] = await store.query(
    'SELECT count() AS users FROM system.users WHERE name = {username:String}',
    {
      parameters: { username: user.username },
    },
  );
  const usage = await store.query(
    `SELECT max(queries) AS queries, max(execution_time) AS seconds, count() AS windows
       FROM system.quotas_usage
      WHERE quota_name = {quota:String}`,
    { parameters: { quota: `workspace_${user.workspaceId}_quota` } },
  );
  const spent = usage[0];
  return {
    exists: Number(found?.users ?? 0) > 0,
    quota:
      spent === undefined || Number(spent.windows) === 0
        ? undefined
        : { queries: Number(spent.queries ?? 0), executionSeconds: Number(spent.seconds ?? 0) },
  };
}
