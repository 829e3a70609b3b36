import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { CacheBroadcast, Invalidations, LocalCache } from '../cache/invalidations.ts';
import type { Cluster, InvalidationMessage } from './cluster.ts';
import { createInvalidationQueue, type InvalidationQueue } from './invalidation-queue.ts';

export interface CacheClusterOptions {
  readonly cluster: Cluster;
  /** The instance id, which this node's own messages carry. */
  readonly nodeId: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface CacheCluster extends Invalidations {
  /** Sends what waits. To be called before the cluster is left. Idempotent. */
  close(): Promise<void>;
}

interface Member {
  readonly cache: LocalCache;
  readonly queue: InvalidationQueue;
}

/**
 * Keeps the caches of one name alike on all nodes: what one drops, the others drop. Source: cache side of the gossip
 * cluster, caches chapter.
 */
export function createCacheCluster(options: CacheClusterOptions): CacheCluster {
  const { cluster, nodeId, clock, metrics, log } = options;
  const members = new Map<string, Member>();

  const apply = ({ cache }: Member, { keys }: InvalidationMessage): void => {
    if (keys === 'all') cache.clearLocally();
    else for (const key of keys) cache.removeLocally(key);
  };

  const receive = (
    message: InvalidationMessage,
  ): 'handled' | 'skipped_self' | 'skipped_unknown' | 'error' => {
    if (message.sourceInstance === nodeId) return 'skipped_self';
    const member = members.get(message.cacheName);
    if (member === undefined) return 'skipped_unknown';
    const lagMs = Math.max(0, clock.now() - message.sentAt);
    metrics.gauge('unkey_cache_invalidation_lag_seconds', {}, lagMs / 1000);
    try {
      apply(member, message);
      return 'handled';
    } catch (error) {
      log.error({ err: error, cache: message.cacheName }, 'an invalidation of another node failed');
      return 'error';
    }
  };

  cluster.subscribe((message) => {
    const status = receive(message);
    metrics.count(
      'unkey_cache_clustering_invalidations_received_total',
      // A name that no cache here has is the other node's to know, and no label.
      {
        cache_name: status === 'skipped_unknown' ? 'unknown' : message.cacheName,
        action: actionOf(message),
        status,
      },
      eventsIn(message),
    );
  });

  const send = async (cacheName: string, keys: readonly string[] | 'all', since: number): Promise<void> => {
    const message: InvalidationMessage = {
      kind: 'cache-invalidation',
      cacheName,
      keys,
      sentAt: since,
      sourceInstance: nodeId,
    };
    try {
      await cluster.broadcast(message);
      metrics.count(
        'unkey_cache_clustering_invalidations_sent_total',
        { cache_name: cacheName, action: actionOf(message) },
        eventsIn(message),
      );
    } catch (error) {
      metrics.count('unkey_cache_clustering_broadcast_errors_total');
      log.error({ err: error, cache: cacheName }, 'an invalidation could not be sent');
    }
  };

  return {
    join(cacheName, cache): CacheBroadcast {
      if (members.has(cacheName)) throw new Error(`the cache ${cacheName} is in the cluster already`);
      const queue = createInvalidationQueue({
        clock,
        send: (keys, since) => send(cacheName, keys, since),
      });
      members.set(cacheName, { cache, queue });
      return {
        removed: (keys) => queue.add(keys),
        cleared: () => queue.addAll(),
      };
    },

    async close() {
      await Promise.all([...members.values()].map(({ queue }) => queue.close()));
    },
  };
}

const actionOf = ({ keys }: InvalidationMessage): string => (keys === 'all' ? 'clear_all' : 'key');
const eventsIn = ({ keys }: InvalidationMessage): number => (keys === 'all' ? 1 : keys.length);
