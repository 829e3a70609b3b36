import type { ServerConfig } from '../../config/server-config.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Invalidations } from '../../services/cache/invalidations.ts';
import { createCacheCluster } from '../../services/cluster/cache-cluster.ts';
import type { Cluster } from '../../services/cluster/cluster.ts';
import { startGossip } from '../../services/cluster/gossip/start-gossip.ts';
import type { Shutdown } from './shutdown.ts';

export interface InvalidationsDeps {
  readonly config: Pick<ServerConfig, 'instanceId' | 'region' | 'gossip'>;
  /** A cluster that exists already, used instead of gossip. */
  readonly cluster: Cluster | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly shutdown: Shutdown;
}

/**
 * How this process and others tell each other what their caches drop: over the cluster that is given, else over gossip
 * where that is configured; undefined = nobody is told, and what is cached elsewhere goes by age.
 */
export async function openInvalidations(deps: InvalidationsDeps): Promise<Invalidations | undefined> {
  const { config, clock, metrics, log, shutdown } = deps;
  const { instanceId: nodeId, region, gossip } = config;
  const reporting = { clock, metrics, log };
  const cluster =
    deps.cluster ??
    (gossip === undefined ? undefined : await startGossip({ config: gossip, nodeId, region, ...reporting }));
  if (cluster === undefined) return undefined;
  shutdown.add('connections', 'leaving the cluster', () => cluster.close());
  const invalidations = createCacheCluster({ cluster, nodeId, ...reporting });
  shutdown.add('buffers', 'cache invalidations', () => invalidations.close());
  return invalidations;
}
