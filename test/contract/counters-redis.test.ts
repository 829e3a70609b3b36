import { Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Logger, silentLogger } from '../../src/lib/logger.ts';
import type { Counters } from '../../src/storage/counters/counters.ts';
import { openRedis, type RedisConnection } from '../../src/storage/counters/redis-connection.ts';
import { createRedisCounters } from '../../src/storage/counters/redis-counters.ts';
import { redisUrl, requireOrSkip } from '../support/servers.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { recordingLogger } from '../unit/support/recorders.ts';
import { describeCounters } from './counters.contract.ts';

const MINUTE = 60_000;

async function connected(url: string, log: Logger = silentLogger): Promise<RedisConnection> {
  const redis = openRedis(url, { log });
  await untilAnswering(redis);
  return redis;
}

async function untilAnswering(redis: RedisConnection): Promise<void> {
  await vi.waitUntil(() => answers(redis), { timeout: 15_000 });
}

function answers(redis: RedisConnection): Promise<boolean> {
  return redis.ping().then(
    () => true,
    () => false,
  );
}

/** What a promise rejects with, or a sentence. */
function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'did not fail',
    (error: unknown) => error,
  );
}

describe.runIf(requireOrSkip('redis'))('Redis', () => {
  describeCounters('Redis', async () => {
    const redis = await connected(redisUrl());
    return {
      counters: createRedisCounters({ redis }),
      elapse: () => undefined,
      close: async () => redis.close(),
    };
  });

  describe('counters on a Redis server that others use too', () => {
    let redis: RedisConnection;
    let counters: Counters;
    let other: Redis;
    const key = (): string => `unkey-test-${crypto.randomUUID()}`;

    beforeAll(async () => {
      redis = await connected(redisUrl());
      counters = createRedisCounters({ redis });
      other = new Redis(redisUrl());
    });
    afterAll(async () => {
      redis.close();
      await other.quit();
    });

    test('every key that is incremented gets an end, also one that somebody left without', async () => {
      const [fresh, immortal, ending] = [key(), key(), key()];
      await other.set(immortal, 5);
      await other.set(ending, 5, 'EX', 1_000);
      for (const each of [fresh, immortal, ending]) await counters.increment(each, 1, 30_500);
      expect(await other.ttl(fresh)).toBe(31);
      expect(await other.ttl(immortal)).toBe(31);
      expect(await other.ttl(ending)).toBeGreaterThan(900);
      expect(await other.get(immortal)).toBe('6');
    });

    test('a key that holds something else rejects without telling the arguments', async () => {
      const list = key();
      await other.rpush(list, 'x');
      await other.expire(list, 60);
      for (const failure of [
        await failureOf(counters.get([list])),
        await failureOf(counters.increment(list, 1, MINUTE)),
      ]) {
        expect(failure).toMatchObject({
          name: 'RedisError',
          message: expect.stringContaining('WRONGTYPE') as unknown,
        });
        expect(failure).not.toHaveProperty('command');
      }
      await other.set(list, 'seven', 'EX', 60);
      expect(await failureOf(counters.get([list]))).toMatchObject({ name: 'RedisError' });
    });

    test('a server that has forgotten the script gets it again', async () => {
      const counted = key();
      await counters.increment(counted, 1, MINUTE);
      await other.script('FLUSH');
      const sums = await Promise.all([1, 2, 3].map(() => counters.increment(counted, 1, MINUTE)));
      expect(sums.sort()).toEqual([2, 3, 4]);
    });

    test('the reads of one decision travel in one write', async () => {
      const writes = vi.spyOn(Socket.prototype, 'write');
      const reading = counters.get(Array.from({ length: 10 }, key));
      // Others of the same turn join in.
      const alongside = counters.get([key()]);
      await Promise.all([reading, alongside]);
      expect(writes.mock.calls.filter(([chunk]) => String(chunk).includes('unkey-test-'))).toHaveLength(1);
      writes.mockRestore();
    });

    test('a cluster that is asked for as a single server says what to do', async () => {
      const failure = await failureOf(
        redis.run((client) => client.eval("return redis.error_reply('MOVED 7 10.0.0.1:6379')", 0)),
      );
      expect(String(failure)).toContain('?cluster=true');
    });
  });

  describe('counters on a Redis server that goes away', () => {
    let proxy: TcpProxy;
    let redis: RedisConnection;
    let counters: Counters;
    let log: ReturnType<typeof recordingLogger>;
    const key = `unkey-test-${crypto.randomUUID()}`;

    beforeEach(async () => {
      const { hostname, port } = new URL(redisUrl());
      proxy = await startTcpProxy({ host: hostname, port: Number(port || 6379) });
      log = recordingLogger();
      redis = await connected(`redis://127.0.0.1:${proxy.port}`, log);
      counters = createRedisCounters({ redis });
    });
    afterEach(async () => {
      redis.close();
      await proxy.close();
    });

    test('rejects at once while it is gone, and counts on when it is back', async () => {
      await counters.increment(key, 1, MINUTE);
      proxy.cut();
      await expect
        .poll(() => failureOf(counters.get([key])), { timeout: 5_000 })
        .toMatchObject({ message: 'Redis is not connected' });
      expect(await failureOf(counters.increment(key, 1, MINUTE))).toMatchObject({ name: 'RedisError' });
      expect(await answers(redis)).toBe(false);

      proxy.restore();
      await untilAnswering(redis);
      expect(await counters.increment(key, 1, MINUTE)).toBe(2);
      expect(log.lines.map((line) => line.level)).toEqual(['warn', 'info']);
    });

    test('rejects what is under way when the connection is lost, and does not do it twice', async () => {
      const doubtful = `unkey-test-${crypto.randomUUID()}`;
      proxy.slow(Number.POSITIVE_INFINITY);
      const failing = failureOf(counters.increment(doubtful, 1, MINUTE));
      await new Promise(setImmediate);
      proxy.cut();
      expect(await failing).toBeInstanceOf(Error);
      proxy.restore();
      await untilAnswering(redis);
      expect(await counters.get([doubtful])).toEqual([0]);
    });

    test('rejects by its deadline when it keeps silent, also what waits behind', async () => {
      proxy.slow(Number.POSITIVE_INFINITY);
      const failures: Promise<unknown>[] = [];
      for (let turn = 0; turn < 3; turn++) {
        failures.push(failureOf(counters.get([key])), failureOf(counters.increment(key, 1, MINUTE)));
        await new Promise(setImmediate);
      }
      for (const failure of await Promise.all(failures))
        expect(failure).toMatchObject({ name: 'DeadlineError' });
      // The silent connection is given up, so that nobody waits for it again.
      await expect
        .poll(() => failureOf(counters.get([key])), { timeout: 5_000 })
        .toMatchObject({ message: 'Redis is not connected' });
      proxy.restore();
      await untilAnswering(redis);
      expect(await failureOf(counters.get([key]))).toBe('did not fail');
    });

    test('connects to a server that was gone, or silent, at first', async () => {
      for (const leave of [() => proxy.cut(), () => proxy.slow(Number.POSITIVE_INFINITY)]) {
        leave();
        const early = openRedis(`redis://127.0.0.1:${proxy.port}`, { log: silentLogger });
        expect(await failureOf(early.ping())).toMatchObject({ message: 'Redis is not connected' });
        await new Promise((resolve) => setTimeout(resolve, 50));
        proxy.restore();
        await untilAnswering(early);
        early.close();
      }
    });

    test('rejects for good once it is closed', async () => {
      redis.close();
      expect(await failureOf(counters.get([key]))).toMatchObject({ message: 'Redis is not connected' });
    });
  });

  test('a refused login is logged without the password', async () => {
    const log = recordingLogger();
    const url = new URL(redisUrl());
    url.username = 'nobody';
    url.password = 'sesame-open';
    const redis = openRedis(url.href, { log });
    await expect.poll(() => log.lines.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(await failureOf(redis.ping())).toMatchObject({ message: 'Redis is not connected' });
    redis.close();
    expect(JSON.stringify(log.lines)).toContain('WRONGPASS');
    expect(JSON.stringify(log.lines)).not.toContain('sesame-open');
  });
});

test('a URL that is none is refused without repeating it', () => {
  const open = () => openRedis('redis://user:sesame-open@host:port', { log: silentLogger });
  expect(open).toThrow(/cannot be parsed/);
  expect(open).not.toThrow(/sesame-open/);
});
