// Gossip nodes on loopback, on ports that the system chooses.
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import type { Cluster, ClusterMember } from '../../src/services/cluster/cluster.ts';
import { formatEndpoint } from '../../src/services/cluster/gossip/endpoints.ts';
import { GossipCluster } from '../../src/services/cluster/gossip/gossip-cluster.ts';
import type { PoolName } from '../../src/services/cluster/gossip/options.ts';
import { openPool } from '../../src/services/cluster/gossip/pool.ts';

export interface GossipNodeOptions {
  readonly nodeId: string;
  readonly region?: string;
  /** Base64; '' = everyone is admitted. */
  readonly secretKey?: string;
  readonly lanSeeds?: readonly string[];
  readonly wanSeeds?: readonly string[];
  readonly wanAdvertiseAddr?: string;
  /** 0 = any free one, the default. */
  readonly lanPort?: number;
  readonly wanPort?: number;
}

export interface GossipNode {
  readonly nodeId: string;
  readonly cluster: Cluster;
  /** `host:port` by which the node is dialled in its pools; of a pool that it left, the last. */
  readonly address: ReadonlyMap<PoolName, string>;
  /** Node ids in the pool, sorted. */
  members(pool: PoolName): readonly string[];
}

export const gossipSecret = (): string => randomBytes(32).toString('base64');

export async function startGossipNode(options: GossipNodeOptions): Promise<GossipNode> {
  const { nodeId, region = 'eu', secretKey = '', wanAdvertiseAddr = '' } = options;
  const identity = { nodeId, region };
  const reporting = { clock: systemClock, metrics: silentMetrics, log: silentLogger };
  const address = new Map<PoolName, string>();
  const cluster = await GossipCluster.open({
    ...reporting,
    identity,
    openPool: async (pool, events) => {
      const opened = await openPool({
        ...reporting,
        pool,
        identity,
        secretKey,
        events,
        bindAddr: '127.0.0.1',
        port: (pool === 'lan' ? options.lanPort : options.wanPort) ?? 0,
        seeds: (pool === 'lan' ? options.lanSeeds : options.wanSeeds) ?? [],
        advertiseAddr: pool === 'lan' ? '' : wanAdvertiseAddr,
      });
      for (const endpoint of opened.endpoints) address.set(pool, formatEndpoint(endpoint));
      return opened;
    },
  });
  const inPool = (pool: PoolName) => (member: ClusterMember) => member.pool === pool;
  return {
    nodeId,
    cluster,
    address,
    members: (pool) =>
      cluster
        .members()
        .filter(inPool(pool))
        .map((member) => member.nodeId)
        .sort(),
  };
}
