import { afterAll, beforeAll, describe, vi } from 'vitest';
import { silentLogger } from '../../src/lib/logger.ts';
import { createRedisCreditCounters } from '../../src/storage/counters/credit-counters-redis.ts';
import { openRedis, type RedisConnection } from '../../src/storage/counters/redis-connection.ts';
import { createRedisCounters } from '../../src/storage/counters/redis-counters.ts';
import { clusterAvailable, type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { describeCounters } from './counters.contract.ts';
import { describeCreditCounters } from './credit-counters.contract.ts';

describe.runIf(clusterAvailable)('a Redis Cluster', () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  async function connected(): Promise<RedisConnection> {
    const redis = openRedis(`${cluster.url}?cluster=true`, { log: silentLogger });
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

  describeCounters('a Redis Cluster', async () => {
    const redis = await connected();
    return {
      counters: createRedisCounters({ redis }),
      elapse: () => undefined,
      close: async () => redis.close(),
    };
  });

  describeCreditCounters('a Redis Cluster', async () => {
    const redis = await connected();
    return { counters: createRedisCreditCounters({ redis }), close: async () => redis.close() };
  });
});
