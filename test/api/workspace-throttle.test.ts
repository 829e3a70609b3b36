// The limit on a workspace's own API requests, as its callers see it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { W } from '../support/ratelimit.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ startMs: W + 15_000 });
});
afterAll(() => api.stop());

/** A caller in a workspace that may send so many requests a minute; null = any number. */
async function caller(requestsPerMinute: number | null): Promise<(body?: unknown) => Promise<Answer>> {
  const workspaceId = await api.workspace();
  await api.db.primary.run(
    'test',
    'UPDATE limits SET api_requests_count_max_per_minute = :requestsPerMinute WHERE workspace_id = :workspaceId',
    { requestsPerMinute, workspaceId },
  );
  const token = await api.rootKey([], workspaceId);
  return (body = { apiId: 'api_unknown' }) => api.call('apis.getApi', body, token);
}

const throttleHeaders = ({ headers }: Answer) =>
  ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'Retry-After'].map((name) =>
    headers.get(name),
  );

test('requests of a minute are counted, and the one too many is refused', async () => {
  const call = await caller(2);
  const [first, second, third] = [await call(), await call(), await call()];
  expect(first.status).toBe(403);
  expect(throttleHeaders(first)).toEqual(['2', '1', '45', null]);
  expect(throttleHeaders(second)).toEqual(['2', '0', '45', null]);
  expect(third.status).toBe(429);
  expect(throttleHeaders(third)).toEqual(['2', '0', '45', '45']);
  expect(third.body.error).toMatchObject({
    title: 'Too Many Requests',
    type: 'https://unkey.com/docs/errors/user/too_many_requests/workspace_rate_limited',
    detail: expect.stringMatching(/2 .*1m0s/),
  });
});

test('requests that do not fit their schema are not counted', async () => {
  const call = await caller(1);
  expect((await call({})).status).toBe(400);
  expect((await call()).status).toBe(403);
  expect((await call()).status).toBe(429);
});

test('no limit means no headers, and a limit of 0 refuses without any', async () => {
  const unlimited = await (await caller(null))();
  expect(unlimited.status).toBe(403);
  expect(throttleHeaders(unlimited)).toEqual([null, null, null, null]);
  const refused = await (await caller(0))();
  expect(refused.status).toBe(429);
  expect(throttleHeaders(refused)).toEqual([null, null, null, null]);
});
