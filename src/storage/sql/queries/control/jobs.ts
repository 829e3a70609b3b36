// The control plane's jobs: a queue in the database, from which any number of processes take turns.

import type { Queryable, Transaction } from '../../database.ts';
import { forUpdate, insertRows } from '../../dialect.ts';

export interface NewControlJob {
  readonly id: string;
  readonly kind: string;
  /** The object that the job is about; jobs of one object run one after another, the oldest first. */
  readonly objectKey: string;
  /** JSON text. */
  readonly payload: string;
  /** Unix milliseconds before which it does not run. */
  readonly runAt: number;
  readonly createdAt: number;
}

export interface ControlJobRow {
  readonly pk: number;
  readonly id: string;
  readonly kind: string;
  readonly objectKey: string;
  /** JSON text. */
  readonly payload: string;
  /** Runs that failed so far. */
  readonly attempts: number;
}

export async function insertControlJob(q: Queryable, job: NewControlJob): Promise<void> {
  await insertRows(q, 'insertControlJob', 'control_jobs', [
    {
      id: job.id,
      kind: job.kind,
      object_key: job.objectKey,
      payload: job.payload,
      run_at: job.runAt,
      created_at: job.createdAt,
    },
  ]);
}

/**
 * Jobs that may run at `now` and that nobody is running, the oldest first. Left out are those whose object has an older
 * job that is due, or one that is being run.
 */
export function listRunnableControlJobs(
  q: Queryable,
  { now, limit }: { readonly now: number; readonly limit: number },
): Promise<ControlJobRow[]> {
  return q.all<ControlJobRow>(
    'listRunnableControlJobs',
    `SELECT j.pk AS pk, j.id AS id, j.kind AS kind, j.object_key AS objectKey, j.payload AS payload,
            j.attempts AS attempts
       FROM control_jobs j
      WHERE j.run_at <= :now AND j.lease_expires_at <= :now
        AND NOT EXISTS (SELECT 1 FROM control_jobs o
                         WHERE o.object_key = j.object_key
                           AND (o.lease_expires_at > :now OR (o.run_at <= :now AND o.pk < j.pk)))
      ORDER BY j.pk LIMIT :limit`,
    { now, limit },
  );
}

export interface ControlJobLease {
  readonly pk: number;
  /** What the job is about. */
  readonly objectKey: string;
  /** The process that runs the job. */
  readonly owner: string;
  /** Unix milliseconds; from then on others may take it. */
  readonly expiresAt: number;
  readonly now: number;
}

/**
 * Takes a job; false when somebody else was faster, with it or with another one of its object. A transaction, because two
 * that take two jobs of one object at once must see each other.
 */
export async function takeControlJob(tx: Transaction, lease: ControlJobLease): Promise<boolean> {
  const { pk, objectKey, owner, expiresAt, now } = lease;
  const jobs = await tx.all<{ expiresAt: number }>(
    'lockControlJobs',
    `SELECT lease_expires_at AS expiresAt FROM control_jobs WHERE object_key = :objectKey ORDER BY pk${forUpdate(tx)}`,
    { objectKey },
  );
  if (jobs.some((job) => job.expiresAt > now)) return false;
  const { affectedRows } = await tx.run(
    'takeControlJob',
    'UPDATE control_jobs SET owner = :owner, lease_expires_at = :expiresAt WHERE pk = :pk',
    { pk, owner, expiresAt },
  );
  return affectedRows > 0;
}

/** Keeps a job; false when it is no longer this owner's. */
export async function renewControlJob(
  q: Queryable,
  { pk, owner, expiresAt }: Pick<ControlJobLease, 'pk' | 'owner' | 'expiresAt'>,
): Promise<boolean> {
  const { affectedRows } = await q.run(
    'renewControlJob',
    'UPDATE control_jobs SET lease_expires_at = :expiresAt WHERE pk = :pk AND owner = :owner',
    { pk, owner, expiresAt },
  );
  return affectedRows > 0;
}

/** Gives a job back, to be run again from `runAt` on (unix milliseconds). */
export async function returnControlJob(
  q: Queryable,
  job: {
    readonly pk: number;
    readonly owner: string;
    readonly runAt: number;
    /** Runs that failed so far. */
    readonly attempts: number;
  },
): Promise<void> {
  await q.run(
    'returnControlJob',
    `UPDATE control_jobs SET lease_expires_at = 0, run_at = :runAt, attempts = :attempts
      WHERE pk = :pk AND owner = :owner`,
    { ...job },
  );
}

/** Ends a job that is done, unless it is no longer this owner's: whoever has it now must not lose it on the way. */
export async function finishControlJob(
  q: Queryable,
  job: { readonly pk: number; readonly owner: string },
): Promise<void> {
  await q.run('finishControlJob', 'DELETE FROM control_jobs WHERE pk = :pk AND owner = :owner', { ...job });
}

/** Ends a job, whoever runs it. */
export async function deleteControlJob(q: Queryable, pk: number): Promise<void> {
  await q.run('deleteControlJob', 'DELETE FROM control_jobs WHERE pk = :pk', { pk });
}

/** Whether an object has a job of one kind before it that was never begun. */
export async function hasUnbegunControlJob(
  q: Queryable,
  job: { readonly kind: string; readonly objectKey: string },
): Promise<boolean> {
  const rows = await q.all<{ pk: number }>(
    'hasUnbegunControlJob',
    `SELECT pk FROM control_jobs
      WHERE object_key = :objectKey AND kind = :kind AND owner IS NULL LIMIT 1`,
    { ...job },
  );
  return rows.length > 0;
}

/** Takes back the jobs of one kind that an object still has before it and that nobody is running. */
export async function cancelControlJobs(
  q: Queryable,
  job: { readonly kind: string; readonly objectKey: string; readonly now: number },
): Promise<void> {
  await q.run(
    'cancelControlJobs',
    'DELETE FROM control_jobs WHERE object_key = :objectKey AND kind = :kind AND lease_expires_at <= :now',
    { ...job },
  );
}
