// analytics.getVerifications on the embedded engine: examples 14.1 of the analytics chapter.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorType } from '../support/access.ts';
import {
  type AnalyticsApi,
  startAnalyticsApi,
  userErrorType,
  verificationRow,
} from '../support/analytics-api.ts';

const EVERYTHING = ['api.*.read_analytics'];

let api: AnalyticsApi;
/** The workspace of the examples, with the APIs `one` (3 verifications) and `two` (5). */
let workspaceId: string;
let one: Api;
let two: Api;

interface Api {
  readonly apiId: string;
  readonly keyspaceId: string;
}

beforeAll(async () => {
  api = await startAnalyticsApi();
  workspaceId = await api.analyticsWorkspace();
  one = await makeApi(workspaceId);
  two = await makeApi(workspaceId);
  const foreign = await api.analyticsWorkspace();
  await api.write(
    'key_verifications_raw_v2',
    ...rows(3, workspaceId, one),
    ...rows(5, workspaceId, two),
    ...rows(10, foreign, one),
  );
});
afterAll(() => api.stop());

async function makeApi(workspace: string): Promise<Api> {
  const admin = await api.rootKey(['api.*.create_api', 'api.*.read_api'], workspace);
  const { apiId } = (await api.call('apis.createApi', { name: 'an API' }, admin)).body.data;
  const [row] = await api.db.primary.all<{ keyspaceId: string }>(
    'test',
    'SELECT key_auth_id AS keyspaceId FROM apis WHERE id = :apiId',
    { apiId },
  );
  return { apiId, keyspaceId: row?.keyspaceId ?? '' };
}

const rows = (count: number, workspace: string, { keyspaceId }: Api) =>
  Array.from({ length: count }, () => verificationRow(workspace, { key_space_id: keyspaceId }));

const ask = (query: string, permissions: readonly string[] = EVERYTHING, workspace = workspaceId) =>
  api.query('getVerifications', query, { workspaceId: workspace, permissions });
const readAnalytics = (apiId: string): string => `api.${apiId}.read_analytics`;

describe('what a caller sees', () => {
  test('with the wildcard, its workspace and no other', async () => {
    const { status, body } = await ask(
      'SELECT COUNT(*) as count FROM key_verifications_v1 WHERE time >= now() - INTERVAL 1 DAY',
    );
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.data).toEqual([{ count: 8 }]);
    expect(body.meta.requestId).toMatch(/^req_/);
    expect(Object.keys(body).sort()).toEqual(['data', 'meta']);
  });

  test('with a permission for one API, that API', async () => {
    const { body } = await ask(
      'SELECT key_space_id, COUNT(*) as count FROM key_verifications_v1 GROUP BY key_space_id',
      [readAnalytics(one.apiId)],
    );
    expect(body.data).toEqual([{ key_space_id: one.keyspaceId, count: 3 }]);
  });

  test('with permissions for several, each of them; with the wildcard beside, everything', async () => {
    const both = [readAnalytics(one.apiId), readAnalytics(two.apiId)];
    const query = 'SELECT count() AS count FROM key_verifications_v1';
    expect((await ask(query, both)).body.data).toEqual([{ count: 8 }]);
    expect((await ask(query, [readAnalytics(one.apiId), ...EVERYTHING])).body.data).toEqual([{ count: 8 }]);
  });

  test('a keyspace that it may not see is empty, not forbidden', async () => {
    const query = `SELECT key_id FROM key_verifications_v1 WHERE key_space_id = '${two.keyspaceId}' OR 1=1`;
    const { status, body } = await ask(query, [readAnalytics(one.apiId)]);
    expect(status).toBe(200);
    expect(body.data).toHaveLength(3);
    const foreign = `SELECT key_id FROM key_verifications_v1 WHERE key_space_id = '${two.keyspaceId}'`;
    expect((await ask(foreign, [readAnalytics(one.apiId)])).body.data).toEqual([]);
  });

  test('of an unknown API, of a deleted one and of one elsewhere nothing at all', async () => {
    const deleted = await makeApi(workspaceId);
    const admin = await api.rootKey(['api.*.delete_api'], workspaceId);
    await api.call('apis.deleteApi', { apiId: deleted.apiId }, admin);
    const elsewhere = await makeApi(await api.analyticsWorkspace());
    await api.write(
      'key_verifications_raw_v2',
      ...rows(2, workspaceId, deleted),
      ...rows(2, workspaceId, elsewhere),
    );
    for (const apiId of ['api_unknown', deleted.apiId, elsewhere.apiId, 'a'.repeat(100)]) {
      const { status, body } = await ask('SELECT key_id FROM key_verifications_v1', [readAnalytics(apiId)]);
      expect({ status, data: body.data }, apiId).toEqual({ status: 200, data: [] });
    }
  });

  test('goes on being what it was for minutes after the API is deleted', async () => {
    const own = await api.analyticsWorkspace();
    const made = await makeApi(own);
    await api.write('key_verifications_raw_v2', ...rows(2, own, made));
    const key = await api.rootKey([readAnalytics(made.apiId)], own);
    const count = async () =>
      (
        await api.call(
          'analytics.getVerifications',
          { query: 'SELECT count() AS n FROM key_verifications_v1' },
          key,
        )
      ).body.data;
    expect(await count()).toEqual([{ n: 2 }]);
    await api.call('apis.deleteApi', { apiId: made.apiId }, await api.rootKey(['api.*.delete_api'], own));
    expect(await count()).toEqual([{ n: 2 }]);
    api.clock.advance(24 * 60 * 60_000);
    expect(await count()).toEqual([{ n: 0 }]);
  });
});

