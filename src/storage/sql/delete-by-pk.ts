import { chunksOf } from '../../lib/chunks.ts';
import type { Queryable, SqlParams, SqlValue } from './database.ts';
import { MAX_LISTED } from './dialect.ts';

/**
 * Deletes the rows of a table that a plain read finds, each by its primary key. A DELETE that searches by another index
 * would on MySQL lock what it reads on its way and the gaps between, and two of them that come to one row by different
 * indexes would wait for each other. The caller holds a lock that keeps others from adding such rows meanwhile.
 * @param condition the WHERE of the read
 */
export async function deleteMatching(
  q: Queryable,
  operation: string,
  table: string,
  condition: string,
  params: SqlParams,
): Promise<void> {
  const rows = await q.all<{ pk: number | string }>(
    `${operation}Found`,
    `SELECT pk FROM ${table} WHERE ${condition} ORDER BY pk`,
    params,
  );
  await deleteByPk(
    q,
    operation,
    table,
    rows.map(({ pk }) => pk),
  );
}

/** Deletes the rows with these primary keys; those that are gone already are passed over. */
export async function deleteByPk(
  q: Queryable,
  operation: string,
  table: string,
  pks: readonly SqlValue[],
): Promise<void> {
  for (const listed of chunksOf(pks, MAX_LISTED)) {
    await q.run(operation, `DELETE FROM ${table} WHERE pk IN (:listed)`, { listed });
  }
}
