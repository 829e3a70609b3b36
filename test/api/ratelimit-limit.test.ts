import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type RatelimitWorkspace, ratelimitWorkspace, W } from '../support/ratelimit.ts';

let api: TestApi;
let ws: RatelimitWorkspace;
let namespaceId: string;

beforeAll(async () => {
  api = await startApi({ startMs: W, testMode: true });
  ws = await ratelimitWorkspace(api);
  namespaceId = await ws.namespace('api');
});
afterAll(() => api.stop());

const errorType = (path: string) => `https://unkey.com/docs/errors/unkey/${path}`;

/** A check of 100 a minute in the namespace `api`, unless said otherwise. */
const check = (identifier: string, over: Record<string, unknown> = {}) => ({
  namespace: 'api',
  identifier,
  limit: 100,
  duration: 60_000,
  ...over,
});
const limit = async (identifier: string, over: Record<string, unknown>, at: number) => {
  const answer = await ws.call('ratelimit.limit', check(identifier, over), at);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.data;
};
const hit = async (times: number, identifier: string, over: Record<string, unknown>, at: number) => {
  for (let count = 0; count < times; count++) await limit(identifier, over, at);
};

describe('what is counted', () => {
  test('takes one token, and says nothing of an override when there is none', async () => {
    expect(await limit('first', {}, W)).toEqual({
      success: true,
      limit: 100,
      remaining: 99,
      reset: 1_700_000_100_000,
    });
  });

  test('takes as many tokens as the check costs, 0 too', async () => {
    expect((await limit('costs 5', { cost: 5 }, W)).remaining).toBe(95);
    expect((await limit('costs 0', { cost: 0 }, W)).remaining).toBe(100);
  });

  test('denies with 200 once the limit is used up', async () => {
    expect(await limit('once', { limit: 1 }, W)).toMatchObject({ success: true, remaining: 0 });
    expect(await limit('once', { limit: 1 }, W + 1)).toEqual({
      success: false,
      limit: 1,
      remaining: 0,
      reset: 1_700_000_100_000,
    });
  });

  test('takes nothing for a check that costs more than its limit', async () => {
    expect(await limit('dear', { limit: 10, cost: 11 }, W)).toMatchObject({ success: false, remaining: 0 });
    expect(await limit('dear', { limit: 10, cost: 1 }, W)).toMatchObject({ success: true, remaining: 9 });
  });

  test('denies the largest cost that can be asked for', async () => {
    const huge = { limit: Number.MAX_SAFE_INTEGER - 1, cost: Number.MAX_SAFE_INTEGER };
    expect(await limit('huge', huge, W)).toMatchObject({ success: false, remaining: 0 });
    expect(await limit('huge', { limit: 10 }, W)).toMatchObject({ success: true, remaining: 9 });
  });

  test('weighs the window before by what is left of it', async () => {
    await hit(10, 'half over', { limit: 10 }, W + 1000);
    expect(await limit('half over', { limit: 10 }, W + 90_000)).toEqual({
      success: true,
      limit: 10,
      remaining: 4,
      reset: 1_700_000_160_000,
    });

    await hit(10, 'nearly over', { limit: 10 }, W + 1000);
    expect(await limit('nearly over', { limit: 10 }, W + 114_000)).toMatchObject({
      success: true,
      remaining: 9,
    });

    await hit(10, 'just begun', { limit: 10 }, W + 1000);
    expect(await limit('just begun', { limit: 10 }, W + 60_000)).toMatchObject({ success: false });
  });

  test('lets a check that only looks pass at the limit, and not beyond it', async () => {
    await hit(10, 'looker', { limit: 10 }, W);
    expect(await limit('looker', { limit: 10, cost: 0 }, W)).toMatchObject({ success: true, remaining: 0 });
    expect(await limit('looker', { limit: 9, cost: 0 }, W)).toMatchObject({ success: false, remaining: 0 });
  });

  test('counts identifiers, durations and namespaces apart, and limits together', async () => {
    const other = await ws.namespace('other');
    await limit('apart', { cost: 10 }, W);
    expect((await limit('Apart', {}, W)).remaining).toBe(99);
    expect((await limit('apart', { duration: 120_000 }, W)).remaining).toBe(99);
    expect((await limit('apart', { namespace: other }, W)).remaining).toBe(99);
    expect((await limit('apart', { limit: 50 }, W)).remaining).toBe(39);
  });

  test('counts by name and by id of a namespace on one counter', async () => {
    await limit('either way', {}, W);
    expect((await limit('either way', { namespace: namespaceId }, W)).remaining).toBe(98);
  });
});

