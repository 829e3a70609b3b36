// How the API process stands to its Redis: at start, while it is away, and at its own end.
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { redisUrl, requireOrSkip } from '../support/servers.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { recordingLogger } from '../unit/support/recorders.ts';

describe.runIf(requireOrSkip('redis'))('the API on Redis', () => {
  let redis: Redis;
  let proxy: TcpProxy;
  let url: string;
  let api: TestApi | undefined;

  beforeAll(() => {
    redis = new Redis(redisUrl());
  });
  afterAll(() => redis.quit());
  beforeEach(async () => {
    const { hostname, port } = new URL(redisUrl());
    proxy = await startTcpProxy({ host: hostname, port: Number(port || 6379) });
    url = `redis://127.0.0.1:${proxy.port}`;
  });
  afterEach(async () => {
    await api?.stop();
    await proxy.close();
  });

  const ready = async (on: TestApi): Promise<{ status: number; redis: string }> => {
    const response = await on.fetch('/health/ready');
    const { checks } = (await response.json()) as { checks: { redis: string } };
    return { status: response.status, redis: checks.redis };
  };
  const limiting = async (on: TestApi): Promise<{ workspaceId: string; limit(): Promise<unknown> }> => {
    const workspaceId = await on.workspace();
    const token = await on.rootKey(['ratelimit.*.limit', 'ratelimit.*.create_namespace'], workspaceId);
    const body = { namespace: 'api', identifier: 'user_1', limit: 10, duration: 60_000 };
    return {
      workspaceId,
      limit: async () => {
        const answer = await on.call('ratelimit.limit', body, token);
        return answer.status === 200 ? answer.body.data.success : answer.body;
      },
    };
  };

  test('has told Redis of everything that it allowed when it has stopped', async () => {
    api = await startApi({ redisUrl: url });
    const { workspaceId, limit } = await limiting(api);
    expect(await Promise.all(Array.from({ length: 7 }, limit))).toEqual(Array(7).fill(true));
    expect(await api.stop()).toBe(true);
    const [key] = await redis.keys(`${workspaceId}-*`);
    expect(await redis.get(key ?? '')).toBe('7');
    expect(await redis.ttl(key ?? '')).toBeGreaterThan(0);
  });

  test('starts while Redis is away, limits by itself, and uses it once it is there', async () => {
    proxy.cut();
    const log = recordingLogger();
    api = await startApi({ redisUrl: url, log });
    const { workspaceId, limit } = await limiting(api);
    expect(await limit()).toBe(true);
    expect(await ready(api)).toEqual({ status: 200, redis: 'fail' });
    expect(log.lines.filter(({ message }) => message.startsWith('Redis is unreachable'))).toHaveLength(1);

    proxy.restore();
    const on = api;
    await expect
      .poll(
        async () => {
          on.clock.advance(1_000);
          return ready(on);
        },
        { timeout: 15_000 },
      )
      .toEqual({ status: 200, redis: 'ok' });
    expect(await limit()).toBe(true);
    await expect.poll(() => redis.keys(`${workspaceId}-*`), { timeout: 5_000 }).not.toEqual([]);
  });

  test.each([
    ['gone', () => proxy.cut()],
    ['silent', () => proxy.slow(Number.POSITIVE_INFINITY)],
  ])('limits by itself while Redis is %s, and stops cleanly all the same', async (_, leave) => {
    api = await startApi({ redisUrl: url });
    const { limit } = await limiting(api);
    expect(await limit()).toBe(true);
    leave();
    const outcomes: unknown[] = [];
    for (let i = 0; i < 12; i++) outcomes.push(await limit());
    expect(outcomes).toEqual([...Array(9).fill(true), false, false, false]);
    expect(await api.stop()).toBe(true);
  });
});

test('refuses a Redis URL that is none, without repeating it', async () => {
  const starting = startApi({ redisUrl: 'redis://user:sesame-open@host:port' });
  await expect(starting).rejects.toMatchObject({ problems: [{ path: 'redis_url' }] });
  await expect(starting).rejects.not.toThrow(/sesame-open/);
});
