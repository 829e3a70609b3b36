// What workspaces may query: per endpoint the public table names and the tables behind them, and per table the columns.
// Source: the endpoints and the grants of the analytics chapter.

import type { TableGrant } from '../../storage/analytics/provisioning.ts';

/** A public table name → the qualified table behind it. */
export type TableAliases = ReadonlyMap<string, string>;

const UNITS = ['minute', 'hour', 'day', 'month'] as const;

export const VERIFICATION_TABLES: TableAliases = new Map([
  ['key_verifications_v1', 'default.key_verifications_raw_v2'],
  ...UNITS.map(
    (unit) => [`key_verifications_per_${unit}_v1`, `default.key_verifications_per_${unit}_v3`] as const,
  ),
]);

export const RATELIMIT_TABLES: TableAliases = new Map([
  ['ratelimits_v1', 'default.ratelimits_raw_v2'],
  ...UNITS.map((unit) => [`ratelimits_per_${unit}_v1`, `default.ratelimits_per_${unit}_v2`] as const),
]);

const GATEWAY_REQUESTS = 'default.frontline_requests_raw_v1';
const RUNTIME_LOGS = 'default.runtime_logs_raw_v1';

export const GATEWAY_REQUEST_TABLES: TableAliases = new Map([['gateway_requests_v1', GATEWAY_REQUESTS]]);

export const RUNTIME_LOG_TABLES: TableAliases = new Map([['runtime_logs_v1', RUNTIME_LOGS]]);

const GATEWAY_REQUEST_COLUMNS = [
  'request_id',
  'time',
  'workspace_id',
  'project_id',
  'app_id',
  'environment_id',
  'deployment_id',
  'instance_id',
  'region',
  'method',
  'host',
  'path',
  'query_string',
  'query_params',
  'request_headers',
  'request_body',
  'response_status',
  'response_headers',
  'response_body',
  'user_agent',
  'ip_address',
  'total_latency',
  'instance_latency',
  'gateway_latency',
];

const RUNTIME_LOG_COLUMNS = [
  'log_id',
  'time',
  'inserted_at',
  'severity',
  'message',
  'workspace_id',
  'project_id',
  'environment_id',
  'app_id',
  'deployment_id',
  'region',
  'attributes_text',
];

/** Every table that a workspace may read, and the columns where not all. */
export const TABLE_GRANTS: readonly TableGrant[] = [
  ...[...VERIFICATION_TABLES.values(), ...RATELIMIT_TABLES.values()].map((table) => ({ table, columns: [] })),
  { table: GATEWAY_REQUESTS, columns: GATEWAY_REQUEST_COLUMNS },
  { table: RUNTIME_LOGS, columns: RUNTIME_LOG_COLUMNS },
];
