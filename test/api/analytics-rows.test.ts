import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnalyticsRecord } from '../../src/storage/analytics/analytics-store.ts';
import { rowsOnceThere, writtenRows } from '../support/analytics-rows.ts';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { type RatelimitWorkspace, ratelimitWorkspace } from '../support/ratelimit.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let ws: TestWorkspace;
let limits: RatelimitWorkspace;
beforeAll(async () => {
  api = await startApi({ clickhouse: 'chdb:' });
  ws = await testWorkspace(api);
  limits = await ratelimitWorkspace(api);
});
afterAll(() => api.stop());

const requestIdOf = (answer: Answer): string => String(answer.body.meta.requestId);

/** The rows that a request left in a table, once there are that many. */
function rowsOf(table: string, answer: Answer, count = 1): Promise<readonly AnalyticsRecord[]> {
  return writtenRows(api.analytics, table, { where: `request_id = '${requestIdOf(answer)}'`, count });
}

/**
 * The rows of the request in a table, known to be all: a request that came later has left its own. Rows of one table are
 * written in order.
 */
async function allRowsOf(table: string, answer: Answer): Promise<readonly AnalyticsRecord[]> {
  const { key } = await ws.createKey();
  const later = [
    await ws.call('keys.verifyKey', { key }),
    await limits.call('ratelimit.multiLimit', [
      { namespace: 'later', identifier: 'later', limit: 9, duration: 60_000 },
    ]),
  ];
  await Promise.all([
    rowsOf('key_verifications_raw_v2', later[0] as Answer),
    rowsOf('ratelimits_raw_v2', later[1] as Answer),
    rowsOf('api_requests_raw_v2', later[1] as Answer),
  ]);
  const where = `request_id = '${requestIdOf(answer)}'`;
  return writtenRows(api.analytics, table, { where, count: 0 });
}

describe('a verification', () => {
  test('leaves a row with every column', async () => {
    const { key, keyId } = await ws.createKey({
      externalId: 'user_1',
      credits: { remaining: 10 },
    });
    const tags = ['path="/ü"\n', 'b', 'b'];
    const answer = await ws.call('keys.verifyKey', { key, credits: { cost: 3 }, tags });
    const [row] = await rowsOf('key_verifications_raw_v2', answer);
    expect(row).toEqual({
      request_id: requestIdOf(answer),
      time: api.clock.now(),
      workspace_id: ws.id,
      key_space_id: ws.keyspaceId,
      identity_id: expect.stringMatching(/^id_/),
      external_id: 'user_1',
      key_id: keyId,
      region: 'test',
      source: 'api',
      app_id: '',
      outcome: 'VALID',
      tags,
      spent_credits: 3,
      latency: expect.any(Number),
    });
    expect(Number.isInteger(row?.latency)).toBe(true);
  });

  test('that is refused leaves one as well, and spends nothing', async () => {
    const { key } = await ws.createKey({ enabled: false });
    const answer = await ws.call('keys.verifyKey', { key, tags: ['t'] });
    expect(await rowsOf('key_verifications_raw_v2', answer)).toMatchObject([
      { outcome: 'DISABLED', spent_credits: 0, tags: ['t'], identity_id: '', external_id: '' },
    ]);
  });

  test('of an unknown key leaves none', async () => {
    const answer = await ws.call('keys.verifyKey', { key: 'nobody_knows_it' });
    expect(answer.body.data).toEqual({ valid: false, code: 'NOT_FOUND' });
    expect(await allRowsOf('key_verifications_raw_v2', answer)).toEqual([]);
  });

  test('with a tag that is no Unicode does not cost the rows around it', async () => {
    const { key } = await ws.createKey();
    const answer = await api.call(
      'keys.verifyKey',
      `{"key":${JSON.stringify(key)},"tags":["half \\ud800 pair"]}`,
      ws.rootKey,
    );
    expect(answer.status).toBe(200);
    expect(await rowsOf('key_verifications_raw_v2', answer)).toMatchObject([{ tags: ['half \ufffd pair'] }]);
  });

  test('is in the tables by minute, hour, day and month, and in the last uses', async () => {
    const { key, keyId } = await ws.createKey();
    const answer = await ws.call('keys.verifyKey', { key });
    await rowsOf('key_verifications_raw_v2', answer);
    // They are written one after the other, and the raw table is the first.
    for (const unit of ['minute', 'hour', 'day', 'month']) {
      const rows = await rowsOnceThere(
        api.analytics,
        `SELECT outcome, sum(count) AS count FROM key_verifications_per_${unit}_v3
          WHERE key_id = '${keyId}' GROUP BY outcome`,
      );
      expect(rows).toEqual([{ outcome: 'VALID', count: 1 }]);
    }
    const used = await rowsOnceThere(
      api.analytics,
      `SELECT time FROM key_last_used_v1 WHERE key_id = '${keyId}'`,
    );
    expect(used).toEqual([{ time: api.clock.now() }]);
  });
});

