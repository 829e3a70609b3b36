// Which rate limits one verification evaluates, and what they said.

import { compareBytes } from '../../lib/byte-order.ts';
import { Fault } from '../../lib/fault.ts';
import type { Integer } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import { after, type MaybePromise, recover } from '../../lib/maybe-promise.ts';
import { countableDuration, exactRemaining, exactReset } from '../ratelimit/exact-limits.ts';
import type { RateLimitDecision, RateLimiter } from '../ratelimit/limiter.ts';
import type { CachedKey, KeyRateLimit } from './key-cache.ts';

/** A limit as the caller of verifyKey names it. */
export interface RequestedLimit {
  readonly name: string;
  readonly cost?: number;
  readonly limit?: number;
  readonly duration?: number;
}

/** A limit to evaluate, with the cost of this call; its id is `''` when the request brings it along. */
interface SelectedLimit extends KeyRateLimit {
  readonly cost: number;
}

/** A limit that was evaluated. */
export interface EvaluatedLimit extends Omit<SelectedLimit, 'identifier' | 'cost'> {
  readonly exceeded: boolean;
  readonly remaining: Integer;
  /** Unix milliseconds at which the current window ends. */
  readonly reset: Integer;
}

/** True for a limit that brings its own bounds and needs no stored one. */
export function isAdHoc(
  limit: RequestedLimit,
): limit is RequestedLimit & { limit: number; duration: number } {
  return limit.limit !== undefined && limit.duration !== undefined;
}

/**
 * Every stored limit that applies by itself, then the requested ones, the last of a name winning. Throws a Fault
 * `precondition_failed` for the first requested limit that is neither stored nor complete in itself.
 */
export function selectLimits(key: CachedKey, requested: readonly RequestedLimit[]): SelectedLimit[] {
  if (requested.length === 0 && key.ratelimits.size === 0) return [];
  const selected = new Map<string, SelectedLimit>();
  for (const stored of key.ratelimits.values()) {
    if (stored.autoApply) selected.set(stored.name, { ...stored, cost: 1 });
  }
  for (const limit of requested) {
    const cost = limit.cost ?? 1;
    if (isAdHoc(limit)) {
      selected.set(limit.name, {
        id: '',
        name: limit.name,
        limit: limit.limit,
        duration: limit.duration,
        autoApply: false,
        identifier: key.id,
        cost,
      });
      continue;
    }
    const stored = key.ratelimits.get(limit.name);
    if (stored === undefined) throw unknownLimit(key, limit.name);
    selected.set(limit.name, { ...stored, cost });
  }
  return [...selected.values()];
}

function unknownLimit(key: CachedKey, name: string): Fault {
  const identity =
    key.identity === undefined
      ? 'no identity is attached to it'
      : `neither has its identity '${key.identity.id}' (external id '${key.identity.externalId}')`;
  return new Fault('unkey:application:precondition_failed', {
    public: `The rate limit '${name}' was requested, but key '${key.id}' has no limit of that name, and ${identity}. Create it, or send both limit and duration.`,
  });
}

/**
 * Evaluates the limits, all or nothing, sorted by name. undefined when there is nothing to evaluate, or when the
 * limiter failed: a verification does not fail for want of a counter.
 */
export function checkRateLimits(
  deps: { readonly limiter: RateLimiter; readonly log: Logger },
  key: CachedKey,
  limits: readonly SelectedLimit[],
): MaybePromise<EvaluatedLimit[] | undefined> {
  if (limits.length === 0) return undefined;
  const requests = limits.map((limit) => ({
    workspaceId: key.workspaceId,
    namespace: limit.name,
    identifier: limit.identifier,
    limit: Number(limit.limit),
    duration: countableDuration(limit.duration),
    cost: limit.cost,
  }));
  const deciding = recover<readonly RateLimitDecision[] | undefined>(
    () => deps.limiter.limitMany(requests),
    (error) => {
      deps.log.error({ err: error, keyId: key.id }, 'rate limiter failed, verifying without it');
      return undefined;
    },
  );
  return after(deciding, (decisions) => decisions && evaluated(limits, decisions));
}

function evaluated(
  limits: readonly SelectedLimit[],
  decisions: readonly RateLimitDecision[],
): EvaluatedLimit[] {
  return limits
    .flatMap(({ id, name, limit, duration, autoApply }, index): EvaluatedLimit[] => {
      const decision = decisions[index];
      if (decision === undefined) return [];
      return [
        {
          id,
          name,
          limit,
          duration,
          autoApply,
          exceeded: !decision.success,
          remaining: exactRemaining(limit, decision),
          reset: exactReset(duration, decision),
        },
      ];
    })
    .sort((a, b) => compareBytes(a.name, b.name));
}
