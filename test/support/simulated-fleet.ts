// Rate limiters of one region or several, those of a region around one origin across a simulated network, all in
// simulated time.

import { silentLogger } from '../../src/lib/logger.ts';
import type { MaybePromise } from '../../src/lib/maybe-promise.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { createRateLimiter, type RateLimitEngine } from '../../src/services/ratelimit/engine.ts';
import { createGlobalCounters, type GlobalCounters } from '../../src/services/ratelimit/global-counters.ts';
import type { RateLimitDecision, RateLimitRequest } from '../../src/services/ratelimit/limiter.ts';
import type { Counters } from '../../src/storage/counters/counters.ts';
import { createMemoryCounters } from '../../src/storage/counters/memory-counters.ts';
import { type DistantCounters, distantCounters, type Weather } from './distant-counters.ts';
import type { Random } from './prng.ts';
import { type SimulatedGlobalStore, simulatedGlobalStore } from './simulated-global-store.ts';
import { SimulatedTime } from './simulated-time.ts';

export interface SimulatedNode {
  readonly engine: RateLimitEngine;
  readonly region: SimulatedRegion;
  /** The node's own way to its region's origin. */
  readonly origin: DistantCounters;
  /** Exchanges counts with other regions, when told to. */
  readonly exchange: GlobalCounters;
}

export interface SimulatedRegion {
  readonly name: string;
  /** The origin itself, without a network before it. */
  readonly origin: Counters;
}

export interface SimulatedFleet {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly weather: Weather;
  readonly regions: readonly SimulatedRegion[];
  readonly store: SimulatedGlobalStore;
  /** Node `n` belongs to region `n` modulo the number of regions. */
  readonly nodes: readonly SimulatedNode[];
  /** Ends what the nodes do by themselves. */
  close(): Promise<void>;
}

/** One way across a data centre, in milliseconds. */
const NEAR: readonly [number, number] = [0, 2];

/** @param nodes how many. @param startMs unix ms; a multiple of a duration lies at the start of its window. */
export function simulatedFleet(
  nodes: number,
  random: Random,
  { startMs = 1_700_000_100_000, latencyMs = NEAR, regions: regionCount = 1 } = {},
): SimulatedFleet {
  const time = new SimulatedTime(startMs);
  const weather: Weather = { server: 'up', latencyMs, lost: 0 };
  const store = simulatedGlobalStore();
  const ambient = { clock: time.clock, metrics: silentMetrics, log: silentLogger };
  const regions = Array.from({ length: regionCount }, (_, index) => ({
    name: `region-${index}`,
    origin: createMemoryCounters(ambient),
  }));
  const join = (region: SimulatedRegion): SimulatedNode => {
    const origin = distantCounters(region.origin, { time, random, weather });
    const engine = createRateLimiter({ origin, ...ambient });
    const { cells } = engine;
    const exchange = createGlobalCounters({ cells, db: store.db, region: region.name, ...ambient });
    return { region, origin, engine, exchange };
  };
  const members = Array.from({ length: nodes }, (_, index) =>
    join(regions[index % regionCount] as SimulatedRegion),
  );
  return {
    time,
    random,
    weather,
    regions,
    store,
    nodes: members,
    async close() {
      await time.until(Promise.all(members.map(({ engine }) => engine.close())));
      await Promise.all(regions.map(({ origin }) => origin.close()));
    },
  };
}

/** Requests spread evenly over whole windows, each to a random node. */
export interface EvenLoad {
  readonly limit: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Requests in a window, as a multiple of the limit. */
  readonly load: number;
  readonly windows: number;
}

export interface LoadOutcome {
  readonly requests: number;
  readonly passed: number;
  /** Those that passed, by window. */
  readonly passedByWindow: readonly number[];
  /** Requests that each node got. */
  readonly byNode: readonly number[];
}

/** Lets the load happen from now on; nobody waits for an answer before the next request comes. */
export async function applyLoad(fleet: SimulatedFleet, load: EvenLoad): Promise<LoadOutcome> {
  const { time, random, nodes } = fleet;
  const perWindow = load.limit * load.load;
  const requests = Math.round(perWindow * load.windows);
  const startMs = time.clock.now();
  const byNode = nodes.map(() => 0);
  const passedByWindow = Array.from({ length: load.windows }, () => 0);
  const answers: Promise<void>[] = [];
  for (let index = 0; index < requests; index++) {
    // In the middle of its share: a request right at the start of a window would still see all of the one before.
    const offset = Math.floor(((index + 0.5) / perWindow) * load.duration);
    await time.advance(startMs + offset - time.clock.now());
    const chosen = random.integer(0, nodes.length - 1);
    byNode[chosen] = (byNode[chosen] ?? 0) + 1;
    const window = Math.floor(index / perWindow);
    const answer = nodes[chosen]?.engine.limit(hit(load)) as MaybePromise<RateLimitDecision>;
    answers.push(
      Promise.resolve(answer).then(({ success }) => {
        if (success) passedByWindow[window] = (passedByWindow[window] ?? 0) + 1;
      }),
    );
  }
  await time.until(Promise.all(answers));
  const passed = passedByWindow.reduce((sum, one) => sum + one, 0);
  return { requests, passed, passedByWindow, byNode };
}

/** A request for one token of one counter. */
export function hit(limits: { readonly limit: number; readonly duration: number }): RateLimitRequest {
  const { limit, duration } = limits;
  return { workspaceId: 'ws_1', namespace: 'rlns_1', identifier: 'user', limit, duration, cost: 1 };
}