describe('permission', () => {
  test.each([
    [['api.*.read_api']],
    [['ratelimit.*.read_analytics', 'project.*.read_analytics']],
    [['api.read_analytics', 'api.a.b.read_analytics', 'api.*.read_analytics.x']],
    [['unkey:v1:WORKSPACE:**#*']],
    [[]],
  ])('%j is not enough', async (permissions) => {
    const held = permissions.map((permission) => permission.replace('WORKSPACE', workspaceId));
    const { status, body } = await ask('SELECT count() FROM key_verifications_v1', held);
    expect({ status, type: body.error.type }).toEqual({
      status: 403,
      type: errorType('authorization/insufficient_permissions'),
    });
    expect(body.error.detail).toContain('api.*.read_analytics');
  });

  test('is asked for after the credential and before anything else', async () => {
    expect((await api.call('analytics.getVerifications', { query: 'garbage' })).status).toBe(400);
    expect(
      (await api.call('analytics.getVerifications', { query: 'garbage' }, 'invalid_key_123')).status,
    ).toBe(401);
    const unprovisioned = await api.workspace();
    expect((await ask('garbage', [], unprovisioned)).status).toBe(403);
    expect((await ask('garbage', EVERYTHING, unprovisioned)).status).toBe(412);
  });
});

describe('a workspace without settings or limits', () => {
  const notConfigured = { status: 412, type: errorType('data/analytics_not_configured') };

  test('is not configured, whatever it asks', async () => {
    const { status, body } = await ask('garbage', EVERYTHING, await api.workspace());
    expect({ status, type: body.error.type }).toEqual(notConfigured);
  });

  test('is not configured without limits', async () => {
    const workspace = await api.analyticsWorkspace();
    const key = await api.rootKey(EVERYTHING, workspace);
    await api.db.primary.run('test', 'DELETE FROM limits WHERE workspace_id = :workspace', { workspace });
    const { status, body } = await api.call('analytics.getVerifications', { query: 'SELECT 1' }, key);
    expect({ status, type: body.error.type }).toEqual(notConfigured);
  });

  test('is remembered as such for a minute', async () => {
    const workspace = await api.workspace();
    const key = await api.rootKey(EVERYTHING, workspace);
    const status = async () =>
      (
        await api.call(
          'analytics.getVerifications',
          { query: 'SELECT key_id FROM key_verifications_v1' },
          key,
        )
      ).status;
    expect(await status()).toBe(412);
    await api.allowAnalytics(workspace);
    expect(await status()).toBe(412);
    api.clock.advance(60_000);
    expect(await status(), 'the last stale answer').toBe(412);
    await expect.poll(status).toBe(200);
  });
});

