import type { Clock } from '../../lib/clock.ts';
import type { Metrics } from '../../lib/metrics.ts';
import {
  MIN_DURATION_MS,
  type RateLimitDecision,
  type RateLimiter,
  type RateLimitRequest,
} from './limiter.ts';
import { forgettableAfter, isOver, remainingOf, sequenceAt, weightedPrevious, windowEnd } from './window.ts';

const SWEEP_INTERVAL_MS = 60_000;
/** Cells looked at per decision while a sweep runs: a decision adds at most one cell per item, so sweeps catch up. */
const SWEEP_STEP = 32;

interface Cell {
  count: number;
  /** Unix ms. */
  readonly forgettableAfter: number;
}

/** One item of a decision, with where it counts and what it finds there. */
interface Prepared {
  readonly request: RateLimitRequest;
  readonly sequence: number;
  readonly key: string;
  /** What the previous cell still weighs. */
  readonly weighted: number;
}

/**
 * A rate limiter for one process: exact counts in memory, decided and committed without a pause between. Cells that no
 * decision can look at any more are dropped in passing, so it holds no timer and nothing to close.
 */
export function createMemoryRateLimiter(deps: {
  readonly clock: Clock;
  readonly metrics: Metrics;
}): RateLimiter {
  return new MemoryRateLimiter(deps.clock, deps.metrics);
}

class MemoryRateLimiter implements RateLimiter {
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #cells = new Map<string, Cell>();
  #sweep: Iterator<[string, Cell]> | undefined;
  #nextSweep: number;

  constructor(clock: Clock, metrics: Metrics) {
    this.#clock = clock;
    this.#metrics = metrics;
    this.#nextSweep = clock.now() + SWEEP_INTERVAL_MS;
  }

  async limit(request: RateLimitRequest): Promise<RateLimitDecision> {
    assertValid(request);
    const now = this.#clock.now();
    this.#dropOldCells(now);
    const item = this.#prepare(request, now);
    const { limit, cost } = request;
    const counted = this.#count(item.key) + item.weighted;
    const passed = !isOver(counted + cost, limit);
    if (passed) this.#add(item, cost);
    const effective = passed ? counted + cost : counted;
    return this.#decision(item, passed, passed ? remainingOf(limit, effective) : 0, effective);
  }

  async limitMany(requests: readonly RateLimitRequest[]): Promise<RateLimitDecision[]> {
    for (const request of requests) assertValid(request);
    const now = this.#clock.now();
    this.#dropOldCells(now);
    const items = requests.map((request) => this.#prepare(request, now));

    // Every item is counted before any is judged, so that items on one counter see each other; only a cost beyond its
    // own limit cannot pass whatever else happens, and is not counted.
    const judged = items.map((item) => {
      const { limit, cost } = item.request;
      const before = this.#count(item.key);
      const added = cost > limit ? 0 : cost;
      const effective = this.#add(item, added) + item.weighted;
      return { item, before, added, effective, own: cost <= limit && !isOver(effective, limit) };
    });
    const passed = judged.every(({ own }) => own);
    // Put back rather than subtracted: sums of huge numbers are not exact.
    if (!passed) for (const { item, before } of judged.toReversed()) this.#restore(item, before);

    return judged.map(({ item, added, effective, own }) => {
      const current = passed ? effective : effective - added;
      return this.#decision(item, own, own ? remainingOf(item.request.limit, current) : 0, current);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #prepare(request: RateLimitRequest, now: number): Prepared {
    const { duration, time = now } = request;
    const sequence = sequenceAt(time, duration);
    const previous = this.#count(cellKey(request, sequence - 1));
    return {
      request,
      sequence,
      key: cellKey(request, sequence),
      weighted: weightedPrevious(previous, time, duration),
    };
  }

  #count(key: string): number {
    return this.#cells.get(key)?.count ?? 0;
  }

  /** Adds tokens; the cell's new count. */
  #add({ key, sequence, request }: Prepared, tokens: number): number {
    const cell = this.#cells.get(key);
    if (cell !== undefined) {
      cell.count += tokens;
      return cell.count;
    }
    if (tokens === 0) return 0;
    this.#cells.set(key, {
      count: tokens,
      forgettableAfter: forgettableAfter(sequence, request.duration),
    });
    this.#metrics.count('unkey_ratelimit_windows_created_total');
    return tokens;
  }

  #restore({ key }: Prepared, count: number): void {
    const cell = this.#cells.get(key);
    if (cell !== undefined) cell.count = count;
  }

  #decision(
    { request, sequence }: Prepared,
    success: boolean,
    remaining: number,
    current: number,
  ): RateLimitDecision {
    this.#metrics.count('unkey_ratelimit_decisions_total', {
      workspace_id: request.workspaceId,
      source: 'local',
      outcome: success ? 'passed' : 'denied',
    });
    return {
      success,
      limit: request.limit,
      remaining,
      reset: windowEnd(sequence, request.duration),
      current,
    };
  }

  /** Looks at a few cells and drops those that are over; a pass over all of them begins once a minute. */
  #dropOldCells(now: number): void {
    if (this.#sweep === undefined) {
      if (now < this.#nextSweep) return;
      this.#sweep = this.#cells.entries();
      this.#nextSweep = now + SWEEP_INTERVAL_MS;
    }
    for (let looked = 0; looked < SWEEP_STEP; looked++) {
      const next = this.#sweep.next();
      if (next.done === true) {
        this.#sweep = undefined;
        this.#metrics.gauge('unkey_ratelimit_windows', {}, this.#cells.size);
        return;
      }
      const [key, cell] = next.value;
      if (now <= cell.forgettableAfter) continue;
      this.#cells.delete(key);
      this.#metrics.count('unkey_ratelimit_windows_evicted_total');
    }
  }
}

/** Lengths in front keep parts that users choose from running into each other. */
function cellKey(
  { workspaceId, namespace, identifier, duration }: RateLimitRequest,
  sequence: number,
): string {
  return `${workspaceId.length}:${workspaceId}${namespace.length}:${namespace}${duration}:${sequence}:${identifier}`;
}

function assertValid(request: RateLimitRequest): void {
  const { workspaceId, namespace, identifier, limit, duration, cost, time } = request;
  if (workspaceId === '' || namespace === '' || identifier === '') {
    throw new RangeError('a rate limit needs a workspace, a namespace and an identifier');
  }
  if (!Number.isInteger(limit) || limit < 1)
    throw new RangeError(`limit ${limit} is not an integer of at least 1`);
  if (!Number.isInteger(duration) || duration < MIN_DURATION_MS) {
    throw new RangeError(`duration ${duration} is not an integer of at least ${MIN_DURATION_MS} ms`);
  }
  if (!Number.isInteger(cost) || cost < 0)
    throw new RangeError(`cost ${cost} is not an integer of at least 0`);
  if (time !== undefined && !Number.isFinite(time)) throw new RangeError(`time ${time} is not a time`);
}
