// The analytics queries through the official SDK, whose own parsing refuses what does not fit.
import { Unkey } from '@unkey/api';
import * as errors from '@unkey/api/models/errors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type AnalyticsApi,
  gatewayRow,
  ratelimitRow,
  runtimeLogRow,
  startAnalyticsApi,
  verificationRow,
} from '../support/analytics-api.ts';

const PERMISSIONS = [
  'api.*.read_analytics',
  'ratelimit.*.read_analytics',
  'project.*.read_gateway_requests',
  'project.*.read_runtime_logs',
];

let api: AnalyticsApi;
let unkey: Unkey;
beforeAll(async () => {
  api = await startAnalyticsApi();
  const workspaceId = await api.analyticsWorkspace();
  await api.write('key_verifications_raw_v2', verificationRow(workspaceId));
  await api.write('ratelimits_raw_v2', ratelimitRow(workspaceId));
  await api.write('frontline_requests_raw_v1', gatewayRow(workspaceId));
  await api.write('runtime_logs_raw_v1', runtimeLogRow(workspaceId));
  unkey = clientOf(await api.rootKey(PERMISSIONS, workspaceId));
});
afterAll(() => api.stop());

const clientOf = (rootKey: string): Unkey =>
  new Unkey({ serverURL: api.url, rootKey, retryConfig: { strategy: 'none' } });

test('verifications', async () => {
  const { data, meta } = await unkey.analytics.getVerifications({
    query: 'SELECT outcome, count() AS total FROM key_verifications_v1 GROUP BY outcome',
  });
  expect(data).toEqual([{ outcome: 'VALID', total: 1 }]);
  expect(meta.requestId).toMatch(/^req_/);
});

test('rate limits', async () => {
  const { data } = await unkey.analytics.getRatelimits({
    query: 'SELECT identifier, passed FROM ratelimits_v1',
  });
  expect(data).toEqual([{ identifier: 'user_1', passed: true }]);
});

test('gateway requests', async () => {
  const { data } = await unkey.analytics.getGatewayRequests({
    query: 'SELECT path FROM gateway_requests_v1',
  });
  expect(data).toEqual([{ path: '/checkout' }]);
});

test('runtime logs', async () => {
  const { data } = await unkey.analytics.getRuntimeLogs({ query: 'SELECT message FROM runtime_logs_v1' });
  expect(data).toEqual([{ message: 'upstream Timeout' }]);
});

test('a wrong query is a bad request', async () => {
  const refusal = await unkey.analytics
    .getVerifications({ query: 'SELECT' })
    .catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(errors.BadRequestErrorResponse);
});

test('a workspace without analytics is told so', async () => {
  const client = clientOf(await api.rootKey(PERMISSIONS, await api.workspace()));
  const refusal = await client.analytics
    .getRatelimits({ query: 'SELECT count() FROM ratelimits_v1' })
    .catch((error: unknown) => error);
  expect(refusal).toMatchObject({ statusCode: 412 });
});
