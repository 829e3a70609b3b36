// analytics.getGatewayRequests on the embedded engine: examples 14.3 of the analytics chapter.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorType } from '../support/access.ts';
import { type AnalyticsApi, gatewayRow, startAnalyticsApi, userErrorType } from '../support/analytics-api.ts';

const PERMISSION = ['project.*.read_gateway_requests'];

let api: AnalyticsApi;
let workspaceId: string;
let foreign: string;
beforeAll(async () => {
  api = await startAnalyticsApi();
  workspaceId = await api.analyticsWorkspace();
  foreign = await api.analyticsWorkspace();
  await api.write(
    'frontline_requests_raw_v1',
    gatewayRow(workspaceId),
    gatewayRow(foreign, { path: '/foreign', total_latency: 1 }),
  );
});
afterAll(() => api.stop());

const ask = (query: string, permissions: readonly string[] = PERMISSION) =>
  api.query('getGatewayRequests', query, { workspaceId, permissions });

describe('answers', () => {
  test.each([
    [
      'SELECT path, method, response_status FROM gateway_requests_v1',
      [{ path: '/checkout', method: 'GET', response_status: 200 }],
    ],
    ["SELECT path FROM gateway_requests_v1 WHERE workspace_id != '' OR 1=1", [{ path: '/checkout' }]],
    ['SELECT query_params FROM gateway_requests_v1', [{ query_params: { a: ['b'] } }]],
    [
      "SELECT quantile(0.95)(total_latency) AS value FROM gateway_requests_v1 WHERE path = '/absent'",
      [{ value: null }],
    ],
    [
      'SELECT sum(total_latency) / countIf(response_status = 599) AS value FROM gateway_requests_v1',
      [{ value: null }],
    ],
    ['SELECT groupArray(total_latency) AS value FROM gateway_requests_v1', [{ value: [120] }]],
    [
      "SELECT g.path AS path FROM gateway_requests_v1 AS g PREWHERE g.method = 'GET'",
      [{ path: '/checkout' }],
    ],
    ['SELECT count(*) AS n FROM gateway_requests_v1', [{ n: 1 }]],
    ['SELECT region AS platform FROM gateway_requests_v1 ORDER BY platform', [{ platform: 'test' }]],
  ])('%s', async (query, rows) => {
    const { status, body } = await ask(query);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.data).toEqual(rows);
  });
});

describe('refuses', () => {
  test.each([
    ['SELECT * FROM gateway_requests_v1', 'invalid_analytics_query'],
    ['SELECT g.* FROM gateway_requests_v1 AS g', 'invalid_analytics_query'],
    ['SELECT count() FROM (SELECT * FROM gateway_requests_v1)', 'invalid_analytics_query'],
    ['SELECT max(platform) FROM gateway_requests_v1', 'invalid_analytics_query'],
    ['SELECT path FROM gateway_requests_v1 ORDER BY frontline_id', 'invalid_analytics_query'],
    ["SELECT path FROM gateway_requests_v1 WHERE instance_address = 'x'", 'invalid_analytics_query'],
    ['WITH c AS (SELECT platform FROM gateway_requests_v1) SELECT count() FROM c', 'invalid_analytics_query'],
    [
      'SELECT path FROM gateway_requests_v1 UNION ALL SELECT platform FROM gateway_requests_v1',
      'invalid_analytics_query',
    ],
    ['SELECT count() FROM gateway_requests_v1 SETTINGS max_execution_time = 100', 'invalid_analytics_query'],
    ['DESCRIBE TABLE gateway_requests_v1', 'invalid_analytics_query_type'],
    ['SELECT count() FROM gateway_requests_per_minute_v1', 'invalid_analytics_table'],
    ['SELECT count() FROM key_verifications_v1', 'invalid_analytics_table'],
  ])('%s', async (query, specific) => {
    const { status, body } = await ask(query);
    expect({ status, type: body.error?.type }, JSON.stringify(body)).toEqual({
      status: 400,
      type: userErrorType(`bad_request/${specific}`),
    });
    expect(JSON.stringify(body)).not.toMatch(/frontline_requests|default\./);
    expect(JSON.stringify(body)).not.toContain(workspaceId);
  });

  test('* with the advice to name columns', async () => {
    expect((await ask('SELECT * FROM gateway_requests_v1')).body.error.detail).toContain('instead of *');
  });
});

test.each([
  [['project.proj_1.read_gateway_requests']],
  [['api.*.read_analytics', 'project.*.read_analytics', 'project.*.read_deployment']],
  [['project.*.read_runtime_logs']],
])('%j is not enough', async (permissions) => {
  const { status, body } = await ask('SELECT count() FROM gateway_requests_v1', permissions);
  expect({ status, type: body.error.type }).toEqual({
    status: 403,
    type: errorType('authorization/insufficient_permissions'),
  });
  expect(body.error.detail).toContain(PERMISSION[0]);
});