describe('overrides', () => {
  test('replace limit and duration', async () => {
    const id = await ws.namespace('overridden');
    const overrideId = await ws.override(id, 'u9', 200, 120_000);
    const windowStart = Math.trunc(W / 120_000) * 120_000;
    expect(await limit('u9', { namespace: 'overridden' }, W)).toEqual({
      success: true,
      limit: 200,
      remaining: 199,
      reset: windowStart + 120_000,
      overrideId,
    });
    // A counter of its own: what was taken under another duration does not show.
    expect((await limit('u9', { namespace: 'overridden', cost: 0 }, W)).remaining).toBe(199);
  });

  test('match patterns anchored at both ends, each identifier counted by itself', async () => {
    const id = await ws.namespace('patterns');
    const overrideId = await ws.override(id, 'p*', 5);
    const by = (identifier: string) => limit(identifier, { namespace: 'patterns' }, W);
    expect(await by('prefix_1')).toMatchObject({ limit: 5, remaining: 4, overrideId });
    expect(await by('prefix_2')).toMatchObject({ limit: 5, remaining: 4, overrideId });
    expect(await by('xprefix')).not.toHaveProperty('overrideId');
  });

  test('go by the identifier itself before any pattern, and take no character for special', async () => {
    const id = await ws.namespace('acme');
    await ws.override(id, '*@acme.com', 500);
    await ws.override(id, 'ceo@acme.com', 10_000);
    const by = async (identifier: string) => (await limit(identifier, { namespace: 'acme' }, W)).limit;
    expect(await by('ceo@acme.com')).toBe(10_000);
    expect(await by('bob@acme.com')).toBe(500);
    expect(await by('bob@acmeXcom')).toBe(100);
  });

  test('go by the pattern with the most literal characters, then by bytes', async () => {
    const id = await ws.namespace('precedence');
    await ws.override(id, '*', 1);
    await ws.override(id, 'team_*', 2);
    await ws.override(id, '*_blue', 3);
    await ws.override(id, 'team_b*', 4);
    const by = async (identifier: string) => (await limit(identifier, { namespace: 'precedence' }, W)).limit;
    expect(await by('team_blue')).toBe(4);
    expect(await by('team_red')).toBe(2);
    expect(await by('x_blue')).toBe(3);
    expect(await by('x')).toBe(1);

    const tied = await ws.namespace('tied');
    await ws.override(tied, 'b*', 2);
    await ws.override(tied, '*b', 1);
    expect((await limit('bb', { namespace: 'tied' }, W)).limit).toBe(1);
  });

  test('match by characters, line breaks included', async () => {
    const id = await ws.namespace('characters');
    await ws.override(id, 'αβ*🚀', 7);
    expect((await limit('αβ\nγ🚀', { namespace: 'characters' }, W)).limit).toBe(7);
    expect((await limit('αβ', { namespace: 'characters' }, W)).limit).toBe(100);
  });

  test('of 0 block without counting', async () => {
    const id = await ws.namespace('blocked');
    const overrideId = await ws.override(id, 'nobody', 0);
    const blocked = { success: false, limit: 0, remaining: 0, reset: 1_700_000_100_000, overrideId };
    expect(await limit('nobody', { namespace: 'blocked' }, W)).toEqual(blocked);
    expect(await limit('nobody', { namespace: 'blocked', cost: 0 }, W)).toEqual(blocked);
  });

  test('of 0 in an adopted database block until the end of their window, and fail without a window', async () => {
    const id = await ws.namespace('adopted blocks');
    await ws.override(id, 'for ever', 0, 2n ** 63n - 1n);
    await ws.override(id, 'no window', 0, 0);
    const body = check('for ever', { namespace: 'adopted blocks' });
    const token = await api.rootKey(['ratelimit.*.limit'], ws.id);
    for (const [operation, checks] of [
      ['limit', body],
      ['multiLimit', [body]],
    ] as const) {
      const response = await api.fetch(`/v2/ratelimit.${operation}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
        body: JSON.stringify(checks),
      });
      expect(await response.text()).toContain('"limit":0,"remaining":0,"reset":9223372036854775807,');
    }
    for (const [operation, checks] of [
      ['ratelimit.limit', { ...body, identifier: 'no window' }],
      ['ratelimit.multiLimit', [{ ...body, identifier: 'no window' }]],
    ] as const) {
      const answer = await ws.call(operation, checks);
      expect(answer.status).toBe(500);
      expect(answer.body.error.type).toBe(errorType('application/unexpected_error'));
      expect(answer.body.error.detail).toBe('The rate limit could not be checked.');
    }
  });

  test('of an adopted database are told exactly, however large', async () => {
    const id = await ws.namespace('adopted');
    await ws.override(id, 'whale', 9_007_199_254_740_993n);
    const response = await api.fetch('/v2/ratelimit.limit', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Bearer ${await api.rootKey(['ratelimit.*.limit'], ws.id)}`,
      },
      body: JSON.stringify(check('whale', { namespace: 'adopted' })),
    });
    expect(await response.text()).toContain('"limit":9007199254740993,"remaining":9007199254740992');
  });
});

