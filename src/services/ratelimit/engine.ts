// The rate limiter: sliding windows over fixed cells, decided by what this process knows and made known to the origin
// behind the caller's back. Source: the engine section of the limiter chapter.

import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { after, type MaybePromise } from '../../lib/maybe-promise.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { type Periodic, startPeriodic } from '../../lib/periodic.ts';
import type { Counters } from '../../storage/counters/counters.ts';
import { assertWithinBounds } from './bounds.ts';
import { Cells } from './cells.ts';
import { Check } from './check.ts';
import type { RateLimitDecision, RateLimiter, RateLimitRequest } from './limiter.ts';
import { Origin } from './origin.ts';
import { mustAsk, refresh } from './refresh.ts';
import { createReplays, type Replays } from './replays.ts';
import { inStep } from './run-ahead.ts';
import { isOver, remainingOf, windowEnd } from './window.ts';

export interface RateLimitEngine extends RateLimiter {
  /** What this process knows, for the exchange with other regions. */
  readonly cells: Cells;
  /** Checks that were counted here and that the origin was not told of yet. */
  readonly unreplayed: number;
  /** Forgets what no decision can look at any more; also done every minute by itself. */
  sweep(): Promise<void>;
  /** Stops the sweeps and gives what the origin has not heard yet 5 s to get there. Decisions go on, locally. */
  close(): Promise<void>;
}

export interface RateLimitEngineDeps {
  /** The region's shared counters; undefined = no other process counts, and what is known here is all there is. */
  readonly origin: Counters | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const SWEEP_INTERVAL_MS = 60_000;
const DRAIN_MS = 5000;
/** Other regions are told of a cell when it has used this part of its limit: 1 / 5. */
const PUSH_DIVISOR = 5;

export function createRateLimiter(deps: RateLimitEngineDeps): RateLimitEngine {
  return new Engine(deps);
}

/** A check as its batch sees it: counted, and judged with what the items before it took. */
interface Judged {
  readonly check: Check;
  /** What its cell held before. */
  readonly before: number;
  readonly added: number;
  readonly effective: number;
  /** Whether it passes, the fate of the others aside. */
  readonly passes: boolean;
}

class Engine implements RateLimitEngine {
  readonly cells: Cells;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #origin: Origin | undefined;
  readonly #replays: Replays | undefined;
  readonly #janitor: Periodic;

  constructor({ origin: counters, clock, metrics, log }: RateLimitEngineDeps) {
    this.cells = new Cells({ origin: counters !== undefined });
    this.#clock = clock;
    this.#metrics = metrics;
    if (counters !== undefined) {
      this.#origin = new Origin({ counters, clock, metrics, log });
      this.#replays = createReplays({ origin: this.#origin, clock, metrics, log });
    }
    this.#janitor = startPeriodic({
      intervalMs: SWEEP_INTERVAL_MS,
      run: () => this.sweep(),
      onError: (error) => log.error({ err: error }, 'rate-limit windows could not be swept'),
    });
  }

  get unreplayed(): number {
    return this.#replays?.size ?? 0;
  }

  limit(request: RateLimitRequest): MaybePromise<RateLimitDecision> {
    const decisions = this.limitMany([request]);
    return after(decisions, onlyOne);
  }

  limitMany(requests: readonly RateLimitRequest[]): MaybePromise<RateLimitDecision[]> {
    for (const request of requests) assertWithinBounds(request);
    const now = this.#clock.now();
    const known = this.cells.size;
    const checks = requests.map((request) => new Check(request, this.cells, now));
    if (this.cells.size > known) {
      this.#metrics.count('unkey_ratelimit_windows_created_total', {}, this.cells.size - known);
    }
    if (this.#origin === undefined) return this.#decide(checks);
    const origin = this.#origin;
    if (!checks.some(mustAsk)) return this.#decideWith(origin, checks);
    return refresh(checks, origin).then(() => this.#decideWith(origin, checks));
  }

  async sweep(): Promise<void> {
    const forgotten = await this.cells.sweep(this.#clock.now());
    this.#metrics.count('unkey_ratelimit_windows_evicted_total', {}, forgotten);
    this.#metrics.gauge('unkey_ratelimit_windows', {}, this.cells.size);
  }

  async close(): Promise<void> {
    this.#janitor.stop();
    await this.#replays?.close(DRAIN_MS);
  }

  #decideWith(origin: Origin, checks: readonly Check[]): MaybePromise<RateLimitDecision[]> {
    return origin.answering ? inStep(checks, () => this.#decide(checks)) : this.#decide(checks);
  }

  /** Decides all items and commits them, or none. Never pauses between the two: no other decision comes in between. */
  #decide(checks: readonly Check[]): RateLimitDecision[] {
    // Every item is counted before any is judged, so that items on one counter see each other.
    const items = checks.map(count);
    const passed = items.every(({ passes }) => passes);
    if (passed) this.#commit(items);
    else this.#rollBack(items);
    return items.map((item) => this.#decision(item, passed));
  }

  #commit(items: readonly Judged[]): void {
    for (const { check } of items) {
      const threshold = Math.ceil(check.request.limit / PUSH_DIVISOR);
      const { current } = check;
      if (current.pushThreshold === 0 || threshold < current.pushThreshold) current.pushThreshold = threshold;
      this.#replays?.add(check);
    }
  }

  #rollBack(items: readonly Judged[]): void {
    // Put back rather than subtracted: sums of huge numbers are not exact.
    for (const { check, before } of items.toReversed()) check.current.val = before;
    for (const { check, passes } of items) {
      if (passes) continue;
      check.bucket.strictUntil = Math.max(check.bucket.strictUntil, check.time + check.request.duration);
      this.#metrics.count('unkey_ratelimit_strict_mode_activations_total', {
        workspace_id: check.request.workspaceId,
      });
    }
  }

  #decision({ check, added, effective, passes }: Judged, counted: boolean): RateLimitDecision {
    const { workspaceId, limit, duration } = check.request;
    const fromOrigin = this.#origin !== undefined && (check.cold || check.strict);
    this.#metrics.count('unkey_ratelimit_decisions_total', {
      workspace_id: workspaceId,
      source: fromOrigin ? 'origin' : 'local',
      outcome: passes ? 'passed' : 'denied',
    });
    const current = counted ? effective : effective - added;
    return {
      success: passes,
      limit,
      remaining: passes ? remainingOf(limit, current) : 0,
      reset: windowEnd(check.sequence, duration),
      current,
    };
  }
}

function onlyOne(decisions: readonly RateLimitDecision[]): RateLimitDecision {
  return decisions[0] as RateLimitDecision;
}

/** Takes the cost, if only for now. A cost beyond its own limit cannot pass whatever else happens, and is not counted. */
function count(check: Check): Judged {
  const { limit, cost } = check.request;
  const before = check.current.val;
  const added = cost > limit ? 0 : cost;
  check.current.val += added;
  const effective = check.used;
  return { check, before, added, effective, passes: cost <= limit && !isOver(effective, limit) };
}
