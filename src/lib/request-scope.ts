import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What code far below the server may need to know of the request that it works for: the SQL comment names the route,
 * caches report their timing, downstream calls observe the deadline. Everything else is passed explicitly.
 */
export interface RequestScope {
  readonly requestId: string;
  /** `POST /v2/keys.verifyKey`. */
  readonly route: string;
  /** Aborted when the client is gone or the deadline has passed. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline, 0 once it has passed; undefined or absent = there is none. */
  readonly remainingMs?: number | undefined;
  /** Entries of the X-Unkey-Timing header, one per cache lookup. */
  readonly timings: string[];
}

const storage = new AsyncLocalStorage<RequestScope>();

export function runInRequestScope<T>(scope: RequestScope, work: () => T): T {
  return storage.run(scope, work);
}

/** The scope of the request being served, or undefined outside one (start-up, jobs, commands). */
export function currentRequestScope(): RequestScope | undefined {
  return storage.getStore();
}

/**
 * Runs work that serves more than the request that started it (a cache refresh, a load that others wait for): still
 * tagged with its route, but neither cancelled with it nor reported in its timings.
 */
export function runDetached<T>(work: () => T): T {
  const scope = storage.getStore();
  if (scope === undefined) return work();
  const { requestId, route } = scope;
  return storage.run({ requestId, route, signal: new AbortController().signal, timings: [] }, work);
}

/** Runs work that serves no request, whoever happened to start it: queue workers, batches, timers. */
export function runInBackground<T>(work: () => T): T {
  return storage.exit(work);
}
