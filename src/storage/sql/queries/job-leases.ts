// Who runs a background job: one row a job, over all nodes of an installation.

import type { Queryable } from '../database.ts';
import { insertRows } from '../dialect.ts';

export interface JobLeaseRow {
  /** Name of the job. */
  readonly name: string;
  /** The runner that took it last. */
  readonly owner: string;
  /** Unix milliseconds; from then on anybody may take it. */
  readonly expiresAt: number;
}

/**
 * Takes or renews a lease: true when it had expired or was this owner's already. False when somebody else holds it, or
 * the job has no row yet. One conditional statement, so that of several takers one succeeds.
 */
export async function extendJobLease(
  q: Queryable,
  lease: JobLeaseRow & { readonly now: number },
): Promise<boolean> {
  const { affectedRows } = await q.run(
    'extendJobLease',
    `UPDATE job_leases
        SET owner = :owner, expires_at = :expiresAt, updated_at = :now
      WHERE name = :name AND (owner = :owner OR expires_at <= :now)`,
    { ...lease },
  );
  return affectedRows > 0;
}

/** Makes the row of a job that never ran. @throws DuplicateKeyError when somebody else made it meanwhile. */
export async function insertJobLease(
  q: Queryable,
  lease: JobLeaseRow & { readonly now: number },
): Promise<void> {
  await insertRows(q, 'insertJobLease', 'job_leases', [
    { name: lease.name, owner: lease.owner, expires_at: lease.expiresAt, updated_at: lease.now },
  ]);
}

/** Lets others take the lease from `now` on, if it is still this owner's. */
export async function releaseJobLease(
  q: Queryable,
  lease: { readonly name: string; readonly owner: string; readonly now: number },
): Promise<void> {
  await q.run(
    'releaseJobLease',
    'UPDATE job_leases SET expires_at = :now, updated_at = :now WHERE name = :name AND owner = :owner',
    { ...lease },
  );
}

/** The lease of a job, expired or not; undefined when the job never ran. */
export async function findJobLease(q: Queryable, name: string): Promise<JobLeaseRow | undefined> {
  return (await q.all<JobLeaseRow>('findJobLease', `${LEASES} WHERE name = :name`, { name }))[0];
}

export function listJobLeases(q: Queryable): Promise<JobLeaseRow[]> {
  return q.all<JobLeaseRow>('listJobLeases', LEASES);
}

const LEASES = 'SELECT name, owner, expires_at AS expiresAt FROM job_leases';
