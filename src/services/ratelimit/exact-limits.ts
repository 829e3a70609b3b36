// The limiter counts in numbers; limits and durations of a database that we adopt may be larger than those are exact in.

import type { Integer } from '../../lib/json.ts';
import type { RateLimitDecision } from './limiter.ts';

/** What is left of the limit after the decision, exactly. */
export function exactRemaining(limit: Integer, { success, remaining, current }: RateLimitDecision): Integer {
  if (typeof limit !== 'bigint' || !success) return remaining;
  const left = limit - BigInt(current);
  return left > 0n ? left : 0;
}

/**
 * The window to count by, in milliseconds: one that is longer than a number is exact in is as good as the longest exact one,
 * both began in 1970 and never end. Its triple still fits a lifetime in Redis, and its end a column of the store.
 */
export function countableDuration(duration: Integer): number {
  return typeof duration === 'bigint' ? Number.MAX_SAFE_INTEGER : duration;
}

/** Unix milliseconds at which the window ends: one that is longer than a number is exact in began in 1970. */
export function exactReset(duration: Integer, { reset }: Pick<RateLimitDecision, 'reset'>): Integer {
  return typeof duration === 'bigint' ? duration : reset;
}
