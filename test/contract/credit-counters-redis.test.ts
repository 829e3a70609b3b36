import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../../src/lib/logger.ts';
import type { CreditCounters } from '../../src/storage/counters/credit-counters.ts';
import { createRedisCreditCounters } from '../../src/storage/counters/credit-counters-redis.ts';
import { openRedis, type RedisConnection } from '../../src/storage/counters/redis-connection.ts';
import { redisUrl, requireOrSkip } from '../support/servers.ts';
import { describeCreditCounters } from './credit-counters.contract.ts';

async function connected(): Promise<RedisConnection> {
  const redis = openRedis(redisUrl(), { log: silentLogger });
  await vi.waitUntil(
    () =>
      redis.ping().then(
        () => true,
        () => false,
      ),
    { timeout: 15_000 },
  );
  return redis;
}

describe.runIf(requireOrSkip('redis'))('Redis', () => {
  describeCreditCounters('Redis', async () => {
    const redis = await connected();
    return { counters: createRedisCreditCounters({ redis }), close: async () => redis.close() };
  });

  describe('credit counters on a Redis server that others use too', () => {
    let redis: RedisConnection;
    let counters: CreditCounters;
    let other: Redis;
    const fresh = (): string => `key_${crypto.randomUUID()}`;

    beforeAll(async () => {
      redis = await connected();
      counters = createRedisCreditCounters({ redis });
      other = new Redis(redisUrl());
    });
    afterAll(async () => {
      redis.close();
      await other.quit();
    });

    async function keyWith(remaining: number): Promise<string> {
      const keyId = fresh();
      const hydration = await counters.beginHydration(keyId);
      await counters.finishHydration(keyId, { token: hydration?.token ?? '', remaining, struckLedgers: [] });
      return keyId;
    }

    test('a process is known to keep a ledger of the key before anything is spent', async () => {
      const keyId = await keyWith(10);
      const heard: string[] = [];
      const monitor = await other.duplicate().monitor();
      monitor.on('monitor', (_time: string, args: string[]) => {
        if (args.includes('SADD') || args.includes('HINCRBY')) heard.push(args[0] ?? '');
      });
      try {
        await counters.spend(keyId, 1, { id: 'a', enlistFor: `process_${keyId}` });
        await vi.waitUntil(() => heard.length === 2);
      } finally {
        monitor.disconnect();
      }
      expect(heard).toEqual(['SADD', 'HINCRBY']);
    });

    test('what a fleet leaves behind ends by itself when nobody comes back', async () => {
      const processId = fresh();
      await counters.beat(processId);
      expect(await other.pttl('credits:processes')).toBeGreaterThan(0);
      await counters.discharge(processId);
    });

    test('a counter is a plain number that lives 60 s from its start, however it is used', async () => {
      const keyId = await keyWith(10);
      const counter = `credits:${keyId}`;
      expect(await other.get(counter)).toBe('10');
      expect(await other.ttl(counter)).toBeGreaterThan(55);
      await other.expire(counter, 30);
      await counters.spend(keyId, 4, { id: 'a' });
      expect(await other.get(counter)).toBe('6');
      expect(await other.ttl(counter)).toBeLessThanOrEqual(30);
    });

    test('everything that is left behind has an end', async () => {
      const keyId = await keyWith(10);
      const processId = crypto.randomUUID();
      await counters.spend(keyId, 4, { id: 'a', enlistFor: processId });
      await counters.beginHydration(fresh());
      expect(await other.ttl(`{credits:${keyId}}:spent`)).toBeGreaterThan(86_000);
      expect(await other.ttl(`credits:enlisted:${processId}`)).toBeGreaterThan(86_000);
      expect(await other.exists(`{credits:${keyId}}:hydration`)).toBe(0);
    });

    test('counts with what another implementation has put into the counter', async () => {
      const keyId = fresh();
      await other.set(`credits:${keyId}`, 5, 'EX', 60);
      expect(await counters.spend(keyId, 2, { id: 'a' })).toEqual({ outcome: 'taken', remaining: 3 });
    });

    test('a counter that holds no number is replaced', async () => {
      const keyId = fresh();
      await other.set(`credits:${keyId}`, 'many', 'EX', 60);
      expect((await counters.spend(keyId, 2, { id: 'a' })).outcome).toBe('absent');
      expect(await counters.beginHydration(keyId)).toBeDefined();
    });

    test('a server that has forgotten the scripts gets them again', async () => {
      const keyId = await keyWith(10);
      await counters.spend(keyId, 1, { id: 'a' });
      await other.script('FLUSH');
      await Promise.all([1, 2, 3].map(() => counters.spend(keyId, 1, { id: 'a' })));
      expect(await counters.spent([keyId])).toEqual([new Map([['a', 4]])]);
    });
  });
});
