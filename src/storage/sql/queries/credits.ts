import { type Integer, toNullableInteger } from '../../../lib/json.ts';
import type { Queryable } from '../database.ts';

/**
 * Takes `cost` credits of a key whose balance allows it. False when it does not, or the key is unlimited or absent: then
 * nothing was changed. One statement, so that concurrent spenders never take more than there is.
 */
export async function takeCredits(q: Queryable, keyId: string, cost: number): Promise<boolean> {
  const { affectedRows } = await q.run(
    'takeCredits',
    `UPDATE \`keys\`
        SET remaining_requests = remaining_requests - :cost
      WHERE id = :keyId AND remaining_requests >= :cost`,
    { keyId, cost },
  );
  return affectedRows > 0;
}

/** A key's balance: null = unlimited, undefined = no such key. */
export async function findCredits(q: Queryable, keyId: string): Promise<Integer | null | undefined> {
  const rows = await q.all<{ remaining: number | string | null }>(
    'findCredits',
    'SELECT remaining_requests AS remaining FROM `keys` WHERE id = :keyId',
    { keyId },
  );
  return rows.map(({ remaining }) => toNullableInteger(remaining))[0];
}
