import { type Integer, toNullableInteger } from '../../../lib/json.ts';
import type { Queryable, SqlParams, Transaction } from '../database.ts';
import { forUpdate } from '../dialect.ts';

/**
 * The balances of these keys, null = unlimited, without the keys that do not exist. Nobody else changes them until the
 * transaction ends. Rows are locked in the order of their ids, so that two of these do not wait for each other.
 */
export async function lockBalances(
  tx: Transaction,
  keyIds: readonly string[],
): Promise<Map<string, Integer | null>> {
  const rows = await tx.all<{ id: string; remaining: number | string | null }>(
    'lockBalances',
    `SELECT id, remaining_requests AS remaining FROM \`keys\` WHERE id IN (:keyIds) ORDER BY id${forUpdate(tx)}`,
    { keyIds },
  );
  return new Map(rows.map(({ id, remaining }) => [id, toNullableInteger(remaining)]));
}

/**
 * Takes credits from several keys in one statement. A balance stops at 0, and an unlimited key stays unlimited. The ids
 * are distinct. No keys, no statement.
 */
export async function takeCredits(
  q: Queryable,
  takings: readonly { readonly keyId: string; readonly amount: Integer }[],
): Promise<void> {
  if (takings.length === 0) return;
  const params: SqlParams = { keyIds: takings.map(({ keyId }) => keyId) };
  const cases = takings.map(({ keyId, amount }, index) => {
    params[`id${index}`] = keyId;
    params[`amount${index}`] = amount;
    return `WHEN :id${index} THEN :amount${index}`;
  });
  const amount = `CASE id ${cases.join(' ')} END`;
  await q.run(
    'takeCredits',
    `UPDATE \`keys\`
        SET remaining_requests = CASE WHEN remaining_requests >= ${amount}
                                      THEN remaining_requests - ${amount} ELSE 0 END
      WHERE id IN (:keyIds) AND remaining_requests IS NOT NULL`,
    params,
  );
}