describe('permissions', () => {
  test('are for all namespaces, or for this one by its stored id', async () => {
    for (const permission of ['ratelimit.*.limit', `ratelimit.${namespaceId}.limit`]) {
      for (const namespace of ['api', namespaceId]) {
        expect((await ws.as([permission], 'ratelimit.limit', check('may', { namespace }))).status).toBe(200);
      }
    }
  });

  test('are asked for with 403, naming no id that the request did not', async () => {
    for (const [permission, namespace] of [
      ['ratelimit.*.set_override', 'api'],
      ['ratelimit.api.limit', 'api'],
      [`unkey:v1:${ws.id}:**#*`, 'api'],
      ['ratelimit.*.create_namespace', namespaceId],
    ] as const) {
      const answer = await ws.as([permission], 'ratelimit.limit', check('may not', { namespace }));
      expect(answer.status).toBe(403);
      expect(answer.body.error).toMatchObject({
        title: 'Insufficient Permissions',
        type: errorType('authorization/insufficient_permissions'),
      });
      expect(answer.body.error.detail).toMatch(/^Missing.*ratelimit\.\*\.limit/);
      expect(answer.body.error.detail.includes(namespaceId)).toBe(namespace === namespaceId);
    }
  });

  test('to limit alone do not make a namespace', async () => {
    const answer = await ws.as(['ratelimit.*.limit'], 'ratelimit.limit', check('u', { namespace: 'unmade' }));
    expect(answer.status).toBe(403);
    expect(answer.body.error.detail).toContain('ratelimit.*.create_namespace');
    expect(await ws.namespacesNamed('unmade')).toEqual([]);
  });

  test('do not reach into another workspace', async () => {
    const stranger = await ratelimitWorkspace(api);
    for (const namespace of ['api', namespaceId]) {
      const answer = await stranger.as([], 'ratelimit.limit', check('u', { namespace }));
      expect(answer.status).toBe(403);
      expect(answer.body.error.detail).toContain('create_namespace');
    }
  });
});

