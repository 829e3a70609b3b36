import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { createWorkQueue } from '../../lib/work-queue.ts';
import type { Check } from './check.ts';
import type { Origin } from './origin.ts';
import { FRESH_MS } from './refresh.ts';
import { settle } from './run-ahead.ts';

export interface Replays {
  /** Has the origin told what the check took, behind its back. Dropped when too much is waiting already. */
  add(check: Check): void;
  /** Checks that the origin was not told of yet. */
  readonly size: number;
  /** Takes no more and tells the origin what is waiting. Rejects when that takes longer than `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

export interface ReplaysDeps {
  readonly origin: Origin;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const CAPACITY = 10_000;
const WORKERS = 8;
/** Durations that a count lives at the origin: as long as the next window looks at it, and one more for latecomers. */
const LIFETIME = 3;

/**
 * Brings what was counted here to the origin, one call for each check, in the window of the check's own time. What fails
 * is not tried again: the other nodes then never hear of it. Source: replay to Redis, limiter chapter.
 */
export function createReplays({ origin, clock, metrics, log }: ReplaysDeps): Replays {
  const queue = createWorkQueue<Check>({
    name: 'ratelimit_replays',
    capacity: CAPACITY,
    workers: WORKERS,
    metrics,
    log,
    async work(check) {
      const { current, request } = check;
      const val = await origin.add(check.originKey(current), request.cost, LIFETIME * request.duration);
      if (val !== undefined) {
        current.learn(val);
        current.keepFresh(clock.now() + FRESH_MS);
      }
      settle(current, request.cost);
    },
  });
  return {
    get size() {
      return queue.size;
    },
    add(check) {
      if (queue.push(check)) check.current.unconfirmed += check.request.cost;
    },
    async close(timeoutMs) {
      if (!(await queue.close(timeoutMs))) throw new Error('the origin was not told of all that was counted');
    },
  };
}
