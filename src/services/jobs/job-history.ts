// What became of a job's runs, shared by all nodes: the due time that was finished last, and the one that failed last.

import type { Queryable } from '../../storage/sql/database.ts';
import { type JobStateRow, listJobState, putJobState } from '../../storage/sql/queries/job-state.ts';
import type { Job } from './job.ts';
import { dayOf } from './schedule.ts';

/** Names of the values in `job_state`. Each is the due time in ISO 8601: the date alone for jobs that run for a day. */
export const LAST_FINISHED = 'last_finished';
const LAST_FAILED = 'last_failed';

/** The end of a run. */
export interface RunEnd {
  /** The due time that it was run for, unix ms. */
  readonly dueAt: number;
  /** When it ended, unix ms. */
  readonly at: number;
}

export interface JobHistory {
  readonly finished: RunEnd | undefined;
  readonly failed: RunEnd | undefined;
}

/** Reads what is recorded of the job. Throws a DatabaseError when the store fails. */
export async function readHistory(q: Queryable, job: Job): Promise<JobHistory> {
  const rows = await listJobState(q, job.name);
  const named = (name: string): RunEnd | undefined => rows.filter((row) => row.name === name).map(runEnd)[0];
  return { finished: named(LAST_FINISHED), failed: named(LAST_FAILED) };
}

/** The run that a row of `job_state` under one of the names above tells of. */
export function runEnd(row: JobStateRow): RunEnd {
  const dueAt = Date.parse(String(JSON.parse(row.value)));
  if (Number.isNaN(dueAt)) throw new Error(`job_state holds no time under ${row.job}, ${row.name}`);
  return { dueAt, at: row.updatedAt };
}

/** Records that the run for `dueAt` is done. A later run that is done already stays the last one. */
export async function recordFinished(q: Queryable, job: Job, end: RunEnd): Promise<void> {
  const { finished } = await readHistory(q, job);
  if (finished !== undefined && finished.dueAt > end.dueAt) return;
  await record(q, job, LAST_FINISHED, end);
}

/** Records that the run for `dueAt` failed, so that no node tries again before it is time. */
export async function recordFailed(q: Queryable, job: Job, end: RunEnd): Promise<void> {
  await record(q, job, LAST_FAILED, end);
}

/**
 * When the run for `dueAt` may begin, unix ms, which may be past; undefined when there is nothing left to do until the
 * next due time. Source: job rule 3 of the operations chapter.
 */
export function nextAttempt(job: Job, history: JobHistory, dueAt: number): number | undefined {
  const { finished, failed } = history;
  if (finished !== undefined && finished.dueAt >= dueAt) return undefined;
  if (failed === undefined || failed.dueAt < dueAt) return dueAt;
  return job.retryAfterMs === undefined ? undefined : failed.at + job.retryAfterMs;
}

async function record(q: Queryable, job: Job, name: string, { dueAt, at }: RunEnd): Promise<void> {
  const text = job.perDay ? dayOf(dueAt) : new Date(dueAt).toISOString();
  await putJobState(q, { job: job.name, name, value: JSON.stringify(text), updatedAt: at });
}
