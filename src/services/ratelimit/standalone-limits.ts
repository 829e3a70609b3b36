// The decisions of ratelimit.limit and ratelimit.multiLimit: overrides applied, counted, and told to the analytics
// store. Source: the endpoints and the analytics rows of the rate-limit chapter.

import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import type { Integer } from '../../lib/json.ts';
import { after, type MaybePromise, recover } from '../../lib/maybe-promise.ts';
import type { EventSink } from '../analytics/writing/event-sink.ts';
import { assertWithinBounds } from './bounds.ts';
import { countableDuration, exactRemaining, exactReset } from './exact-limits.ts';
import type { RateLimitDecision, RateLimiter, RateLimitRequest } from './limiter.ts';
import type { Namespace } from './namespace.ts';
import type { Override } from './override-matching.ts';
import { sequenceAt, windowEnd } from './window.ts';

/** One check, as the caller asks for it. */
export interface LimitCheck {
  readonly namespace: Pick<Namespace, 'id' | 'overrides'>;
  readonly identifier: string;
  readonly limit: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly cost: number;
}

/** The request that checks belong to. */
export interface LimitOrigin {
  readonly requestId: string;
  readonly workspaceId: string;
  /** Unix milliseconds that counting goes by; undefined = now. */
  readonly time: number | undefined;
  /** Whether the checks leave rows in the analytics store. */
  readonly recordEvents: boolean;
}

export interface LimitOutcome {
  readonly passed: boolean;
  /** The limit applied: the override's if there is one. */
  readonly limit: Integer;
  readonly remaining: Integer;
  /** Unix milliseconds at which the current window ends. */
  readonly reset: Integer;
  /** undefined when no override applied. */
  readonly overrideId: string | undefined;
}

export interface StandaloneLimits {
  /** Decides one check and counts it if it passes. Throws a Fault `unexpected_error` when the limiter fails. */
  check(origin: LimitOrigin, check: LimitCheck): MaybePromise<LimitOutcome>;
  /** All or nothing, in order: when one fails none is counted. Throws as `check` does. */
  checkMany(origin: LimitOrigin, checks: readonly LimitCheck[]): MaybePromise<LimitOutcome[]>;
}

/** A check with the bounds that apply to it. */
interface Bounded extends Pick<LimitCheck, 'identifier' | 'cost'> {
  readonly namespaceId: string;
  readonly limit: Integer;
  readonly duration: Integer;
  readonly override: Override | undefined;
}

export function createStandaloneLimits(deps: {
  readonly limiter: RateLimiter;
  readonly events: EventSink;
  readonly clock: Clock;
}): StandaloneLimits {
  const { limiter, events, clock } = deps;

  function record(
    origin: LimitOrigin,
    bounded: Bounded,
    outcome: LimitOutcome,
    at: { readonly timeMs: number; readonly latencyMs: number },
  ): void {
    if (!origin.recordEvents) return;
    events.ratelimit({
      ...at,
      requestId: origin.requestId,
      workspaceId: origin.workspaceId,
      namespaceId: bounded.namespaceId,
      identifier: bounded.identifier,
      passed: outcome.passed,
      overrideId: outcome.overrideId ?? '',
      limit: outcome.limit,
      remaining: outcome.remaining,
      resetAt: outcome.reset,
      tokens: bounded.cost,
    });
  }

  return {
    check(origin, check) {
      const bounded = bound(check);
      const time = origin.time ?? clock.now();
      const started = performance.now();
      const request = requestOf(origin, bounded, time);
      const deciding = recover((): MaybePromise<LimitOutcome> => {
        if (!blocks(bounded)) return after(limiter.limit(request), (decision) => told(bounded, decision));
        assertWithinBounds(request);
        return blocked(bounded, time);
      }, uncounted);
      return after(deciding, (outcome) => {
        const latencyMs = Math.trunc(performance.now() - started);
        record(origin, bounded, outcome, { timeMs: clock.now(), latencyMs });
        return outcome;
      });
    },

    checkMany(origin, checks) {
      const batch = checks.map(bound);
      const timeMs = clock.now();
      const time = origin.time ?? timeMs;
      const started = performance.now();
      const deciding = recover(
        () => limiter.limitMany(batch.map((bounded) => requestOf(origin, bounded, time))),
        uncounted,
      );
      return after(deciding, (decisions) => {
        const latencyMs = Math.trunc(performance.now() - started) / batch.length;
        return batch.map((bounded, index) => {
          const outcome = blocks(bounded)
            ? blocked(bounded, time)
            : told(bounded, required(decisions[index]));
          record(origin, bounded, outcome, { timeMs, latencyMs });
          return outcome;
        });
      });
    },
  };
}

function bound({ namespace, identifier, limit, duration, cost }: LimitCheck): Bounded {
  const override = namespace.overrides.find(identifier);
  return {
    namespaceId: namespace.id,
    identifier,
    cost,
    override,
    limit: override?.limit ?? limit,
    duration: override?.duration ?? duration,
  };
}

/** An override of 0 blocks its identifiers; a limiter counts against limits of at least 1 only. */
function blocks({ limit }: Bounded): boolean {
  return limit === 0;
}

function blocked({ limit, duration, override }: Bounded, time: number): LimitOutcome {
  const length = countableDuration(duration);
  const reset = exactReset(duration, { reset: windowEnd(sequenceAt(time, length), length) });
  return { passed: false, limit, remaining: 0, reset, overrideId: override?.id };
}

/** A blocked item of a batch costs more than its limit: it fails the batch, and nothing of it is counted. */
function requestOf({ workspaceId }: LimitOrigin, bounded: Bounded, time: number): RateLimitRequest {
  const { namespaceId, identifier, limit, duration, cost } = bounded;
  return {
    workspaceId,
    namespace: namespaceId,
    identifier,
    duration: countableDuration(duration),
    time,
    ...(blocks(bounded) ? { limit: 1, cost: 2 } : { limit: Number(limit), cost }),
  };
}

function told({ limit, duration, override }: Bounded, decision: RateLimitDecision): LimitOutcome {
  return {
    passed: decision.success,
    limit,
    remaining: exactRemaining(limit, decision),
    reset: exactReset(duration, decision),
    overrideId: override?.id,
  };
}

function uncounted(cause: unknown): never {
  throw new Fault('unkey:application:unexpected_error', {
    public: 'The rate limit could not be checked.',
    internal: 'the rate limiter failed',
    cause,
  });
}

function required(decision: RateLimitDecision | undefined): RateLimitDecision {
  if (decision === undefined) throw new Error('the limiter decided fewer items than it was asked for');
  return decision;
}
