// A Redis Cluster of two servers, each with half of the keys.
import { Redis } from 'ioredis';
import { vi } from 'vitest';
import { findOnPath, freePort, startLocalRedis } from './servers-local.ts';
import type { StartedServer } from './servers-ready.ts';

const LAST_SLOT = 16_383;
const binary = await findOnPath('redis-server', 'valkey-server');
if (binary === undefined) process.stderr.write('skipped: this suite needs redis-server on PATH\n');

/** Whether a cluster can be started here; says so on standard error when not. */
export const clusterAvailable = binary !== undefined;

export interface RedisCluster {
  /** One of its servers; without `?cluster=true`. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startRedisCluster(): Promise<RedisCluster> {
  const nodes = await Promise.all([clusterNode(), clusterNode()]);
  await joinNodes(nodes);
  const [first] = nodes;
  return {
    url: first.server.url,
    stop: async () => {
      await Promise.all(nodes.map(({ server }) => server.stop()));
    },
  };
}

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
