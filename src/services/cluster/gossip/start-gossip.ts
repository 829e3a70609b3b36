import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Metrics } from '../../../lib/metrics.ts';
import { type Cluster, noCluster } from '../cluster.ts';
import type { GossipSettings } from './options.ts';

export interface GossipOptions {
  readonly config: GossipSettings;
  /** The instance id; unique in the fleet. */
  readonly nodeId: string;
  readonly region: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * Joins the gossip cluster. Resolves as soon as this node listens, the others are found behind; on any failure it logs
 * the error and yields a cluster of nobody else, for nothing but freshness depends on it. Never rejects.
 * Source: start-up and failure behaviour of the gossip cluster, caches chapter.
 */
export async function startGossip({ config, nodeId, region, ...reporting }: GossipOptions): Promise<Cluster> {
  try {
    // Loaded on use: a server without gossip does not pay for it.
    const [{ GossipCluster }, { openPool }] = await Promise.all([
      import('./gossip-cluster.ts'),
      import('./pool.ts'),
    ]);
    const identity = { nodeId, region };
    const { bindAddr, secretKey } = config;
    return await GossipCluster.open({
      ...reporting,
      identity,
      openPool: (pool, events) =>
        openPool({
          ...reporting,
          pool,
          identity,
          bindAddr,
          secretKey,
          events,
          port: pool === 'lan' ? config.lanPort : config.wanPort,
          seeds: pool === 'lan' ? config.lanSeeds : config.wanSeeds,
          advertiseAddr: pool === 'lan' ? '' : config.wanAdvertiseAddr,
        }),
    });
  } catch (error) {
    reporting.log.error(
      { err: error },
      'gossip does not start; this node does not tell the others what it changes, nor hears from them',
    );
    return noCluster;
  }
}
