// analytics.getRuntimeLogs on the embedded engine: examples 14.4 of the analytics chapter.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorType } from '../support/access.ts';
import {
  type AnalyticsApi,
  runtimeLogRow,
  startAnalyticsApi,
  userErrorType,
} from '../support/analytics-api.ts';

const PERMISSION = ['project.*.read_runtime_logs'];

let api: AnalyticsApi;
let workspaceId: string;
beforeAll(async () => {
  api = await startAnalyticsApi();
  workspaceId = await api.analyticsWorkspace();
  const foreign = await api.analyticsWorkspace();
  await api.write(
    'runtime_logs_raw_v1',
    runtimeLogRow(workspaceId),
    runtimeLogRow(foreign, { message: 'foreign timeout' }),
  );
});
afterAll(() => api.stop());

const ask = (query: string, permissions: readonly string[] = PERMISSION) =>
  api.query('getRuntimeLogs', query, { workspaceId, permissions });

const RECENT =
  'time >= toUnixTimestamp64Milli(now64(3) - INTERVAL 24 HOUR) AND inserted_at >= toUnixTimestamp64Milli(now64(3) - INTERVAL 26 HOUR)';

describe('answers', () => {
  const message = { message: 'upstream Timeout' };

  test.each([
    ['SELECT severity, message FROM runtime_logs_v1', [{ severity: 'error', ...message }]],
    ["SELECT message FROM runtime_logs_v1 WHERE lower(message) LIKE '%timeout%'", [message]],
    ["SELECT message FROM runtime_logs_v1 WHERE lower(message) NOT LIKE '%timeout%'", []],
    ["SELECT message FROM runtime_logs_v1 WHERE startsWith(lower(message), 'upstream')", [message]],
    [
      "SELECT JSONExtractString(attributes_text, 'route') AS route, count() AS total FROM runtime_logs_v1 GROUP BY route",
      [{ route: '/checkout', total: 1 }],
    ],
    [`SELECT message FROM runtime_logs_v1 WHERE ${RECENT}`, [message]],
    ['SELECT message FROM (SELECT message FROM runtime_logs_v1)', [message]],
    ['WITH every AS (SELECT message FROM runtime_logs_v1) SELECT message FROM every', [message]],
  ])('%s', async (query, rows) => {
    const { status, body } = await ask(query);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.data).toEqual(rows);
  });
});

describe('refuses', () => {
  test.each([
    ["SELECT JSONExtractRaw(attributes_text, 'route') FROM runtime_logs_v1", 'invalid_analytics_function'],
    ['SELECT attributes FROM runtime_logs_v1', 'invalid_analytics_query'],
    ['SELECT attributes.route FROM runtime_logs_v1', 'invalid_analytics_query'],
    ['SELECT message FROM runtime_logs_v1 ORDER BY platform', 'invalid_analytics_query'],
    ['SELECT * FROM runtime_logs_v1', 'invalid_analytics_query'],
    [
      'SELECT message FROM runtime_logs_v1 WHERE time >= toUnixTimestamp64Milli(now64(3) - INTERVAL 60 DAY)',
      'query_range_exceeds_retention',
    ],
    ['SELECT count() FROM gateway_requests_v1', 'invalid_analytics_table'],
    ['SELECT message FROM runtime_logs_v1; SELECT message FROM runtime_logs_v1', 'invalid_analytics_query'],
  ])('%s', async (query, specific) => {
    const { status, body } = await ask(query);
    expect({ status, type: body.error?.type }, JSON.stringify(body)).toEqual({
      status: 400,
      type: userErrorType(`bad_request/${specific}`),
    });
    expect(JSON.stringify(body)).not.toMatch(/runtime_logs_raw|default\./);
  });
});

test('project.*.read_gateway_requests is not enough', async () => {
  const { status, body } = await ask('SELECT count() FROM runtime_logs_v1', [
    'project.*.read_gateway_requests',
  ]);
  expect({ status, type: body.error.type }).toEqual({
    status: 403,
    type: errorType('authorization/insufficient_permissions'),
  });
});
