// A Redis that dies, comes back empty, answers after ten seconds, or is cut off: decisions go on, nobody waits for long, and
// everything is as before once it is back, without a restart of the API.
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { type OwnServer, ownServer, ownServerOrSkip } from '../support/own-server.ts';
import { type RatelimitWorkspace, ratelimitWorkspace } from '../support/ratelimit.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

/** Far beyond what the limiters wait for Redis at most, far below ten seconds. */
const DEADLINE_MS = 5_000;
const MINUTE = 60_000;
const CREDITS = 30;

const faults: readonly {
  readonly name: string;
  readonly strike: (redis: OwnServer) => Promise<void> | void;
  readonly heal: (redis: OwnServer) => Promise<void> | void;
}[] = [
  {
    name: 'is killed and comes back empty',
    strike: (redis) => redis.kill(),
    heal: (redis) => redis.restart(),
  },
  {
    name: 'answers after ten seconds',
    strike: (redis) => redis.proxy.slow(10_000),
    heal: (redis) => redis.proxy.restore(),
  },
  {
    name: 'is parted from the API',
    strike: (redis) => redis.proxy.slow(Number.POSITIVE_INFINITY),
    heal: (redis) => redis.proxy.restore(),
  },
  {
    name: 'refuses connections',
    strike: (redis) => redis.proxy.cut(),
    heal: (redis) => redis.proxy.restore(),
  },
];

describe.runIf(await ownServerOrSkip('redis'))('while Redis', { timeout: 60_000 }, () => {
  let redis: OwnServer;
  let api: TestApi;
  let keys: TestWorkspace;
  let limits: RatelimitWorkspace;

  beforeAll(async () => {
    redis = await ownServer('redis');
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    api = await startApi({ redisUrl: redis.url });
    keys = await testWorkspace(api);
    limits = await ratelimitWorkspace(api);
  });
  afterEach(() => api.stop());

  /** The `data` of a 200 that comes in time. */
  async function answered(calling: Promise<Answer>): Promise<Record<string, unknown>> {
    const late = AbortSignal.timeout(DEADLINE_MS);
    const waiting = new Promise<never>((_resolve, reject) => {
      late.addEventListener('abort', () => reject(new Error(`no answer within ${DEADLINE_MS} ms`)));
    });
    const { status, body } = await Promise.race([calling, waiting]);
    expect([status, body.error]).toEqual([200, undefined]);
    return body.data;
  }

  const limit = (identifier: string): Promise<Record<string, unknown>> =>
    answered(
      limits.call('ratelimit.limit', { namespace: 'faults', identifier, limit: 10, duration: MINUTE }),
    );

  /** Resolves once what is decided here reaches Redis again. */
  async function untilRedisIsUsed(): Promise<void> {
    const direct = new Redis(redis.directUrl());
    const probe = crypto.randomUUID();
    let probes = 0;
    try {
      await expect
        .poll(
          async () => {
            // Breakers go by the API's clock.
            api.clock.advance(1_000);
            await limit(`${probe}-${probes++}`);
            return (await direct.keys(`*${probe}*`)).length;
          },
          { timeout: 20_000 },
        )
        .toBeGreaterThan(0);
    } finally {
      await direct.quit();
    }
  }

  test.each(faults)('$name, limits and credits are decided in time', async ({ strike, heal }) => {
    const limited = await keys.createKey({
      ratelimits: [
        { name: 'minute', limit: 10, duration: MINUTE, autoApply: true },
        { name: 'hour', limit: 100, duration: 60 * MINUTE, autoApply: true },
      ],
    });
    const credited = await keys.createKey({ credits: { remaining: CREDITS } });
    const verify = (key: string): Promise<Record<string, unknown>> =>
      answered(keys.call('keys.verifyKey', { key }));
    let spent = 0;
    const spend = async (): Promise<void> => {
      spent++;
      expect(await verify(credited.key)).toMatchObject({ code: 'VALID', credits: CREDITS - spent });
    };
    await limit('user');
    await verify(limited.key);
    await spend();

    await strike(redis);
    try {
      // 10 in a minute, of which one was taken before; the same for the key.
      for (let left = 8; left >= 0; left--) {
        expect(await limit('user')).toMatchObject({ success: true, remaining: left });
        expect(await verify(limited.key)).toMatchObject({ code: 'VALID' });
        await spend();
      }
      expect(await limit('user')).toMatchObject({ success: false });
      expect(await verify(limited.key)).toMatchObject({ code: 'RATE_LIMITED' });
      const batch = ['user', 'other'].map((identifier) => ({
        namespace: 'faults',
        identifier,
        limit: 10,
        duration: MINUTE,
      }));
      expect(await answered(limits.call('ratelimit.multiLimit', batch))).toMatchObject({ passed: false });
      // What never asked Redis before does not wait for it either.
      await Promise.all(Array.from({ length: 20 }, (_, index) => limit(`fresh-${index}`)));
    } finally {
      await heal(redis);
    }

    await untilRedisIsUsed();
    await spend();
    await spend();
    await expect.poll(() => storedCredits(credited.keyId), { timeout: 15_000 }).toBe(CREDITS - spent);
  });

  async function storedCredits(keyId: string): Promise<unknown> {
    const [row] = await api.db.primary.all<{ credits: unknown }>(
      'testCredits',
      'SELECT remaining_requests AS credits FROM `keys` WHERE id = :keyId',
      { keyId },
    );
    return row?.credits;
  }
});
