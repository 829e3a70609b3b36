// Rate limiters of several nodes in this process, each with a connection of its own to one real Redis, and an even load
// on them in real time.
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { createRateLimiter, type RateLimitEngine } from '../../src/services/ratelimit/engine.ts';
import type { RateLimitRequest } from '../../src/services/ratelimit/limiter.ts';
import type { Counters } from '../../src/storage/counters/counters.ts';
import { openRedis, type RedisConnection } from '../../src/storage/counters/redis-connection.ts';
import { createRedisCounters } from '../../src/storage/counters/redis-counters.ts';
import { Random, seedOf } from './prng.ts';

export interface FleetNode {
  readonly engine: RateLimitEngine;
  readonly redis: RedisConnection;
  /** Calls of the origin so far. */
  readonly calls: { get: number; increment: number };
  /** Calls without an answer yet. */
  readonly inFlight: number;
  /** From now on calls are kept from the origin until they are released. */
  holdCalls(): void;
  releaseCalls(): void;
}

export interface NodeFleet {
  readonly nodes: readonly FleetNode[];
  close(): Promise<void>;
}

/** Opens `count` nodes and resolves once each is connected. */
export async function openFleet(count: number, redisUrl: string): Promise<NodeFleet> {
  const nodes = await Promise.all(Array.from({ length: count }, () => openNode(redisUrl)));
  return {
    nodes,
    async close() {
      await Promise.all(nodes.map(({ engine }) => engine.close()));
      for (const { redis } of nodes) redis.close();
    },
  };
}

async function openNode(redisUrl: string): Promise<FleetNode> {
  const redis = openRedis(redisUrl, { log: silentLogger });
  await redis.firstAttempt();
  await redis.ping();
  const way = watched(createRedisCounters({ redis }));
  const engine = createRateLimiter({
    origin: way.counters,
    clock: systemClock,
    metrics: silentMetrics,
    log: silentLogger,
  });
  return {
    redis,
    engine,
    calls: way.calls,
    get inFlight() {
      return way.inFlight();
    },
    holdCalls: way.hold,
    releaseCalls: way.release,
  };
}

function watched(counters: Counters) {
  const calls = { get: 0, increment: 0 };
  let inFlight = 0;
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  const pass = async <Value>(call: () => Promise<Value>): Promise<Value> => {
    inFlight++;
    try {
      await gate.promise;
      return await call();
    } finally {
      inFlight--;
    }
  };
  return {
    calls,
    inFlight: () => inFlight,
    hold: () => {
      gate = Promise.withResolvers();
    },
    release: () => gate.resolve(),
    counters: {
      get: (keys) => {
        calls.get++;
        return pass(() => counters.get(keys));
      },
      increment: (key, by, ttlMs) => {
        calls.increment++;
        return pass(() => counters.increment(key, by, ttlMs));
      },
      close: () => counters.close(),
    } satisfies Counters,
  };
}

/** A request for one token of a fresh counter, at the time of the limiter's clock. */
export function hitsOf(limits: { readonly limit: number; readonly duration: number }): RateLimitRequest {
  const identifier = crypto.randomUUID();
  return { workspaceId: 'ws_test', namespace: 'rlns_test', identifier, cost: 1, ...limits };
}

/** One check on the node of this number; whether it passed. */
export type CheckOnNode = (node: number, request: PacedRequest) => Promise<boolean>;

export interface PacedRequest {
  readonly identifier: string;
  readonly limit: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Unix ms at which the request is due. */
  readonly time: number;
}

export interface PacedLoad {
  readonly nodes: number;
  readonly limit: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Requests in a window, as a multiple of the limit. */
  readonly load: number;
  readonly windows: number;
}

export interface PacedOutcome {
  readonly requests: number;
  readonly passed: number;
  /** What may pass at most: the limit in every window, or every request. */
  readonly possible: number;
  /** The most that passed in one window. */
  readonly mostInWindow: number;
  /** The fewest that passed in one window. */
  readonly leastInWindow: number;
}

/**
 * Spreads requests on one fresh identifier evenly over windows of real time, each to a random node, and nobody waits for an
 * answer before the next one comes. Begins with a window.
 */
export async function paceLoad(check: CheckOnNode, load: PacedLoad): Promise<PacedOutcome> {
  const { limit, duration, nodes, windows } = load;
  const random = new Random(seedOf(nodes));
  const identifier = crypto.randomUUID();
  const perWindow = Math.round(limit * load.load);
  const requests = perWindow * windows;
  const startMs = (Math.trunc(Date.now() / duration) + 1) * duration;
  const passedIn = Array.from({ length: windows }, () => 0);
  const answers: Promise<void>[] = [];
  await sleep(startMs - Date.now());
  for (let index = 0; index < requests; index++) {
    const time = Math.floor(startMs + ((index + 0.5) / perWindow) * duration);
    // Also lets the answers of what was sent come in, however late this process is.
    for (let early = time - Date.now(); early > 0; early = time - Date.now()) await sleep(early);
    const window = Math.floor(index / perWindow);
    const answer = check(random.integer(0, nodes - 1), { identifier, limit, duration, time });
    answers.push(
      answer.then((success) => {
        if (success) passedIn[window] = (passedIn[window] ?? 0) + 1;
      }),
    );
  }
  await Promise.all(answers);
  return {
    requests,
    passed: passedIn.reduce((sum, one) => sum + one, 0),
    possible: Math.min(requests, limit * windows),
    mostInWindow: Math.max(...passedIn),
    leastInWindow: Math.min(...passedIn),
  };
}

/** Checks of the engines themselves, without HTTP. */
export const checkEngines =
  ({ nodes }: NodeFleet): CheckOnNode =>
  async (node, request) => {
    const { engine } = nodes[node] ?? unknownNode(node);
    const decision = await engine.limit({
      workspaceId: 'ws_test',
      namespace: 'rlns_test',
      cost: 1,
      ...request,
    });
    return decision.success;
  };

function unknownNode(node: number): never {
  throw new RangeError(`the fleet has no node ${node}`);
}
