// The smallest interface that hides where counts live. Arithmetic and rules: the limiter chapter (sliding window over
// fixed cells, all-or-nothing batches).

import type { MaybePromise } from '../../lib/maybe-promise.ts';

/** The shortest window that can be counted, in milliseconds. */
export const MIN_DURATION_MS = 1000;

export interface RateLimitRequest {
  readonly workspaceId: string;
  /** The limit's name for keys, a namespace id for standalone limits, `workspace.ratelimit` for the API throttle. */
  readonly namespace: string;
  readonly identifier: string;
  /** At least 1. */
  readonly limit: number;
  /** Window length in milliseconds, at least `MIN_DURATION_MS`. */
  readonly duration: number;
  /** Tokens to take; 0 only looks. */
  readonly cost: number;
  /** Unix milliseconds of the request; absent = the limiter's clock. */
  readonly time?: number;
}

export interface RateLimitDecision {
  readonly success: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Unix milliseconds at which the current fixed window ends. */
  readonly reset: number;
  /** The effective count after this decision. */
  readonly current: number;
}

export interface RateLimiter {
  /** Decides and, when it passes, counts. Throws a RangeError for a request outside the bounds above. */
  limit(request: RateLimitRequest): MaybePromise<RateLimitDecision>;
  /** All or nothing: when any item fails none is counted. Decisions are in request order. */
  limitMany(requests: readonly RateLimitRequest[]): MaybePromise<RateLimitDecision[]>;
  close(): Promise<void>;
}
