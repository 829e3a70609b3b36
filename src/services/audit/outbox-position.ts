// Where in the outbox a time begins, found without an index on time.
import type { Queryable } from '../../storage/sql/database.ts';
import { firstOutboxRowFrom, outboxRange } from '../../storage/sql/queries/outbox-reading.ts';

/**
 * How far the times of neighbouring rows may run against their order: the clocks of servers differ, and a transaction
 * takes a while between choosing its time and writing it.
 */
export const DISORDER_MS = 5 * 60_000;

/**
 * A primary key before which every row is older than `time` (unix ms), as far as {@link DISORDER_MS} holds; the one
 * after the highest when all are. Reads one row for each halving of the range.
 */
export async function positionOf(q: Queryable, time: number): Promise<number> {
  const range = await outboxRange(q);
  if (range === undefined) return 0;
  let [low, high] = [range.lowest, range.highest + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = await firstOutboxRowFrom(q, middle);
    if (row === undefined || row.createdAt >= time - DISORDER_MS) high = middle;
    else low = row.pk + 1;
  }
  return low;
}
