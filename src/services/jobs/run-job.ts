// One run of a job, by the scheduler or by hand: under the job's lease, and recorded for all nodes when it ends.

import type { Job, JobServices } from './job.ts';
import { recordFailed, recordFinished } from './job-history.ts';
import { type LeaseDeps, type Leased, withLease } from './job-lease.ts';

export interface RunDeps extends JobServices, LeaseDeps {
  /** Called after each batch with how many things the run has dealt with so far. */
  progress?(done: number): void;
}

/**
 * Runs the job for the time `dueAt` (unix ms) unless `mayRun`, asked while the lease is held, says no; the result is then
 * undefined, else how many things the run dealt with. Throws what the job throws, the reason of `stop` when that
 * aborted it, and a LeaseLostError when another runner took over; the last two do not count as failures of the job.
 */
export function runJob(
  deps: RunDeps,
  job: Job,
  request: { readonly dueAt: number; readonly stop: AbortSignal; mayRun(): Promise<boolean> },
): Promise<Leased<number | undefined>> {
  const { dueAt, stop, mayRun } = request;
  const { db, clock, progress = () => undefined } = deps;
  return withLease(deps, job.name, stop, async (signal) => {
    // Whoever held the lease before may have finished the run between our look and our turn.
    if (!(await mayRun())) return undefined;
    try {
      const done = await job.run({ ...deps, dueAt, signal, progress });
      // A job may answer an abort by returning early, and its count does not tell.
      signal.throwIfAborted();
      await recordFinished(db.primary, job, { dueAt, at: clock.now() });
      return done;
    } catch (error) {
      if (!signal.aborted) await noteFailure(deps, job, dueAt);
      throw error;
    }
  });
}

/** Keeps other nodes from trying again before it is time. */
async function noteFailure({ db, clock, log }: RunDeps, job: Job, dueAt: number): Promise<void> {
  try {
    await recordFailed(db.primary, job, { dueAt, at: clock.now() });
  } catch (error) {
    log.warn({ err: error, job: job.name }, 'other nodes could not be told that a background job failed');
  }
}
