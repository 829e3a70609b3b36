import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { SwrCache } from '../../../src/services/cache/swr-cache.ts';
import { type CacheCluster, createCacheCluster } from '../../../src/services/cluster/cache-cluster.ts';
import { type Cluster, noCluster } from '../../../src/services/cluster/cluster.ts';
import { recordingLogger, recordingMetrics } from '../support/recorders.ts';
import { inMemoryCluster } from './in-memory-cluster.ts';

const START = 1_700_000_000_000;

describe('caches of several nodes', () => {
  let network: ReturnType<typeof inMemoryCluster>;
  let clock: ManualClock;

  beforeEach(() => {
    network = inMemoryCluster();
    clock = new ManualClock(START);
  });

  function node(nodeId: string, cluster: Cluster = network.node()) {
    const metrics = recordingMetrics();
    const log = recordingLogger();
    const caches = createCacheCluster({ cluster, nodeId, clock, metrics, log });
    return { caches, cluster, metrics: metrics.values, log };
  }

  const cacheOf = (caches: CacheCluster, name = 'live_api_by_id') =>
    new SwrCache<string>({
      name,
      freshMs: 10_000,
      staleMs: 60_000,
      maxEntries: 100,
      clock,
      log: recordingLogger(),
      metrics: silentMetrics,
      invalidations: caches,
    });

  it('drop what one of them drops, and nothing else', async () => {
    const first = node('n1');
    const second = node('n2');
    const one = cacheOf(first.caches);
    const two = cacheOf(second.caches);
    const other = cacheOf(second.caches, 'workspace_limits');
    for (const cache of [one, two, other]) {
      cache.set('ws_1:a', 'old');
      cache.set('ws_1:b', 'kept');
    }
    one.remove('ws_1:a');
    await first.caches.close();
    expect(two.get('ws_1:a')).toBeUndefined();
    expect(two.get('ws_1:b')).toBe('kept');
    expect(other.get('ws_1:a')).toBe('old');
    expect(network.sent).toHaveLength(1);
  });

  it('empty themselves when one of them is emptied', async () => {
    const first = node('n1');
    const one = cacheOf(first.caches);
    const two = cacheOf(node('n2').caches);
    two.set('a', 'old');
    one.clear();
    await first.caches.close();
    expect(two.size).toBe(0);
    expect(network.sent).toMatchObject([{ cacheName: 'live_api_by_id', keys: 'all', sourceInstance: 'n1' }]);
  });

  it('drop, and do not store, what another node knows to be absent', async () => {
    const first = node('n1');
    const one = cacheOf(first.caches);
    const two = cacheOf(node('n2').caches);
    two.set('a', 'old');
    one.setNull('a');
    await first.caches.close();
    expect(one.get('a')).toBeNull();
    expect(two.get('a')).toBeUndefined();
  });

  it('do not tell what they store', async () => {
    const first = node('n1');
    const one = cacheOf(first.caches);
    one.set('a', 'new');
    await one.swr('b', async () => 'loaded');
    await first.caches.close();
    expect(network.sent).toEqual([]);
  });

  it('do not tell on what they are told, and skip their own news and unknown names', async () => {
    const second = node('n2');
    const two = cacheOf(second.caches);
    two.set('a', 'kept');
    const stranger = network.node();
    const message = { kind: 'cache-invalidation', keys: ['a'], sentAt: clock.now() } as const;
    await stranger.broadcast({ ...message, cacheName: 'live_api_by_id', sourceInstance: 'n2' });
    await stranger.broadcast({ ...message, cacheName: 'of_a_later_version', sourceInstance: 'n1' });
    expect(two.get('a')).toBe('kept');
    await stranger.broadcast({ ...message, cacheName: 'live_api_by_id', sourceInstance: 'n1' });
    expect(two.get('a')).toBeUndefined();
    await second.caches.close();
    expect(network.sent).toHaveLength(3);
    const received = 'unkey_cache_clustering_invalidations_received_total';
    expect(
      second.metrics.get(`${received}{cache_name="live_api_by_id",action="key",status="skipped_self"}`),
    ).toBe(1);
    expect(
      second.metrics.get(`${received}{cache_name="unknown",action="key",status="skipped_unknown"}`),
    ).toBe(1);
    expect(second.metrics.get(`${received}{cache_name="live_api_by_id",action="key",status="handled"}`)).toBe(
      1,
    );
  });

  it('report how old the last news was, and never less than nothing', async () => {
    const second = node('n2');
    cacheOf(second.caches);
    const stranger = network.node();
    const message = {
      kind: 'cache-invalidation',
      cacheName: 'live_api_by_id',
      keys: ['a'],
      sourceInstance: 'n1',
    } as const;
    const lag = 'unkey_cache_invalidation_lag_seconds{}';
    await stranger.broadcast({ ...message, sentAt: clock.now() - 250 });
    expect(second.metrics.get(lag)).toBe(0.25);
    await stranger.broadcast({ ...message, sentAt: clock.now() + 5_000 });
    expect(second.metrics.get(lag)).toBe(0);
  });

  it('count what was sent by keys, and survive a transport that fails', async () => {
    const first = node('n1');
    const one = cacheOf(first.caches);
    one.remove('a', 'b');
    await first.caches.close();
    const sent = 'unkey_cache_clustering_invalidations_sent_total{cache_name="live_api_by_id",action="key"}';
    expect(first.metrics.get(sent)).toBe(2);

    const broken = node('n3', { ...noCluster, broadcast: () => Promise.reject(new Error('gone')) });
    cacheOf(broken.caches).remove('a');
    await broken.caches.close();
    expect(broken.metrics.get('unkey_cache_clustering_broadcast_errors_total{}')).toBe(1);
    expect(broken.log.lines).toMatchObject([{ level: 'error', fields: { cache: 'live_api_by_id' } }]);
  });

  it('outlive a cache that fails to drop', async () => {
    const second = node('n2');
    second.caches.join('broken', {
      removeLocally: () => {
        throw new Error('broken');
      },
      clearLocally: () => undefined,
    });
    await network.node().broadcast({
      kind: 'cache-invalidation',
      cacheName: 'broken',
      keys: ['a'],
      sentAt: clock.now(),
      sourceInstance: 'n1',
    });
    expect(second.log.lines).toMatchObject([{ level: 'error', fields: { cache: 'broken' } }]);
  });

  it('refuse a second cache of one name: the two would not tell each other', () => {
    const { caches } = node('n1');
    cacheOf(caches);
    expect(() => cacheOf(caches)).toThrow('live_api_by_id');
  });
});

describe('a cluster of nobody else', () => {
  it('has no members, is no bridge, and takes every message', async () => {
    await noCluster.broadcast({
      kind: 'cache-invalidation',
      cacheName: 'x',
      keys: 'all',
      sentAt: START,
      sourceInstance: 'n1',
    });
    expect(noCluster.members()).toEqual([]);
    expect(noCluster.isBridge).toBe(false);
    await noCluster.close();
  });
});