describe('a text that is refused', () => {
  test.each([
    ['', 'invalid_analytics_query'],
    ['SELECT 1', 'invalid_analytics_query'],
    ['SELECT count() FROM key_verifications_v1; SELECT 1', 'invalid_analytics_query'],
    ['DELETE FROM key_verifications_v1 WHERE time < now()', 'invalid_analytics_query_type'],
    ['SELECT * FROM default.key_verifications_raw_v2', 'invalid_analytics_table'],
    ['SELECT * FROM key_verifications_raw_v2', 'invalid_analytics_table'],
    ['SELECT * FROM key_verifications', 'invalid_analytics_table'],
    ['SELECT * FROM system.tables', 'invalid_analytics_table'],
    ['SELECT count() FROM ratelimits_v1', 'invalid_analytics_table'],
    ["SELECT file('/etc/passwd') FROM key_verifications_v1", 'invalid_analytics_function'],
    [
      'SELECT key_id FROM key_verifications_v1 WHERE time >= now() - INTERVAL 60 DAY',
      'query_range_exceeds_retention',
    ],
    ['SELECT * FROM key_verifications_per_hour_v1', 'invalid_analytics_query'],
    ['SELECT INTERVAL 1 DAY FROM key_verifications_v1', 'invalid_analytics_query'],
    ['SELECT nonexistent_column FROM key_verifications_v1', 'invalid_analytics_query'],
  ])('%s', async (query, specific) => {
    const { status, body } = await ask(query);
    expect({ status, type: body.error.type }, JSON.stringify(body)).toEqual({
      status: 400,
      type: userErrorType(`bad_request/${specific}`),
    });
    const told = body.error.detail.replace('default.key_verifications_raw_v2', 'what the caller said');
    expect(told).not.toContain(workspaceId);
    expect(told).not.toContain('default.');
  });

  test('names an unknown column without naming what it was looked for in', async () => {
    const { body } = await ask('SELECT nonexistent_column FROM key_verifications_v1');
    expect(body.error.detail).toContain('Unknown');
    expect(body.error.detail).not.toMatch(/default\.|_raw_|nonexistent/);
  });

  test('says how far back a query may look; exactly so far is allowed, and further with a longer retention', async () => {
    const query = (days: number) =>
      `SELECT count() AS n FROM key_verifications_v1 WHERE time >= now() - INTERVAL ${days} DAY`;
    expect((await ask(query(60))).body.error.detail).toContain('30 days');
    expect((await ask(query(30))).status).toBe(200);
    const workspace = await api.analyticsWorkspace({ retentionDays: 90 });
    expect((await ask(query(60), EVERYTHING, workspace)).status).toBe(200);
  });

  test('is too long from 16385 bytes on', async () => {
    const query = (bytes: number): string => {
      const [head, tail] = ["SELECT key_id FROM key_verifications_v1 WHERE key_id != '", "'"];
      return `${head}${'x'.repeat(bytes - head.length - tail.length)}${tail}`;
    };
    expect((await ask(query(16_384))).status).toBe(200);
    const { status, body } = await ask(query(16_385));
    expect(status).toBe(400);
    expect(body.error.detail).toContain('maximum length');
  });

  test('the body has to hold a text called query, and may hold more', async () => {
    const key = await api.rootKey(EVERYTHING, workspaceId);
    for (const body of [{ sql: 'SELECT 1' }, { query: 5 }, {}, []]) {
      const answer = await api.call('analytics.getVerifications', body, key);
      expect({ status: answer.status, type: answer.body.error.type }).toEqual({
        status: 400,
        type: errorType('application/invalid_input'),
      });
    }
    const query = 'SELECT count() AS n FROM key_verifications_v1';
    expect((await api.call('analytics.getVerifications', { query, more: true }, key)).status).toBe(200);
  });
});

describe('retention', () => {
  test('bounds what a query sees that says nothing about time', async () => {
    const workspace = await api.analyticsWorkspace({ retentionDays: 7 });
    const day = 24 * 60 * 60_000;
    await api.write(
      'key_verifications_raw_v2',
      ...[0, 6, 20, 40].map((days) =>
        verificationRow(workspace, { time: Date.now() - days * day, key_id: `${days}` }),
      ),
    );
    const seen = async (table: string) =>
      (await ask(`SELECT key_id FROM ${table} GROUP BY key_id ORDER BY key_id`, EVERYTHING, workspace)).body
        .data;
    for (const table of [
      'key_verifications_v1',
      'key_verifications_per_hour_v1',
      'key_verifications_per_day_v1',
    ])
      expect(await seen(table), table).toEqual([{ key_id: '0' }, { key_id: '6' }]);
  });
});

describe('quota', () => {
  test('lets the allowed number of queries through, then 429 until the window ends', async () => {
    const workspace = await api.analyticsWorkspace({ maxQueriesPerWindow: 1 });
    const key = await api.rootKey(EVERYTHING, workspace);
    const run = (query = 'SELECT count() AS n FROM key_verifications_v1') =>
      api.call('analytics.getVerifications', { query }, key);
    expect((await run('SELECT nothing')).status, 'what is not run is not counted').toBe(400);
    expect((await run()).status).toBe(200);
    const { status, body } = await run();
    expect({ status, type: body.error.type }).toEqual({
      status: 429,
      type: userErrorType('too_many_requests/query_quota_exceeded'),
    });
    api.clock.advance(60 * 60_000);
    expect((await run()).status).toBe(200);
  });
});