describe('a rate limit', () => {
  const check = (identifier: string, over: Record<string, unknown> = {}) => ({
    namespace: 'ns',
    identifier,
    limit: 10,
    duration: 60_000,
    ...over,
  });

  test('leaves a row with every column', async () => {
    const namespaceId = await limits.namespace('rows');
    const answer = await limits.call('ratelimit.limit', check('u "1"', { namespace: 'rows', cost: 4 }));
    const { reset } = answer.body.data;
    expect(await rowsOf('ratelimits_raw_v2', answer)).toEqual([
      {
        request_id: requestIdOf(answer),
        time: api.clock.now(),
        workspace_id: limits.id,
        namespace_id: namespaceId,
        identifier: 'u "1"',
        passed: true,
        latency: expect.any(Number),
        override_id: '',
        limit: 10,
        remaining: 6,
        reset_at: reset,
        tokens: 4,
      },
    ]);
  });

  test('tells the override that applied, and what was denied', async () => {
    const namespaceId = await limits.namespace('overridden');
    const overrideId = await limits.override(namespaceId, 'u', 0);
    const answer = await limits.call('ratelimit.limit', check('u', { namespace: 'overridden' }));
    expect(await rowsOf('ratelimits_raw_v2', answer)).toMatchObject([
      { passed: false, override_id: overrideId, limit: 0, remaining: 0, tokens: 1 },
    ]);
  });

  test('of several checks leaves one row a check', async () => {
    const answer = await limits.call('ratelimit.multiLimit', [check('a'), check('b', { cost: 11 })]);
    const rows = await rowsOf('ratelimits_raw_v2', answer, 2);
    expect(rows.map(({ identifier, passed }) => [identifier, passed]).toSorted()).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect(new Set(rows.map(({ time }) => time)).size).toBe(1);
  });

  test('whose caller declines metrics leaves neither its row nor one of the request', async () => {
    const rootKey = await api.rootKey(['ratelimit.*.limit', 'ratelimit.*.create_namespace'], limits.id);
    const decline = { 'X-Unkey-Metrics': 'disabled' };
    const declined = await api.call('ratelimit.limit', check('quiet'), rootKey, decline);
    expect(declined.status).toBe(200);
    const batch = await api.call('ratelimit.multiLimit', [check('loud')], rootKey, decline);
    expect(await allRowsOf('ratelimits_raw_v2', declined)).toEqual([]);
    expect(await allRowsOf('api_requests_raw_v2', declined)).toEqual([]);
    // Only ratelimit.limit honours it, and only once it has come so far.
    expect(await allRowsOf('ratelimits_raw_v2', batch)).toHaveLength(1);
    expect(await allRowsOf('api_requests_raw_v2', batch)).toHaveLength(1);
    const refused = await api.call('ratelimit.limit', {}, rootKey, decline);
    expect(refused.status).toBe(400);
    expect(await allRowsOf('api_requests_raw_v2', refused)).toHaveLength(1);
  });
});

