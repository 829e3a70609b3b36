// An origin whose calls a test can count, hold back and fail, and engines on it.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { createRateLimiter, type RateLimitEngine } from '../../../src/services/ratelimit/engine.ts';
import type { RateLimitRequest } from '../../../src/services/ratelimit/limiter.ts';
import type { Counters } from '../../../src/storage/counters/counters.ts';
import { recordingLogger, recordingMetrics } from '../support/recorders.ts';

/** The start of a window of 60 s. */
export const W = 1_700_000_040_000;
/** The sequence of that window. */
export const SEQUENCE = W / 60_000;

export const request = (over: Partial<RateLimitRequest> = {}): RateLimitRequest => ({
  workspaceId: 'ws_1',
  namespace: 'rlns_A',
  identifier: 'u1',
  limit: 10,
  duration: 60_000,
  cost: 1,
  ...over,
});

/** The origin's name of a cell of `request()`, `windows` after W. */
export const keyAt = (windows: number): string => `ws_1-rlns_A-u1-60000:${SEQUENCE + windows}`;

export interface FakeOrigin extends Counters {
  readonly values: Map<string, number>;
  /** The keys of each read, in order of arrival. */
  readonly reads: string[][];
  readonly added: { readonly key: string; readonly by: number; readonly ttlMs: number }[];
  /** Awaited by every read before it is answered. */
  beforeRead: () => Promise<unknown>;
  /** Awaited by every addition before it takes place. */
  beforeAdd: () => Promise<unknown>;
}

export function fakeOrigin(): FakeOrigin {
  const values = new Map<string, number>();
  const origin: FakeOrigin = {
    values,
    reads: [],
    added: [],
    beforeRead: async () => undefined,
    beforeAdd: async () => undefined,
    async get(keys) {
      origin.reads.push([...keys]);
      await origin.beforeRead();
      return keys.map((key) => values.get(key) ?? 0);
    },
    async increment(key, by, ttlMs) {
      origin.added.push({ key, by, ttlMs });
      await origin.beforeAdd();
      values.set(key, (values.get(key) ?? 0) + by);
      return values.get(key) as number;
    },
    close: async () => undefined,
  };
  return origin;
}

export interface Node {
  readonly engine: RateLimitEngine;
  readonly clock: ManualClock;
  readonly metrics: ReturnType<typeof recordingMetrics>;
  readonly log: ReturnType<typeof recordingLogger>;
}

/** A process that shares `origin` with others. */
export function nodeOn(origin: Counters | undefined, clock = new ManualClock(W)): Node {
  const metrics = recordingMetrics();
  const log = recordingLogger();
  const engine = createRateLimiter({ origin, clock, metrics, log });
  onTestFinished(() => engine.close());
  return { engine, clock, metrics, log };
}

/** Sends requests one after another, each when the one before is known to the origin. */
export async function hit(
  engine: RateLimitEngine,
  times: number,
  over: Partial<RateLimitRequest> = {},
): Promise<boolean[]> {
  const outcomes: boolean[] = [];
  for (let i = 0; i < times; i++) {
    outcomes.push((await engine.limit(request(over))).success);
    await settled();
  }
  return outcomes;
}

/** Lets everything happen that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  await nextTurn();
}

/** Something to wait for that does not come before the test is over. */
export function theEnd(): Promise<void> {
  const end = Promise.withResolvers<void>();
  onTestFinished(() => end.resolve());
  return end.promise;
}
