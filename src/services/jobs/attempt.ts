// What a node does about a job that is due: finds out whether somebody has done it, takes its turn, or comes back later.

import type { Job } from './job.ts';
import { nextAttempt, readHistory } from './job-history.ts';
import { LeaseLostError } from './job-lease.ts';
import { type RunDeps, runJob } from './run-job.ts';
import { latestDue } from './schedule.ts';

/** How often a node looks whether a run that another one has begun is done. */
const LOOK_AGAIN_MS = 10_000;
/** A lease that is about to end is not asked for in a tight loop. */
const SHORTEST_PAUSE_MS = 1_000;

/**
 * Looks at the job's latest due time and runs it if that is still to be done. Resolves to when to look again (unix ms), or
 * undefined when there is nothing to do before the next due time. Never rejects: failures are logged, counted, and tried
 * again as the job says.
 */
export async function attemptJob(deps: RunDeps, job: Job, stop: AbortSignal): Promise<number | undefined> {
  const { db, clock } = deps;
  const dueAt = latestDue(job.schedule, clock.now());
  const whenToRun = async (): Promise<number | undefined> => {
    const history = await readHistory(db.primary, job);
    // Whichever node did it: the one that did may be gone, and its gauge with it.
    if (history.finished !== undefined) showSuccess(deps, job, history.finished.at);
    return nextAttempt(job, history, dueAt);
  };
  try {
    const at = await whenToRun();
    if (at === undefined || at > clock.now()) return at;
    const startedAt = clock.now();
    const outcome = await runJob(deps, job, {
      dueAt,
      stop,
      async mayRun() {
        const turn = await whenToRun();
        return turn !== undefined && turn <= clock.now();
      },
    });
    if ('heldBy' in outcome) return nextLook(clock.now(), outcome.heldBy.expiresAt);
    if (outcome.result === undefined) return await whenToRun();
    succeeded(deps, job, { items: outcome.result, tookMs: clock.now() - startedAt });
    return undefined;
  } catch (error) {
    if (stop.aborted || error instanceof LeaseLostError) {
      deps.metrics.count('unkey_job_runs_total', { job: job.name, status: 'aborted' });
      deps.log.warn(
        { err: error, job: job.name },
        'a background job was cut short; it will be taken up again',
      );
      return stop.aborted ? undefined : clock.now() + LOOK_AGAIN_MS;
    }
    deps.metrics.count('unkey_job_runs_total', { job: job.name, status: 'error' });
    deps.log.error({ err: error, job: job.name }, 'a background job failed');
    return job.retryAfterMs === undefined ? undefined : clock.now() + job.retryAfterMs;
  }
}

/** When to look after a run that another node has begun: at the end of its lease, should it have died, at the latest. */
function nextLook(now: number, leaseEnd: number): number {
  return Math.min(now + LOOK_AGAIN_MS, Math.max(leaseEnd, now + SHORTEST_PAUSE_MS));
}

function succeeded({ metrics, log, clock }: RunDeps, job: Job, run: { items: number; tookMs: number }): void {
  metrics.count('unkey_job_runs_total', { job: job.name, status: 'success' });
  showSuccess({ metrics }, job, clock.now());
  // Jobs that run every minute mostly find nothing to do.
  log[run.items > 0 ? 'info' : 'debug'](
    { job: job.name, ...run },
    `background job done: ${run.items} ${job.counts}`,
  );
}

function showSuccess({ metrics }: Pick<RunDeps, 'metrics'>, job: Job, at: number): void {
  metrics.gauge('unkey_job_last_success_timestamp_seconds', { job: job.name }, at / 1000);
}
