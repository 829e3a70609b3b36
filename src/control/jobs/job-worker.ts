// Takes turns with other processes at the control plane's jobs. A process holds a job by a lease that it renews; when it
// dies, another one takes the job over once the lease has run out.

import { errorChain } from '../../lib/fault.ts';
import { startPeriodic } from '../../lib/periodic.ts';
import { runInBackground } from '../../lib/request-scope.ts';
import {
  type ControlJobRow,
  finishControlJob,
  listRunnableControlJobs,
  renewControlJob,
  returnControlJob,
  takeControlJob,
} from '../../storage/sql/queries/control/jobs.ts';
import type { ControlDeps } from '../control-deps.ts';
import { handleJob, type JobHandlers } from './control-job.ts';

export interface JobWorkerOptions extends Pick<ControlDeps, 'db' | 'clock' | 'log'> {
  /** Names this process among all others; at most 64 characters. */
  readonly owner: string;
  readonly handlers: JobHandlers;
  /** A job that has failed for the last time. */
  readonly onGivenUp: (job: ControlJobRow) => Promise<void>;
  /** Milliseconds between looks at the queue; one second unless said. */
  readonly pollMs?: number;
  /** Milliseconds; the lease below unless said. */
  readonly leaseMs?: number;
}

export interface JobWorker {
  /** Looks at the queue at once. */
  kick(): void;
  /** Takes no more jobs, interrupts those being done, and resolves once they are back in the queue. */
  stop(): Promise<void>;
}

/** Jobs that one process does at a time. */
const CONCURRENCY = 8;
const POLL_MS = 1_000;
/** How long a job stays with a process that died. */
const LEASE_MS = 15_000;
/** Waits between runs that fail: doubling from the first to the last. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;
const MAX_ATTEMPTS = 12;

export function startJobWorker(options: JobWorkerOptions): JobWorker {
  const { log, pollMs = POLL_MS } = options;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let looking: Promise<void> | undefined;
  let lookAgain = false;

  const look = async (): Promise<void> => {
    do {
      lookAgain = false;
      if (stopping.signal.aborted) return;
      for (const job of await takeJobs(options, CONCURRENCY - running.size)) {
        const run = runJob(options, job, stopping.signal).finally(() => {
          running.delete(run);
          kick();
        });
        running.add(run);
      }
    } while (lookAgain);
  };
  const kick = (): void => {
    if (stopping.signal.aborted) return;
    lookAgain = true;
    looking ??= runInBackground(look)
      .catch((error: unknown) => log.warn({ err: error }, 'the queue of the control plane could not be read'))
      .finally(() => {
        looking = undefined;
        if (lookAgain) kick();
      });
  };
  const polls = startPeriodic({
    intervalMs: pollMs,
    run: kick,
    onError: (error) => log.error({ err: error }, 'looking at the queue of the control plane failed'),
  });
  return {
    kick,
    async stop() {
      polls.stop();
      stopping.abort();
      await looking;
      await Promise.all(running);
    },
  };
}

async function takeJobs(
  { db, clock, owner, leaseMs = LEASE_MS }: JobWorkerOptions,
  limit: number,
): Promise<ControlJobRow[]> {
  if (limit <= 0) return [];
  const now = clock.now();
  const taken: ControlJobRow[] = [];
  for (const job of await listRunnableControlJobs(db.primary, { now, limit })) {
    const lease = { pk: job.pk, objectKey: job.objectKey, owner, now, expiresAt: now + leaseMs };
    if (await db.transaction((tx) => takeControlJob(tx, lease))) taken.push(job);
  }
  return taken;
}

/** Never rejects. */
async function runJob(options: JobWorkerOptions, job: ControlJobRow, stop: AbortSignal): Promise<void> {
  const { db, log } = options;
  const fields = { job: job.kind, object: job.objectKey, invocation: job.id };
  const lost = new AbortController();
  const upkeep = keepLease(options, job, () =>
    lost.abort(new Error('another process has taken the job over')),
  );
  try {
    try {
      await handleJob(options.handlers, job, AbortSignal.any([stop, lost.signal]));
      await finishControlJob(db.primary, { pk: job.pk, owner: options.owner });
      log.info(fields, 'job done');
    } catch (error) {
      if (lost.signal.aborted) log.warn({ ...fields, err: error }, 'job taken over by another process');
      else await giveBack(options, job, error, stop);
    }
  } catch (error) {
    // Its lease runs out, and somebody takes it then.
    log.warn({ ...fields, err: error }, 'a job could not be given back');
  } finally {
    upkeep.stop();
  }
}

async function giveBack(
  options: JobWorkerOptions,
  job: ControlJobRow,
  error: unknown,
  stop: AbortSignal,
): Promise<void> {
  const { db, clock, log, owner } = options;
  const fields = { job: job.kind, object: job.objectKey, invocation: job.id };
  if (stop.aborted) {
    await returnControlJob(db.primary, { ...job, owner, runAt: clock.now() });
    log.info(fields, 'job interrupted, to be resumed');
    return;
  }
  const attempts = job.attempts + 1;
  if (attempts < MAX_ATTEMPTS) {
    const retryInMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** job.attempts);
    await returnControlJob(db.primary, { pk: job.pk, owner, attempts, runAt: clock.now() + retryInMs });
    log.warn({ ...fields, attempts, retryInMs, err: error }, `job failed: ${reasonOf(error)}`);
    return;
  }
  await options.onGivenUp(job);
  await finishControlJob(db.primary, { pk: job.pk, owner });
  log.error({ ...fields, attempts, err: error }, `job given up: ${reasonOf(error)}`);
}

function reasonOf(error: unknown): string {
  return errorChain(error)
    .map((link) => (link instanceof Error ? link.message : String(link)))
    .join(': ');
}

function keepLease(
  { db, clock, log, owner, leaseMs = LEASE_MS }: JobWorkerOptions,
  job: ControlJobRow,
  onLost: () => void,
): { stop(): void } {
  // By the process's own time: it also fires after the process was suspended for longer than the lease.
  const expiry = setTimeout(onLost, leaseMs).unref();
  let stopped = false;
  const renewals = startPeriodic({
    intervalMs: leaseMs / 3,
    async run() {
      if (stopped) return;
      const isOurs = await renewControlJob(db.primary, {
        pk: job.pk,
        owner,
        expiresAt: clock.now() + leaseMs,
      });
      // A job that is done has no row any more.
      if (stopped) return;
      if (isOurs) expiry.refresh();
      else onLost();
    },
    // The lease may still be ours: the next renewal decides, or its end.
    onError: (error) => log.warn({ err: error, job: job.kind }, 'the lease of a job could not be renewed'),
  });
  return {
    stop() {
      stopped = true;
      renewals.stop();
      clearTimeout(expiry);
    },
  };
}