describe('limits of one query', () => {
  test('more bytes of memory than allowed: 422', async () => {
    const workspace = await api.analyticsWorkspace({ maxQueryMemoryBytes: 100_000 });
    await api.write(
      'key_verifications_raw_v2',
      ...Array.from({ length: 20_000 }, (_, n) => verificationRow(workspace, { key_id: `key_${n}` })),
    );
    const { status, body } = await ask(
      'SELECT key_id, groupArray(request_id) FROM key_verifications_v1 GROUP BY key_id',
      EVERYTHING,
      workspace,
    );
    expect({ status, type: body.error?.type }).toEqual({
      status: 422,
      type: userErrorType('unprocessable_entity/query_memory_limit_exceeded'),
    });
  });

  test('an answer of more than 4 MiB: 422', async () => {
    const workspace = await api.analyticsWorkspace();
    await api.write(
      'key_verifications_raw_v2',
      ...Array.from({ length: 50 }, () => verificationRow(workspace, { external_id: '"'.repeat(50_000) })),
    );
    // 2.5 MB in the engine, twice as much when each quote is escaped.
    const { status, body } = await ask('SELECT external_id FROM key_verifications_v1', EVERYTHING, workspace);
    expect({ status, type: body.error?.type }).toEqual({
      status: 422,
      type: userErrorType('unprocessable_entity/query_memory_limit_exceeded'),
    });
    expect(
      (await ask('SELECT external_id FROM key_verifications_v1 LIMIT 10', EVERYTHING, workspace)).status,
    ).toBe(200);
  });

  test('rows: every SELECT is limited to what the workspace may have', async () => {
    const workspace = await api.analyticsWorkspace({ maxQueryResultRows: 3 });
    await api.write(
      'key_verifications_raw_v2',
      ...Array.from({ length: 5 }, () => verificationRow(workspace)),
    );
    const { body } = await ask('SELECT key_id FROM key_verifications_v1 LIMIT 1000', EVERYTHING, workspace);
    expect(body.data).toHaveLength(3);
  });

  test('a query that runs too long: 422', async () => {
    const workspace = await api.analyticsWorkspace({ maxQueryExecutionTime: 1 });
    await api.write(
      'key_verifications_raw_v2',
      ...Array.from({ length: 3000 }, () => verificationRow(workspace)),
    );
    const { status, body } = await ask(
      `SELECT count() AS n FROM (SELECT 1 AS x FROM key_verifications_v1) a
         CROSS JOIN (SELECT 1 AS y FROM key_verifications_v1) b
         CROSS JOIN (SELECT 1 AS z FROM key_verifications_v1) c WHERE x + y + z > 5`,
      EVERYTHING,
      workspace,
    );
    expect({ status, type: body.error?.type }).toEqual({
      status: 422,
      type: userErrorType('unprocessable_entity/query_execution_timeout'),
    });
  });
});

describe('values', () => {
  test('times of rolled-up tables are RFC 3339, numbers are numbers', async () => {
    const { status, body } = await ask('SELECT time, count FROM key_verifications_per_hour_v1 LIMIT 1');
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.data).toEqual([
      { time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:00:00Z$/), count: expect.any(Number) },
    ]);
    const day = await ask('SELECT time FROM key_verifications_per_day_v1 LIMIT 1');
    expect(day.body.data[0].time).toMatch(/T00:00:00Z$/);
  });

  test('integers beyond 2^53 are exact and unquoted on the wire', async () => {
    const workspace = await api.analyticsWorkspace();
    await api.write(
      'key_verifications_raw_v2',
      verificationRow(workspace, { spent_credits: 9_007_199_254_740_993n }),
    );
    const key = await api.rootKey(EVERYTHING, workspace);
    const response = await api.fetch('/v2/analytics.getVerifications', {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: 'SELECT spent_credits FROM key_verifications_v1' }),
    });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toContain('"data":[{"spent_credits":9007199254740993}]');
  });

  test('a row has the names of the engine; of equal ones the last counts, and none of them is special', async () => {
    const workspace = await api.analyticsWorkspace();
    await api.write('key_verifications_raw_v2', verificationRow(workspace));
    const { body } = await ask(
      'SELECT count(), 1 AS a, 1 AS a, 3 AS toJSON, 4 AS `__proto__` FROM key_verifications_v1',
      EVERYTHING,
      workspace,
    );
    expect(JSON.stringify(body.data)).toBe('[{"count()":1,"a":1,"toJSON":3,"__proto__":4}]');
  });
});