describe('refusals', () => {
  test('says of a deleted namespace that it is gone, before it asks for permissions', async () => {
    await ws.namespace('gone', { deleted: true });
    for (const permissions of [['ratelimit.*.limit'], []]) {
      const answer = await ws.as(permissions, 'ratelimit.limit', check('u', { namespace: 'gone' }));
      expect(answer.status).toBe(410);
      expect(answer.body.error).toMatchObject({
        title: 'Resource Gone',
        type: errorType('data/ratelimit_namespace_gone'),
        detail: expect.stringContaining('deleted'),
      });
    }
    expect(await ws.namespacesNamed('gone')).toHaveLength(1);
  });

  test.each([
    [{ cost: -5 }, '/properties/cost/minimum'],
    [{ duration: 999 }, '/properties/duration/minimum'],
    [{ duration: 2_592_000_001 }, '/properties/duration/maximum'],
    [{ limit: 0 }, '/properties/limit/minimum'],
    [{ limit: 9_007_199_254_740_992 }, '/properties/limit/maximum'],
    [{ cost: 9_007_199_254_740_992 }, '/properties/cost/maximum'],
    [{ cost: null }, '/properties/cost/type'],
    [{ namespace: '' }, '/properties/namespace/minLength'],
    [{ identifier: '🦀'.repeat(513) }, '/properties/identifier/maxLength'],
    [{ extra: 1 }, '/additionalProperties'],
    [{ namespace: undefined }, '/required'],
  ])('refuses %.60j', async (over, location) => {
    const answer = await ws.call('ratelimit.limit', check('u', over));
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      title: 'Bad Request',
      type: errorType('application/invalid_input'),
      detail: expect.stringMatching(/POST.*'\/v2\/ratelimit\.limit'/),
    });
    expect(answer.body.error.errors).toContainEqual(expect.objectContaining({ location }));
  });

  test('refuses integers that are written otherwise, behind authentication', async () => {
    for (const literal of ['1e3', '5.0']) {
      const body = `{"namespace":"api","identifier":"u","limit":${literal},"duration":60000}`;
      const answer = await ws.call('ratelimit.limit', body);
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatchObject({ type: errorType('application/invalid_input'), errors: [] });
      expect((await api.call('ratelimit.limit', body, 'unknown')).status).toBe(401);
    }
  });

  test('tells a missing, a malformed and an unknown credential apart', async () => {
    expect((await api.call('ratelimit.limit', check('u'))).status).toBe(400);
    const malformed = await api.call('ratelimit.limit', check('u'), undefined, {
      Authorization: 'malformed_header',
    });
    expect(malformed.status).toBe(400);
    expect(malformed.body.error.type).toBe(errorType('authentication/malformed'));
    expect((await api.call('ratelimit.limit', check('u'), 'invalid_token')).status).toBe(401);
    expect((await api.call('ratelimit.limit', check('u', { cost: -1 }), 'invalid_token')).status).toBe(400);
  });
});

describe('X-Test-Time', () => {
  test('is ignored when it is no time', async () => {
    for (const value of ['', 'soon', '-1', '1e12']) {
      const answer = await api.call(
        'ratelimit.limit',
        check(`time ${value}`),
        await api.rootKey(['ratelimit.*.limit'], ws.id),
        { 'X-Test-Time': value },
      );
      expect(answer.body.data.reset).toBe(Math.trunc(api.clock.now() / 60_000) * 60_000 + 60_000);
    }
  });
});

test('lets all characters into names and identifiers, up to 512 of them', async () => {
  for (const name of ['  αβγ 🚀\n', 'a\u0000b\u0007', 'quotes \' " ` \\ $1 :x ?', '🦀'.repeat(512)]) {
    const id = await ws.namespace(name);
    const overrideId = await ws.override(id, name, 3);
    const { body, status } = await ws.call('ratelimit.limit', check(name, { namespace: name }), W);
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ limit: 3, remaining: 2, overrideId });
  }
});
