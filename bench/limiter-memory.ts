// What the rate limiter keeps in memory: a million identifiers that each come once within one simulated hour, and what
// is left of them after the janitor.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ManualClock } from '../src/lib/clock.ts';
import { silentLogger } from '../src/lib/logger.ts';
import { silentMetrics } from '../src/lib/metrics.ts';
import { createRateLimiter } from '../src/services/ratelimit/engine.ts';
import type { Counters } from '../src/storage/counters/counters.ts';

export interface LimiterMemory {
  readonly stores: string;
  readonly identifiers: number;
  readonly bytesEach: number;
  /** Of all identifiers together, after the janitor came by four simulated hours later. */
  readonly megabytesAfterwards: number;
  readonly cellsAfterwards: number;
}

const IDENTIFIERS = 1_000_000;
const HOUR = 3_600_000;

/** An origin that answers at once and keeps nothing, so that what is measured is the limiter's own. */
const forgetfulOrigin: Counters = {
  get: (keys) => Promise.resolve(keys.map(() => 0)),
  increment: (_key, by) => Promise.resolve(by),
  close: () => Promise.resolve(),
};

/** @param identifiers a million unless said; the bytes of each hardly depend on it. */
export async function measureLimiterMemory(identifiers = IDENTIFIERS): Promise<LimiterMemory[]> {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const heapUsed = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const start = 472_222 * HOUR;
  const measured: LimiterMemory[] = [];
  for (const [stores, origin] of [
    ['in-process counters', undefined],
    ['with an origin', forgetfulOrigin],
  ] as const) {
    const clock = new ManualClock(start);
    const limiter = createRateLimiter({ origin, clock, metrics: silentMetrics, log: silentLogger });
    const before = heapUsed();
    for (let index = 0; index < identifiers; index++) {
      clock.set(start + Math.floor((index / identifiers) * HOUR));
      await limiter.limit({
        workspaceId: 'ws_bench0000',
        namespace: 'rlns_bench000',
        identifier: `user-${index}`,
        limit: 100,
        duration: HOUR,
        cost: 1,
      });
    }
    const full = heapUsed();
    clock.advance(4 * HOUR);
    await limiter.sweep();
    const afterwards = heapUsed();
    measured.push({
      stores,
      identifiers,
      bytesEach: Math.round((full - before) / identifiers),
      megabytesAfterwards: Math.round((afterwards - before) / 2 ** 20),
      cellsAfterwards: limiter.cells.size,
    });
    await limiter.close();
  }
  return measured;
}
