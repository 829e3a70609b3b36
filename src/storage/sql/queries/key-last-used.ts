import type { Queryable } from '../database.ts';

/** Moves the last use of keys forward to a time (unix ms), never back, and yields how many it moved. */
export async function raiseLastUsed(
  q: Queryable,
  { ids, at }: { readonly ids: readonly string[]; readonly at: number },
): Promise<number> {
  const { affectedRows } = await q.run(
    'raiseLastUsed',
    'UPDATE `keys` SET last_used_at = :at WHERE id IN (:ids) AND last_used_at < :at',
    { ids, at },
  );
  return affectedRows;
}
