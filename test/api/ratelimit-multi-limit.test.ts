import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type RatelimitWorkspace, ratelimitWorkspace, W } from '../support/ratelimit.ts';

let api: TestApi;
let ws: RatelimitWorkspace;
let a: string;
let b: string;

beforeAll(async () => {
  api = await startApi({ startMs: W, testMode: true });
  ws = await ratelimitWorkspace(api);
  a = await ws.namespace('a');
  b = await ws.namespace('b');
});
afterAll(() => api.stop());

const RESET = 1_700_000_100_000;

/** A check of 100 a minute in the namespace `a`, unless said otherwise. */
const check = (identifier: string, over: Record<string, unknown> = {}) => ({
  namespace: 'a',
  identifier,
  limit: 100,
  duration: 60_000,
  ...over,
});
const multiLimit = async (checks: readonly object[], at = W) => {
  const answer = await ws.call('ratelimit.multiLimit', checks, at);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.data;
};
const remaining = (data: { limits: { remaining: number }[] }) => data.limits.map((item) => item.remaining);

describe('a batch that passes', () => {
  test('answers every check in the order of the request', async () => {
    expect(
      await multiLimit([check('two'), check('two', { namespace: 'b', limit: 50, duration: 120_000 })]),
    ).toEqual({
      passed: true,
      limits: [
        { namespace: 'a', identifier: 'two', passed: true, limit: 100, remaining: 99, reset: RESET },
        {
          namespace: 'b',
          identifier: 'two',
          passed: true,
          limit: 50,
          remaining: 49,
          reset: Math.trunc(W / 120_000) * 120_000 + 120_000,
        },
      ],
    });
  });

  test('takes from each what its check costs', async () => {
    const data = await multiLimit([
      check('costs 1'),
      check('costs 3', { limit: 50, cost: 3 }),
      check('costs 10', { limit: 200, cost: 10 }),
    ]);
    expect(remaining(data)).toEqual([99, 47, 190]);
  });

  test('counts a namespace by name and by id on one counter, later checks seeing earlier ones', async () => {
    const data = await multiLimit([check('same', { limit: 10 }), check('same', { namespace: a, limit: 10 })]);
    expect(remaining(data)).toEqual([9, 8]);
    expect(data.limits.map(({ namespace }: { namespace: string }) => namespace)).toEqual(['a', a]);
  });

  test('shares its counters with ratelimit.limit', async () => {
    await multiLimit([check('shared', { cost: 10 })]);
    const single = await ws.call('ratelimit.limit', check('shared'), W);
    expect(single.body.data.remaining).toBe(89);
  });
});

