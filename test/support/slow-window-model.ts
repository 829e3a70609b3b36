// The sliding window as its definition reads, for comparison: every accepted request is kept with its time and cost, and
// each decision counts them all again. Written apart from the product and sharing no line with it. Source: cells and
// arithmetic of the limiter chapter.
import type { RateLimitRequest } from '../../src/services/ratelimit/limiter.ts';

/** What a decision must say, as far as it goes over the wire. */
export interface ModelDecision {
  readonly success: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly reset: number;
}

/** A request with the time that it is made at. */
export type TimedRequest = RateLimitRequest & { readonly time: number };

export class SlowWindowModel {
  readonly #accepted: TimedRequest[] = [];

  limit(request: TimedRequest): ModelDecision {
    const { cost, limit } = request;
    const effective = this.#effective(request, this.#accepted) + cost;
    const success = effective <= limit;
    if (success) this.#accepted.push(request);
    return decision(request, success, success ? Math.max(0, limit - effective) : 0);
  }

  /** All or nothing; each item sees the costs of those before it, also of those that fail unless no window could hold them. */
  limitMany(requests: readonly TimedRequest[]): ModelDecision[] {
    const supposed = [...this.#accepted];
    const judged = requests.map((request) => {
      if (request.cost > request.limit)
        return { request, success: false, effective: Number.POSITIVE_INFINITY };
      supposed.push(request);
      const effective = this.#effective(request, supposed);
      return { request, success: effective <= request.limit, effective };
    });
    const all = judged.every(({ success }) => success);
    if (all) this.#accepted.push(...requests);
    return judged.map(({ request, success, effective }) => {
      const left = Math.max(0, request.limit - effective) + (all ? 0 : request.cost);
      return decision(request, success, success ? left : 0);
    });
  }

  /** What counts against the request's limit, without its own cost unless `among` holds it. */
  #effective({ time, duration, ...request }: TimedRequest, among: readonly TimedRequest[]): number {
    const sequence = Math.trunc(time / duration);
    const countedIn = (cell: number): number =>
      among
        .filter((one) => sameCounter(one, { ...request, duration }))
        .filter((one) => Math.trunc(one.time / duration) === cell)
        .reduce((sum, one) => sum + one.cost, 0);
    const elapsed = (time - sequence * duration) / duration;
    return countedIn(sequence) + Math.trunc(countedIn(sequence - 1) * (1.0 - elapsed));
  }
}

/** The limit is no part of a counter's identity, the duration is. */
function sameCounter(a: RateLimitRequest, b: RateLimitRequest): boolean {
  return (
    a.workspaceId === b.workspaceId &&
    a.namespace === b.namespace &&
    a.identifier === b.identifier &&
    a.duration === b.duration
  );
}

function decision(
  { limit, time, duration }: TimedRequest,
  success: boolean,
  remaining: number,
): ModelDecision {
  return { success, limit, remaining, reset: (Math.trunc(time / duration) + 1) * duration };
}