describe('a request', () => {
  test('leaves a row with every column, and no secret', async () => {
    const { key, keyId } = await ws.createKey();
    const sent = JSON.stringify({ key, tags: ['key'] });
    const response = await api.fetch('/v2/keys.verifyKey?a=1&b=%20&a=2', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${ws.rootKey}`,
        cookie: 'session=s3cret',
        'user-agent': 'test/1',
        'x-forwarded-for': '  1.2.3.4:80 , 5.6.7.8',
        'x-custom-header': 'v',
      },
      body: sent,
    });
    const text = await response.text();
    const answer: Answer = { status: response.status, headers: response.headers, body: JSON.parse(text) };
    const [row] = await rowsOf('api_requests_raw_v2', answer);
    expect(row).toEqual({
      request_id: requestIdOf(answer),
      time: api.clock.now(),
      workspace_id: ws.id,
      host: new URL(api.url).host,
      method: 'POST',
      path: '/v2/keys.verifyKey',
      query_string: 'a=1&b=%20&a=2',
      query_params: { a: ['1', '2'], b: [' '] },
      request_headers: expect.arrayContaining([
        'Authorization: [REDACTED]',
        'Cookie: [REDACTED]',
        'Content-Type: application/json',
        'User-Agent: test/1',
        'X-Custom-Header: v',
      ]),
      request_body: sent.replace(key, '[REDACTED]'),
      response_status: 200,
      response_headers: expect.arrayContaining(['Content-Type: application/json']),
      response_body: text,
      error: '',
      service_latency: expect.any(Number),
      user_agent: 'test/1',
      ip_address: '1.2.3.4',
      region: 'test',
    });
    expect(JSON.parse(String(row?.request_body))).toEqual({ key: '[REDACTED]', tags: ['key'] });
    expect(String(row?.request_headers)).not.toMatch(/X-Forwarded-For|Host|s3cret|Bearer/);
    expect(text).toContain(keyId);
  });

  test('that makes a secret keeps it from the row, not from the caller', async () => {
    const answer = await ws.call('keys.createKey', { apiId: ws.apiId });
    const { key, keyId } = answer.body.data;
    expect(key).toMatch(/^[\w-]{10,}$/);
    const [row] = await rowsOf('api_requests_raw_v2', answer);
    expect(JSON.parse(String(row?.response_body)).data).toEqual({ keyId, key: '[REDACTED]' });
    expect(JSON.stringify(row)).not.toContain(key);
  });

  test('that is refused tells the inner reason, and of nobody when nobody is known', async () => {
    const answer = await api.call('keys.verifyKey', { key: 'a_secret_text' }, 'not_a_root_key');
    expect(answer.status).toBe(401);
    const [row] = await rowsOf('api_requests_raw_v2', answer);
    expect(row).toMatchObject({
      workspace_id: '',
      response_status: 401,
      request_body: '{"key":"[REDACTED]"}',
    });
    expect(row?.error).not.toBe('');
  });

  test('that is refused for no inner reason tells the code, not what the caller was told', async () => {
    const answer = await ws.call('apis.getApi', { apiId: 'api_of_nobody' });
    expect(answer.status).toBe(404);
    expect(await rowsOf('api_requests_raw_v2', answer)).toMatchObject([
      { error: 'err:unkey:data:api_not_found' },
    ]);
  });

  test('that does not fit the schema leaves no reason', async () => {
    const answer = await ws.call('keys.verifyKey', {});
    expect(await rowsOf('api_requests_raw_v2', answer)).toMatchObject([{ response_status: 400, error: '' }]);
  });

  test('with a body that is cut off keeps its secrets too', async () => {
    const answer = await api.call('keys.verifyKey', '{"key":"s3cret_te', ws.rootKey);
    expect(answer.status).toBe(400);
    expect(await rowsOf('api_requests_raw_v2', answer)).toMatchObject([
      { request_body: '{"key":"[REDACTED]"' },
    ]);
  });

  test('for liveness, the document or its reference leaves none', async () => {
    for (const path of ['/v2/liveness', '/openapi.yaml', '/reference']) {
      expect((await api.fetch(path)).status).toBe(200);
    }
    const last = await ws.call('keys.verifyKey', { key: 'x' });
    await rowsOf('api_requests_raw_v2', last);
    const paths = await api.analytics?.query('SELECT DISTINCT path FROM api_requests_raw_v2');
    expect(paths?.map(({ path }) => path)).not.toContain('/v2/liveness');
    expect(paths?.every(({ path }) => /^\/v2\/(?!liveness)/.test(String(path)))).toBe(true);
  });
});