describe('a batch that fails', () => {
  test('takes nothing, and says of each check how it stands by itself', async () => {
    const checks = [
      check('first', { limit: 100 }),
      check('second', { limit: 1 }),
      check('third', { limit: 300 }),
    ];
    await multiLimit(checks);
    for (let repeat = 0; repeat < 2; repeat++) {
      const data = await multiLimit(checks);
      expect(data.passed).toBe(false);
      expect(data.limits.map(({ passed }: { passed: boolean }) => passed)).toEqual([true, false, true]);
      expect(remaining(data)).toEqual([99, 0, 299]);
    }
  });

  test('fails by an override of 0, which is not counted itself', async () => {
    const overrideId = await ws.override(await ws.namespace('blocking'), 'nobody', 0);
    const checks = [check('beside'), check('nobody', { namespace: 'blocking' })];
    for (let repeat = 0; repeat < 2; repeat++) {
      expect(await multiLimit(checks)).toEqual({
        passed: false,
        limits: [
          { namespace: 'a', identifier: 'beside', passed: true, limit: 100, remaining: 100, reset: RESET },
          {
            namespace: 'blocking',
            identifier: 'nobody',
            passed: false,
            limit: 0,
            remaining: 0,
            reset: RESET,
            overrideId,
          },
        ],
      });
    }
  });

  test('goes by overrides', async () => {
    const overrideId = await ws.override(await ws.namespace('few'), 'u*', 3);
    const results = [];
    for (let call = 0; call < 4; call++) {
      results.push((await multiLimit([check('u1', { namespace: 'few' })])).limits[0]);
    }
    expect(results.map((result) => [result.passed, result.remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
    ]);
    for (const result of results) expect(result).toMatchObject({ limit: 3, overrideId });
  });
});

describe('namespaces', () => {
  test('that are missing are made, one audit event each', async () => {
    const names = ['made 1', 'made 2', 'made 3'];
    const before = (await ws.auditEvents('ratelimitNamespace.create')).length;
    const data = await multiLimit([...names, 'made 2'].map((namespace) => check('u', { namespace })));
    expect(data.passed).toBe(true);
    expect(remaining(data)).toEqual([99, 99, 99, 98]);
    for (const name of names) expect(await ws.namespacesNamed(name)).toHaveLength(1);
    const events = (await ws.auditEvents('ratelimitNamespace.create')).slice(before);
    expect(events.map(({ targets }) => targets[0]?.name).sort()).toEqual(names);
  });

  test('that are there already, unknown to this node, are used and not audited', async () => {
    await ws.call('ratelimit.getOverride', { namespace: 'made elsewhere', identifier: 'u' });
    const id = await ws.namespace('made elsewhere');
    const data = await multiLimit([
      check('u', { namespace: 'made elsewhere' }),
      check('u', { namespace: 'made here' }),
      check('u', { namespace: id }),
    ]);
    expect(remaining(data)).toEqual([99, 99, 98]);
    expect(await ws.namespacesNamed('made elsewhere')).toMatchObject([{ id }]);
    const audited = (await ws.auditEvents('ratelimitNamespace.create')).map(
      ({ targets }) => targets[0]?.name,
    );
    expect(audited).toContain('made here');
    expect(audited).not.toContain('made elsewhere');
  });

  test('are not made without the permission to, and nothing is counted', async () => {
    const checks = [check('no'), check('no', { namespace: 'not made' })];
    const answer = await ws.as(['ratelimit.*.limit'], 'ratelimit.multiLimit', checks);
    expect(answer.status).toBe(403);
    expect(answer.body.error.detail).toContain('ratelimit.*.create_namespace');
    expect(await ws.namespacesNamed('not made')).toEqual([]);
    expect(remaining(await multiLimit([check('no')]))).toEqual([99]);
  });

  test('that are deleted fail the whole request, for those who may limit, and nothing is counted', async () => {
    const gone = await ws.namespace('gone', { deleted: true });
    const checks = [check('left alone'), check('left alone', { namespace: 'gone' })];
    const answer = await ws.call('ratelimit.multiLimit', checks);
    expect(answer.status).toBe(410);
    expect(answer.body.error.type).toMatch('data/ratelimit_namespace_gone');
    expect((await ws.as([`ratelimit.${a}.limit`], 'ratelimit.multiLimit', checks)).status).toBe(403);
    const allowed = [`ratelimit.${a}.limit`, `ratelimit.${gone}.limit`];
    expect((await ws.as(allowed, 'ratelimit.multiLimit', checks)).status).toBe(410);
    expect(remaining(await multiLimit([check('left alone')]))).toEqual([99]);
  });
});

describe('permissions', () => {
  test('are needed for every namespace, or for all', async () => {
    const checks = [check('p'), check('p', { namespace: 'b' }), check('p', { namespace: a })];
    const both = [`ratelimit.${a}.limit`, `ratelimit.${b}.limit`];
    expect((await ws.as(both, 'ratelimit.multiLimit', checks)).status).toBe(200);
    const answer = await ws.as([`ratelimit.${a}.limit`], 'ratelimit.multiLimit', checks);
    expect(answer.status).toBe(403);
    expect(answer.body.error.detail).toMatch(/^Missing.*'?ratelimit\.\*\.limit/);
    expect(answer.body.error.detail).not.toContain(b);
  });

  test('name the namespaces that the request named by id', async () => {
    const checks = [check('p', { namespace: a }), check('p', { namespace: b })];
    const answer = await ws.as([`ratelimit.${a}.limit`], 'ratelimit.multiLimit', checks);
    expect(answer.body.error.detail).toContain(`ratelimit.${b}.limit`);
  });
});

test.each([
  [[], '/minItems'],
  [Array.from({ length: 101 }, () => check('u')), '/maxItems'],
  [{}, '/type'],
  [check('u'), '/type'],
  [[check('u'), check('u', { cost: -1 })], '/items/properties/cost/minimum'],
  [[check('u', { identifier: 'x'.repeat(513) })], '/items/properties/identifier/maxLength'],
  [[check('u', { limit: 9_007_199_254_740_992 })], '/items/properties/limit/maximum'],
  [[check('u', { extra: true })], '/items/additionalProperties'],
  [[{}], '/items/required'],
  [[null], '/items/type'],
])('refuses %.60j', async (body, location) => {
  const answer = await ws.call('ratelimit.multiLimit', body);
  expect(answer.status).toBe(400);
  expect(answer.body.error.errors).toContainEqual(expect.objectContaining({ location }));
});

test('takes 100 checks, and refuses an integer of any of them that is written otherwise', async () => {
  const hundred = Array.from({ length: 100 }, (_, index) => check(`hundred ${index}`));
  expect((await multiLimit(hundred)).limits).toHaveLength(100);
  const answer = await ws.call(
    'ratelimit.multiLimit',
    JSON.stringify(hundred).replace(/"limit":100(?=[^0-9][^[]*$)/, '"limit":1e2'),
  );
  expect(answer.status).toBe(400);
  expect(answer.body.error.errors).toEqual([]);
});
