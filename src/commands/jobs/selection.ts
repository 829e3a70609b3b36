// Which run the words after `unkey jobs run` mean.

import { nearest } from '../../lib/nearest.ts';
import type { Job } from '../../services/jobs/job.ts';
import { latestDue } from '../../services/jobs/schedule.ts';
import { usageError } from '../cli/cli-error.ts';

export interface JobSelection {
  readonly job: Job;
  /** The due time that the run is for, unix ms. */
  readonly dueAt: number;
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * Finds the job and the due time meant: the latest one, or that of the given day.
 * @throws CliError exit 2 for an unknown job, and for a day that is none, is to come, or means nothing to the job
 */
export function selectRun(
  jobs: readonly Job[],
  { name, date, now }: { readonly name: string; readonly date: string | undefined; readonly now: number },
): JobSelection {
  const job = jobs.find((candidate) => candidate.name === name);
  if (job === undefined) throw unknownJob(jobs, name);
  if (date === undefined) return { job, dueAt: latestDue(job.schedule, now) };
  if (!job.perDay) throw usageError(`--date means nothing to ${job.name}, which is not run for a day`);
  const dueAt = latestDue(job.schedule, startOfDay(date) + DAY_MS - 1);
  if (dueAt > now) throw usageError(`--date ${date} is still to come`);
  return { job, dueAt };
}

function unknownJob(jobs: readonly Job[], name: string): Error {
  const names = jobs.map((job) => job.name);
  const offer = nearest(name, names);
  return usageError(
    `unknown job '${name}'${offer === undefined ? '' : `; did you mean '${offer}'?`}`,
    `Jobs: ${names.join(', ')}`,
  );
}

function startOfDay(date: string): number {
  const start = Date.parse(`${date}T00:00:00.000Z`);
  // JavaScript takes 31 February for a day in March; the round trip does not.
  const isDay = !Number.isNaN(start) && new Date(start).toISOString().startsWith(date);
  if (!isDay || !/^\d{4}-\d{2}-\d{2}$/.test(date)) {
    throw usageError(`--date takes a day as YYYY-MM-DD, got '${date}'`);
  }
  return start;
}
