// The lease that keeps two runners of one job apart, on any number of nodes. Source: job rule 2 of the operations chapter.

import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { startPeriodic } from '../../lib/periodic.ts';
import { type Database, DuplicateKeyError } from '../../storage/sql/database.ts';
import {
  extendJobLease,
  findJobLease,
  insertJobLease,
  type JobLeaseRow,
  releaseJobLease,
} from '../../storage/sql/queries/job-leases.ts';

/** How long a lease lives without its holder, and how often the holder renews it. */
const LEASE_MS = 30_000;
const RENEWAL_MS = 10_000;

export interface LeaseDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** Names this runner among all others; at most 64 characters. */
  readonly owner: string;
  /** Milliseconds; the rule's own unless said. */
  readonly leaseMs?: number;
  readonly renewalMs?: number;
}

/** What a runner's work is aborted with when the lease is no longer its own. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** Either what the work came to, or who holds the lease. */
export type Leased<T> = { readonly result: T } | { readonly heldBy: JobLeaseRow };

/**
 * Runs `work` while holding the lease of the job `name`, and lets it go afterwards. Does nothing when another runner
 * holds it. The signal given to `work` aborts with `stop`, or with a LeaseLostError when the lease went to somebody else
 * or could not be renewed until it ran out; then a failure of `work` is reported as that LeaseLostError.
 */
export async function withLease<T>(
  deps: LeaseDeps,
  name: string,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Leased<T>> {
  const holder = await takeLease(deps, name);
  if (holder !== undefined) return { heldBy: holder };

  const lost = new AbortController();
  const upkeep = keepLease(deps, name, (reason) => lost.abort(new LeaseLostError(reason)));
  try {
    return { result: await work(AbortSignal.any([stop, lost.signal])) };
  } catch (error) {
    throw lost.signal.aborted ? lost.signal.reason : error;
  } finally {
    await upkeep.stop();
    await release(deps, name);
  }
}

/** Yields the holder when the lease is another's, nothing when it is ours now. */
async function takeLease(deps: LeaseDeps, name: string): Promise<JobLeaseRow | undefined> {
  const q = deps.db.primary;
  if (await extendJobLease(q, lease(deps, name))) return undefined;
  const holder = await findJobLease(q, name);
  if (holder !== undefined) return holder;
  try {
    await insertJobLease(q, lease(deps, name));
    return undefined;
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    return findJobLease(q, name);
  }
}

function keepLease(
  deps: LeaseDeps,
  name: string,
  onLost: (reason: string) => void,
): { stop(): Promise<void> } {
  const { db, log, leaseMs = LEASE_MS, renewalMs = RENEWAL_MS } = deps;
  const renew = async (): Promise<void> => {
    if (await extendJobLease(db.primary, lease(deps, name))) expiry.refresh();
    else onLost(`another runner has taken the lease of ${name}`);
  };
  let renewal: Promise<void> = Promise.resolve();
  // By the process's own time: it also fires after the process was suspended for longer than the lease.
  const expiry = setTimeout(() => onLost(`the lease of ${name} ran out`), leaseMs).unref();
  const renewals = startPeriodic({
    intervalMs: renewalMs,
    run() {
      renewal = renew();
      return renewal;
    },
    // The lease may still be ours: the next renewal decides, or its end.
    onError: (error) => log.warn({ err: error, job: name }, 'the lease of a job could not be renewed'),
  });
  return {
    async stop() {
      renewals.stop();
      // One under way must not come after the release and take the lease again.
      await Promise.allSettled([renewal]);
      clearTimeout(expiry);
    },
  };
}

/** A lease that cannot be released merely runs out later. */
async function release({ db, clock, log, owner }: LeaseDeps, name: string): Promise<void> {
  try {
    await releaseJobLease(db.primary, { name, owner, now: clock.now() });
  } catch (error) {
    log.warn({ err: error, job: name }, 'the lease of a job could not be released');
  }
}

function lease({ clock, owner, leaseMs = LEASE_MS }: LeaseDeps, name: string): JobLeaseRow & { now: number } {
  const now = clock.now();
  return { name, owner, now, expiresAt: now + leaseMs };
}
