import { MIN_DURATION_MS, type RateLimitRequest } from './limiter.ts';

/** @throws RangeError for a request that no counter can answer: what its caller should have refused or left out */
export function assertWithinBounds(request: RateLimitRequest): void {
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
