// What background jobs remember from one run to the next, as JSON values by job and name.

import type { Queryable } from '../database.ts';
import { insertOrKeep } from '../dialect.ts';

export interface JobStateRow {
  readonly job: string;
  readonly name: string;
  /** JSON text. */
  readonly value: string;
  /** Unix milliseconds. */
  readonly updatedAt: number;
}

/** Everything that one job remembers. */
export function listJobState(q: Queryable, job: string): Promise<JobStateRow[]> {
  return q.all<JobStateRow>('listJobState', `${STATE} WHERE job = :job`, { job });
}

/** What every job remembers under one name. */
export function listJobStateNamed(q: Queryable, name: string): Promise<JobStateRow[]> {
  return q.all<JobStateRow>('listJobStateNamed', `${STATE} WHERE name = :name`, { name });
}

/** Remembers a value in the place of the one before. */
export async function putJobState(q: Queryable, row: JobStateRow): Promise<void> {
  const { affectedRows } = await q.run(
    'putJobState',
    'UPDATE job_state SET value = :value, updated_at = :updatedAt WHERE job = :job AND name = :name',
    { ...row },
  );
  if (affectedRows > 0) return;
  await insertOrKeep(
    q,
    'putJobState',
    'job_state',
    [{ job: row.job, name: row.name, value: row.value, updated_at: row.updatedAt }],
    ['job', 'name'],
  );
}

const STATE = 'SELECT job, name, value, updated_at AS updatedAt FROM job_state';
