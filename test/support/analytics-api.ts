// The server with analytics that tests can fill: workspaces that may query, and rows as the writers would have left them.

import { randomAlphanumeric } from '../../src/lib/uid.ts';
import type { AnalyticsRow, AnalyticsStore } from '../../src/storage/analytics/analytics-store.ts';
import { type Answer, startApi, type TestApi, type TestApiOptions } from './api.ts';

/** The columns of `clickhouse_workspace_settings` that a test may set. */
export interface TestSettings {
  readonly retentionDays?: number;
  /** The workspace's own id unless said. */
  readonly username?: string;
  readonly passwordEncrypted?: string;
  readonly maxQueriesPerWindow?: number;
  readonly maxQueryExecutionTime?: number;
  readonly maxQueryMemoryBytes?: number;
  readonly maxQueryResultRows?: number;
}

export interface AnalyticsApi extends TestApi {
  readonly store: AnalyticsStore;
  /** A workspace with limits and analytics settings; retention is 30 days unless said. */
  analyticsWorkspace(settings?: TestSettings): Promise<string>;
  /** Gives a workspace analytics settings, and its limits this retention. */
  allowAnalytics(workspaceId: string, settings?: TestSettings): Promise<void>;
  /** Writes rows into a table of the schema, as they are. */
  write(table: string, ...rows: AnalyticsRow[]): Promise<void>;
  /** Runs a query as a new root key with these permissions. */
  query(
    endpoint: AnalyticsEndpoint,
    query: string,
    caller: { readonly workspaceId: string; readonly permissions: readonly string[] },
  ): Promise<Answer>;
}

export type AnalyticsEndpoint =
  | 'getVerifications'
  | 'getRatelimits'
  | 'getGatewayRequests'
  | 'getRuntimeLogs';

/** The server on the embedded engine, unless the configuration says otherwise. */
export async function startAnalyticsApi(options: TestApiOptions = {}): Promise<AnalyticsApi> {
  const api = await startApi({
    clickhouse: 'chdb:',
    ...options,
  });
  const store = api.analytics;
  if (store === undefined) throw new Error('the package chdb is not installed: run "npm ci"');

  const allowAnalytics = async (workspaceId: string, settings: TestSettings = {}): Promise<void> => {
    await api.db.primary.run(
      'testRetention',
      'UPDATE limits SET logs_retention_days_max = :days WHERE workspace_id = :workspaceId',
      { workspaceId, days: settings.retentionDays ?? 30 },
    );
    await api.insert('clickhouse_workspace_settings', {
      workspace_id: workspaceId,
      username: settings.username ?? workspaceId,
      password_encrypted: settings.passwordEncrypted ?? 'the embedded engine asks for no password',
      quota_duration_seconds: 3600,
      max_queries_per_window: settings.maxQueriesPerWindow ?? 1000,
      max_execution_time_per_window: 1800,
      max_query_execution_time: settings.maxQueryExecutionTime ?? 30,
      max_query_memory_bytes: settings.maxQueryMemoryBytes ?? 1_000_000_000,
      max_query_result_rows: settings.maxQueryResultRows ?? 10_000_000,
    });
  };

  return {
    ...api,
    store,
    allowAnalytics,
    async analyticsWorkspace(settings) {
      const workspaceId = await api.workspace();
      await allowAnalytics(workspaceId, settings);
      return workspaceId;
    },
    async write(table, ...rows) {
      const [first] = rows;
      if (first === undefined) return;
      const columns = Object.keys(first);
      await store.insert({ table, columns, rows, deduplicationToken: randomAlphanumeric(20) });
    },
    async query(endpoint, query, { workspaceId, permissions }) {
      return api.call(`analytics.${endpoint}`, { query }, await api.rootKey(permissions, workspaceId));
    },
  };
}

/** The `type` of an error that the caller's own doing brought about. */
export const userErrorType = (path: string): string => `https://unkey.com/docs/errors/user/${path}`;

/** A row of `key_verifications_raw_v2` of now. */
export function verificationRow(workspaceId: string, values: AnalyticsRow = {}): AnalyticsRow {
  return {
    request_id: `req_${randomAlphanumeric(9)}`,
    time: Date.now(),
    workspace_id: workspaceId,
    key_space_id: 'ks_1',
    identity_id: '',
    external_id: '',
    key_id: 'key_1',
    region: 'test',
    outcome: 'VALID',
    tags: [],
    spent_credits: 0,
    latency: 1.5,
    ...values,
  };
}

/** A row of `ratelimits_raw_v2` of now. */
export function ratelimitRow(workspaceId: string, values: AnalyticsRow = {}): AnalyticsRow {
  return {
    request_id: `req_${randomAlphanumeric(9)}`,
    time: Date.now(),
    workspace_id: workspaceId,
    namespace_id: 'rlns_1',
    identifier: 'user_1',
    passed: true,
    latency: 1,
    override_id: '',
    limit: 10,
    remaining: 9,
    reset_at: Date.now() + 60_000,
    tokens: 1,
    ...values,
  };
}

/** A row of `frontline_requests_raw_v1` of now. */
export function gatewayRow(workspaceId: string, values: AnalyticsRow = {}): AnalyticsRow {
  return {
    request_id: `req_${randomAlphanumeric(9)}`,
    time: Date.now(),
    workspace_id: workspaceId,
    project_id: 'proj_1',
    app_id: 'app_1',
    environment_id: 'env_1',
    frontline_id: 'fl_1',
    deployment_id: 'd_1',
    instance_id: 'ins_1',
    instance_address: '10.0.0.1:8080',
    region: 'test',
    platform: 'aws',
    method: 'GET',
    host: 'example.com',
    path: '/checkout',
    query_string: 'a=b',
    query_params: { a: ['b'] },
    request_headers: ['Accept: */*'],
    request_body: '',
    response_status: 200,
    response_headers: [],
    response_body: '',
    user_agent: 'test',
    ip_address: '127.0.0.1',
    total_latency: 120,
    instance_latency: 100,
    gateway_latency: 20,
    ...values,
  };
}

/** A row of `runtime_logs_raw_v1` of now. */
export function runtimeLogRow(workspaceId: string, values: AnalyticsRow = {}): AnalyticsRow {
  return {
    time: Date.now(),
    log_id: `log_${randomAlphanumeric(9)}`,
    inserted_at: Date.now(),
    severity: 'error',
    message: 'upstream Timeout',
    workspace_id: workspaceId,
    project_id: 'proj_1',
    environment_id: 'env_1',
    app_id: 'app_1',
    deployment_id: 'd_1',
    k8s_pod_name: 'pod-1',
    region: 'test',
    platform: 'aws',
    attributes: { route: '/checkout' },
    ...values,
  };
}
