// analytics.getRatelimits on the embedded engine: examples 14.2 of the analytics chapter.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorType } from '../support/access.ts';
import {
  type AnalyticsApi,
  ratelimitRow,
  startAnalyticsApi,
  userErrorType,
} from '../support/analytics-api.ts';

const EVERYTHING = ['ratelimit.*.read_analytics'];
const ONE = ['ratelimit.rlns_1.read_analytics'];

let api: AnalyticsApi;
let workspaceId: string;
beforeAll(async () => {
  api = await startAnalyticsApi();
  workspaceId = await api.analyticsWorkspace();
  const foreign = await api.analyticsWorkspace();
  await api.write(
    'ratelimits_raw_v2',
    ratelimitRow(workspaceId),
    ratelimitRow(workspaceId, { passed: false, tokens: 5 }),
    ratelimitRow(workspaceId, { namespace_id: 'rlns_2', identifier: 'user_2' }),
    ratelimitRow(foreign, { identifier: 'foreign' }),
  );
});
afterAll(() => api.stop());

const ask = (query: string, permissions: readonly string[] = EVERYTHING, workspace = workspaceId) =>
  api.query('getRatelimits', query, { workspaceId: workspace, permissions });
const namespacesIn = async (query: string, permissions?: readonly string[]): Promise<string[]> => {
  const { status, body } = await ask(query, permissions);
  expect(status, JSON.stringify(body)).toBe(200);
  const ids = body.data.map((row: { namespace_id: string }) => row.namespace_id);
  return [...new Set<string>(ids)].sort();
};

test('raw rows have what was decided', async () => {
  const { status, body } = await ask(
    "SELECT namespace_id, identifier, passed FROM ratelimits_v1 WHERE passed AND identifier = 'user_1'",
  );
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body.data).toEqual([{ namespace_id: 'rlns_1', identifier: 'user_1', passed: true }]);
});

describe('what a caller sees', () => {
  test.each([
    ["SELECT namespace_id FROM ratelimits_v1 WHERE namespace_id = 'rlns_1' OR 1=1", ONE, ['rlns_1']],
    ["SELECT namespace_id FROM ratelimits_v1 WHERE namespace_id != 'rlns_1'", ONE, []],
    [
      "SELECT namespace_id FROM ratelimits_v1 WHERE namespace_id = 'rlns_1' UNION ALL SELECT namespace_id FROM ratelimits_v1",
      EVERYTHING,
      ['rlns_1', 'rlns_2'],
    ],
    [
      "SELECT namespace_id FROM ratelimits_v1 WHERE namespace_id = 'rlns_1' UNION ALL SELECT namespace_id FROM ratelimits_v1",
      ONE,
      ['rlns_1'],
    ],
    [
      "SELECT r.namespace_id AS namespace_id FROM ratelimits_v1 AS r WHERE r.namespace_id = 'rlns_1'",
      EVERYTHING,
      ['rlns_1'],
    ],
    [
      "SELECT namespace_id FROM ratelimits_v1 WHERE namespace_id IN ('rlns_1','rlns_2')",
      [...ONE, 'ratelimit.rlns_2.read_analytics'],
      ['rlns_1', 'rlns_2'],
    ],
    ["SELECT namespace_id FROM ratelimits_v1 WHERE namespace_id IN ('rlns_1', 'rlns_2')", ONE, ['rlns_1']],
    ['SELECT namespace_id FROM ratelimits_v1', ['ratelimit.rlns_unknown.read_analytics'], []],
  ])('%s', async (query, permissions, expected) => {
    expect(await namespacesIn(query, permissions)).toEqual(expected);
  });

  test('as many namespaces as it names, and as its permissions name', async () => {
    const ids = Array.from({ length: 11 }, (_, n) => `rlns_${n}`);
    const list = ids.map((id) => `'${id}'`).join(', ');
    const query = `SELECT namespace_id FROM ratelimits_v1 WHERE namespace_id IN (${list})`;
    expect(await namespacesIn(query)).toEqual(['rlns_1', 'rlns_2']);
    const scoped = ids.map((id) => `ratelimit.${id}.read_analytics`);
    expect(await namespacesIn(query, scoped)).toEqual(['rlns_1', 'rlns_2']);
  });

  test('the history of a deleted namespace', async () => {
    const workspace = await api.analyticsWorkspace();
    const admin = await api.rootKey(['ratelimit.*.limit', 'ratelimit.*.create_namespace'], workspace);
    await api.call(
      'ratelimit.limit',
      { namespace: 'to be deleted', identifier: 'someone', limit: 10, duration: 60_000 },
      admin,
    );
    const [namespace] = await api.db.primary.all<{ id: string }>(
      'test',
      'SELECT id FROM ratelimit_namespaces WHERE workspace_id = :workspace',
      { workspace },
    );
    const id = namespace?.id ?? '';
    await api.db.primary.run('test', 'UPDATE ratelimit_namespaces SET deleted_at_m = 1 WHERE id = :id', {
      id,
    });
    await api.write('ratelimits_raw_v2', ratelimitRow(workspace, { namespace_id: id, identifier: 'before' }));
    const { body } = await ask(
      `SELECT identifier FROM ratelimits_v1 WHERE namespace_id = '${id}' AND identifier = 'before'`,
      [`ratelimit.${id}.read_analytics`],
      workspace,
    );
    expect(body.data).toEqual([{ identifier: 'before' }]);
  });
});

test('rolled-up tables have sums; their states of latency cannot be read', async () => {
  const { status, body } = await ask(
    'SELECT sum(passed) AS p, sum(total) AS t, sum(total_tokens) AS tokens FROM ratelimits_per_day_v1',
  );
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body.data).toEqual([{ p: 2, t: 3, tokens: 7 }]);
  for (const query of [
    'SELECT * FROM ratelimits_per_hour_v1',
    'SELECT latency_p99 FROM ratelimits_per_month_v1',
  ]) {
    const refusal = await ask(query);
    expect({ status: refusal.status, type: refusal.body.error.type }).toEqual({
      status: 400,
      type: userErrorType('bad_request/invalid_analytics_query'),
    });
  }
});

test('a text that is no query', async () => {
  const { status } = await ask('SELECT FROM');
  expect(status).toBe(400);
});

test.each([[['ratelimit.*.read_namespace']], [['api.*.read_analytics']], [['ratelimit.*.limit']]])(
  '%j is not enough, also where analytics are not configured',
  async (permissions) => {
    for (const workspace of [workspaceId, await api.workspace()]) {
      const { status, body } = await ask('SELECT count() FROM ratelimits_v1', permissions, workspace);
      expect({ status, type: body.error.type }).toEqual({
        status: 403,
        type: errorType('authorization/insufficient_permissions'),
      });
    }
  },
);
