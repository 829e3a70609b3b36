import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { silentLogger } from '../../src/lib/logger.ts';
import { createRedisCreditCounters } from '../../src/storage/counters/credit-counters-redis.ts';
import { openRedis, type RedisConnection } from '../../src/storage/counters/redis-connection.ts';
import { createRedisCounters } from '../../src/storage/counters/redis-counters.ts';
import { findOnPath, freePort, startLocalRedis } from '../support/servers-local.ts';
import type { StartedServer } from '../support/servers-ready.ts';
import { describeCounters } from './counters.contract.ts';
import { describeCreditCounters } from './credit-counters.contract.ts';

const LAST_SLOT = 16_383;
const binary = await findOnPath('redis-server', 'valkey-server');
if (binary === undefined) process.stderr.write('skipped: this suite needs redis-server on PATH\n');

describe.runIf(binary !== undefined)('a Redis Cluster', () => {
  let nodes: ClusterNode[];

  beforeAll(async () => {
    nodes = await Promise.all([clusterNode(), clusterNode()]);
    await joinNodes(nodes);
  });
  afterAll(() => Promise.all(nodes.map(({ server }) => server.stop())));

  async function connected(): Promise<RedisConnection> {
    const redis = openRedis(`${nodes[0]?.server.url}?cluster=true`, { log: silentLogger });
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

interface ClusterNode {
  readonly server: StartedServer;
  /** Where nodes talk to each other. The usual port, ten thousand above the other, may not exist. */
  readonly busPort: number;
}

async function clusterNode(): Promise<ClusterNode> {
  const busPort = await freePort();
  const options = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
  return { server: await startLocalRedis(binary ?? '', options), busPort };
}

/** Gives each node its part of the slots and waits until all know of each other. */
async function joinNodes(nodes: readonly ClusterNode[]): Promise<void> {
  const clients = nodes.map(({ server }) => new Redis(server.url));
  const share = Math.ceil((LAST_SLOT + 1) / clients.length);
  for (const [index, client] of clients.entries()) {
    await client.cluster('ADDSLOTSRANGE', index * share, Math.min((index + 1) * share - 1, LAST_SLOT));
    await client.cluster('SET-CONFIG-EPOCH', index + 1);
    for (const { server, busPort } of nodes.slice(0, index)) {
      const { hostname, port } = new URL(server.url);
      await client.cluster('MEET', hostname, Number(port), busPort);
    }
  }
  const isWhole = async (client: Redis): Promise<boolean> => {
    const info = String(await client.cluster('INFO'));
    return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${clients.length}`);
  };
  await vi.waitUntil(async () => (await Promise.all(clients.map(isWhole))).every(Boolean), {
    timeout: 30_000,
    interval: 50,
  });
  for (const client of clients) client.disconnect();
}
