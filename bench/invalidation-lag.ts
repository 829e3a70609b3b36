// How long a cache entry that one node drops lives on other nodes: `node bench/invalidation-lag.ts [nodes] [rounds]`.
// Nodes of one process, joined by gossip over loopback with a pre-shared key; every round drops one entry on the first.
import { systemClock } from '../src/lib/clock.ts';
import { silentLogger } from '../src/lib/logger.ts';
import { silentMetrics } from '../src/lib/metrics.ts';
import { SwrCache } from '../src/services/cache/swr-cache.ts';
import { createCacheCluster } from '../src/services/cluster/cache-cluster.ts';
import { type GossipNode, gossipSecret, startGossipNode } from '../test/support/gossip.ts';

const [nodeCount = 3, rounds = 200] = process.argv.slice(2).map(Number);
const POLL_MS = 1;
/** What has not arrived by then will not. */
const LOST_MS = 10_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function startFleet(count: number): Promise<GossipNode[]> {
  const secretKey = gossipSecret();
  const first = await startGossipNode({ nodeId: 'node-0', secretKey });
  const lanSeeds = [first.address.get('lan') ?? ''];
  const others = Array.from({ length: count - 1 }, (_, i) =>
    startGossipNode({ nodeId: `node-${i + 1}`, secretKey, lanSeeds }),
  );
  const fleet = [first, ...(await Promise.all(others))];
  while (fleet.some((node) => node.members('lan').length < count)) await pause(POLL_MS);
  return fleet;
}

function cacheOn({ cluster, nodeId }: GossipNode): SwrCache<number> {
  const options = { clock: systemClock, metrics: silentMetrics, log: silentLogger };
  return new SwrCache<number>({
    ...options,
    name: 'verification_key_by_hash',
    freshMs: 3_600_000,
    staleMs: 3_600_000,
    maxEntries: 1_000,
    invalidations: createCacheCluster({ ...options, cluster, nodeId }),
  });
}

const at = (sorted: readonly number[], share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;

const fleet = await startFleet(nodeCount);
const [dropping, ...holding] = fleet.map(cacheOn);
const lags: number[] = [];
for (let round = 0; round < rounds; round++) {
  const key = `key-${round}`;
  for (const cache of holding) cache.set(key, round);
  // Anywhere in the interval at which invalidations are sent.
  await pause(Math.random() * 150);
  const start = performance.now();
  dropping?.remove(key);
  const waiting = new Set(holding);
  while (waiting.size > 0 && performance.now() < start + LOST_MS) {
    await pause(POLL_MS);
    for (const cache of waiting) {
      if (cache.get(key) === undefined && waiting.delete(cache)) lags.push(performance.now() - start);
    }
  }
}
lags.sort((a, b) => a - b);
const ms = (value: number) => `${value.toFixed(1)} ms`;
const lost = rounds * holding.length - lags.length;
console.log(
  `${nodeCount} nodes, ${lags.length} drops on other nodes, ${lost} lost: median ${ms(at(lags, 0.5))}, p95 ${ms(at(lags, 0.95))}, max ${ms(at(lags, 1))}`,
);
await Promise.all(fleet.map(({ cluster }) => cluster.close()));
