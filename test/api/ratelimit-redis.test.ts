// What standalone limits leave in Redis, and what they do without it.
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { startApi } from '../support/api.ts';
import { ratelimitWorkspace } from '../support/ratelimit.ts';
import { redisUrl, requireOrSkip } from '../support/servers.ts';

const check = (identifier: string, limit = 10) => ({
  namespace: 'api',
  identifier,
  limit,
  duration: 60_000,
});

describe.runIf(requireOrSkip('redis'))('with Redis', () => {
  test('a batch that fails leaves no counter, one that passes leaves its own', async () => {
    const api = await startApi({ redisUrl: redisUrl() });
    const ws = await ratelimitWorkspace(api);
    const passing = await ws.call('ratelimit.multiLimit', [check('counted'), check('counted too')]);
    expect(passing.body.data.passed).toBe(true);
    const failing = await ws.call('ratelimit.multiLimit', [
      check('beside'),
      { ...check('too dear', 1), cost: 2 },
    ]);
    expect(failing.body.data.passed).toBe(false);
    // Whatever is still on its way to Redis gets there before a server stops.
    expect(await api.stop()).toBe(true);

    const redis = new Redis(redisUrl());
    const keys = await redis.keys(`*${ws.id}*`);
    const counted = (identifier: string) => keys.filter((key) => key.includes(identifier));
    expect(counted('counted')).toHaveLength(2);
    for (const key of counted('counted')) expect(await redis.get(key)).toBe('1');
    expect([...counted('beside'), ...counted('too dear')]).toEqual([]);
    await redis.quit();
  });
});

describe.runIf(requireOrSkip('redis'))(
  'an override whose window is longer than any lifetime that Redis takes',
  () => {
    test('leaves a counter that ends all the same', async () => {
      const api = await startApi({ redisUrl: redisUrl() });
      const ws = await ratelimitWorkspace(api);
      await ws.override(await ws.namespace('api'), 'for ever', 2, 2n ** 63n - 1n);
      const answers = [];
      for (let call = 0; call < 3; call++) answers.push(await ws.call('ratelimit.limit', check('for ever')));
      expect(answers.map(({ body }) => body.data.success)).toEqual([true, true, false]);
      expect(await api.stop()).toBe(true);

      const redis = new Redis(redisUrl());
      const [key] = await redis.keys(`${ws.id}-*`);
      expect(await redis.get(key ?? '')).toBe('2');
      expect(await redis.ttl(key ?? '')).toBeGreaterThan(0);
      await redis.quit();
    });
  },
);

describe('without Redis', () => {
  test('checks are decided and counted by the node alone', async () => {
    // Nothing listens on port 1.
    const api = await startApi({ redisUrl: 'redis://127.0.0.1:1' });
    const ws = await ratelimitWorkspace(api);
    const answers = [];
    for (let call = 0; call < 3; call++) answers.push(await ws.call('ratelimit.limit', check('alone', 2)));
    expect(answers.map(({ status, body }) => [status, body.data.success, body.data.remaining])).toEqual([
      [200, true, 1],
      [200, true, 0],
      [200, false, 0],
    ]);
    const batch = await ws.call('ratelimit.multiLimit', [check('alone', 2), check('beside')]);
    expect(batch.body.data).toMatchObject({ passed: false, limits: [{ passed: false }, { passed: true }] });
    await api.stop();
  });
});
