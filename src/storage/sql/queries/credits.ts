// The balances of keys as spending changes them, many at a time.

import { type Integer, toNullableInteger } from '../../../lib/json.ts';
import type { Queryable, SqlParams, Transaction } from '../database.ts';
import { byPrimaryKey, forUpdate } from '../dialect.ts';

/** Names a row of `keys` for as long as there is one. */
export type KeyPk = number | string;

export interface LockedBalance {
  readonly pk: KeyPk;
  /** null = unlimited. */
  readonly remaining: Integer | null;
}

/** The rows of these keys, without those of keys that do not exist. Locks nothing. */
export async function listKeyPks(q: Queryable, keyIds: readonly string[]): Promise<KeyPk[]> {
  const rows = await q.all<{ pk: KeyPk }>('listKeyPks', 'SELECT pk FROM `keys` WHERE id IN (:keyIds)', {
    keyIds,
  });
  return rows.map(({ pk }) => pk);
}

/**
 * The balances in these rows, by key id, without rows that are gone. Nobody else changes them until the transaction ends.
 * These rows are locked and no others, by pk, so that two who lock several do not wait for each other. No rows, no
 * statement.
 */
export async function lockBalances(
  tx: Transaction,
  pks: readonly KeyPk[],
): Promise<Map<string, LockedBalance>> {
  if (pks.length === 0) return new Map();
  const rows = await tx.all<{ pk: KeyPk; id: string; remaining: number | string | null }>(
    'lockBalances',
    `SELECT pk, id, remaining_requests AS remaining FROM \`keys\`${byPrimaryKey(tx)}
      WHERE pk IN (:pks) ORDER BY pk${forUpdate(tx)}`,
    { pks },
  );
  return new Map(rows.map(({ pk, id, remaining }) => [id, { pk, remaining: toNullableInteger(remaining) }]));
}

/**
 * Takes credits from several keys in one statement. A balance stops at 0, and an unlimited key stays unlimited. The rows
 * are distinct and locked. No rows, no statement.
 */
export async function takeCredits(
  tx: Transaction,
  takings: readonly { readonly pk: KeyPk; readonly amount: Integer }[],
): Promise<void> {
  if (takings.length === 0) return;
  const params: SqlParams = { pks: takings.map(({ pk }) => pk) };
  const cases = takings.map(({ pk, amount }, index) => {
    params[`pk${index}`] = pk;
    params[`amount${index}`] = amount;
    return `WHEN :pk${index} THEN :amount${index}`;
  });
  const amount = `CASE pk ${cases.join(' ')} END`;
  await tx.run(
    'takeCredits',
    `UPDATE \`keys\`${byPrimaryKey(tx)}
        SET remaining_requests = CASE WHEN remaining_requests >= ${amount}
                                      THEN remaining_requests - ${amount} ELSE 0 END
      WHERE pk IN (:pks) AND remaining_requests IS NOT NULL`,
    params,
  );
}
