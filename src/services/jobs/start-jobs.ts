// The scheduler of background jobs. Every node runs one; leases and the jobs' history see to it that one of them works.

import { Cron } from 'croner';
import { runInBackground } from '../../lib/request-scope.ts';
import { randomAlphanumeric } from '../../lib/uid.ts';
import { attemptJob } from './attempt.ts';
import { canRun, type Job } from './job.ts';
import type { RunDeps } from './run-job.ts';

export interface JobScheduler {
  /** Starts no further run, ends the one that is under way before its next batch, and waits for that. */
  stop(): Promise<void>;
}

/** Names this process as a runner: two processes of one instance id are still two. */
export function runnerName(instanceId: string): string {
  return `${instanceId.slice(0, 48)}-${randomAlphanumeric(9)}`;
}

/** Schedules the jobs that can run with these stores. Returns at once; timers do not hold the process. */
export function startJobs(deps: RunDeps, jobs: readonly Job[]): JobScheduler {
  const stopping = new AbortController();
  const schedules = jobs
    .filter((job) => canRun(job, deps))
    .map((job) => runInBackground(() => scheduleJob(deps, job, stopping.signal)));
  return {
    async stop() {
      stopping.abort(new DOMException('the process is stopping', 'AbortError'));
      await Promise.all(schedules.map((schedule) => schedule.stop()));
    },
  };
}

function scheduleJob(deps: RunDeps, job: Job, stopping: AbortSignal): { stop(): Promise<void> } {
  let again: NodeJS.Timeout | undefined;
  let attempt: Promise<number | undefined> = Promise.resolve(undefined);
  // An attempt that is still busy at the next due time lets that one pass.
  const cron = new Cron(job.schedule, { timezone: 'UTC', unref: true, protect: true }, async () => {
    clearTimeout(again);
    attempt = attemptJob(deps, job, stopping);
    const at = await attempt;
    if (at === undefined || stopping.aborted) return;
    again = setTimeout(lookNow, Math.max(0, at - deps.clock.now())).unref();
  });
  const lookNow = (): void => {
    if (!cron.isBusy()) void cron.trigger();
  };
  if (job.runAtStart) lookNow();
  return {
    async stop() {
      cron.stop();
      clearTimeout(again);
      await attempt;
    },
  };
}
