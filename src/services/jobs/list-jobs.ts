import type { Clock } from '../../lib/clock.ts';
import type { Database } from '../../storage/sql/database.ts';
import { listJobLeases } from '../../storage/sql/queries/job-leases.ts';
import { listJobStateNamed } from '../../storage/sql/queries/job-state.ts';
import { isForStore, type Job } from './job.ts';
import { LAST_FINISHED, type RunEnd, runEnd } from './job-history.ts';

export interface JobStatus {
  readonly job: Job;
  /** False where the job has nothing to do on this kind of store, or lacks what it needs. */
  readonly scheduled: boolean;
  readonly lastFinished: RunEnd | undefined;
  /** Who is running it now. */
  readonly runner: { readonly owner: string; readonly leaseUntil: number } | undefined;
}

/** How the given jobs stand over all nodes. Throws a DatabaseError when the store fails. */
export async function listJobs(
  {
    db,
    hasAnalytics,
    clock,
  }: { readonly db: Database; readonly hasAnalytics: boolean; readonly clock: Clock },
  jobs: readonly Job[],
): Promise<JobStatus[]> {
  const finished = await listJobStateNamed(db.primary, LAST_FINISHED);
  const leases = await listJobLeases(db.primary);
  const now = clock.now();
  return jobs.map((job) => {
    const lease = leases.find(({ name, expiresAt }) => name === job.name && expiresAt > now);
    return {
      job,
      scheduled: isForStore(job, db.dialect) && (job.needs !== 'analytics' || hasAnalytics),
      lastFinished: finished.filter((row) => row.job === job.name).map(runEnd)[0],
      runner: lease && { owner: lease.owner, leaseUntil: lease.expiresAt },
    };
  });
}
