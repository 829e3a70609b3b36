import type { Queryable, SqlParams, Transaction } from '../database.ts';
import { byPrimaryKey, forUpdate } from '../dialect.ts';

/** A day's refill, as the selection of keys needs it. Source: the refill job of the key chapter. */
export interface RefillDay {
  /** Keys with one of these refill days are due, both ends included; keys without a refill day are due every day. */
  readonly firstDay: number;
  readonly lastDay: number;
  /** Datetime text, UTC: keys refilled at or after it have had theirs. */
  readonly start: string;
}

export interface DueKeyRow {
  readonly pk: number | string;
  readonly id: string;
  readonly hash: string;
  readonly name: string | null;
  readonly workspaceId: string;
  readonly remaining: number | string | null;
  readonly refillAmount: number | string;
}

const COLUMNS = `pk, id, hash, name, workspace_id AS workspaceId,
            remaining_requests AS remaining, refill_amount AS refillAmount`;
/** The rest of what makes a key due: that it has a refill at all, and is not deleted, is said in ways that the index can use. */
const IS_DUE = `(remaining_requests IS NULL OR remaining_requests < refill_amount)
        AND (refill_day IS NULL OR refill_day BETWEEN :firstDay AND :lastDay)
        AND (last_refill_at IS NULL OR last_refill_at < :start)`;

/**
 * Some of the next keys due for a refill behind the key `after`, by refill amount and pk, at most `limit`; none when there
 * are no more. Locks nothing. Reads in the order of the index of refill amounts, so that a million keys without a refill
 * cost nothing.
 */
export async function listKeysDueForRefill(
  q: Queryable,
  {
    day,
    after,
    limit,
  }: {
    readonly day: RefillDay;
    /** undefined = from the start. */
    readonly after: Pick<DueKeyRow, 'refillAmount' | 'pk'> | undefined;
    readonly limit: number;
  },
): Promise<DueKeyRow[]> {
  const page = (condition: string, order: string, params: SqlParams) =>
    q.all<DueKeyRow>(
      'listKeysDueForRefill',
      `SELECT ${COLUMNS} FROM \`keys\` WHERE ${condition} AND ${IS_DUE} ORDER BY ${order} LIMIT :limit`,
      { ...day, ...params, limit },
    );
  if (after !== undefined) {
    const { refillAmount, pk } = after;
    const condition = 'refill_amount = :refillAmount AND deleted_at_m IS NULL AND pk > :pk';
    const sameAmount = await page(condition, 'pk', { refillAmount, pk });
    if (sameAmount.length > 0) return sameAmount;
  }
  const [higher, params] =
    after === undefined
      ? ['refill_amount >= 0', {}]
      : ['refill_amount > :refillAmount', { refillAmount: after.refillAmount }];
  // The order of the index, said to each so that it does not sort: MySQL leaves the column out that is NULL throughout;
  // SQLite must be kept from it, by the plus.
  return q.dialect === 'mysql'
    ? page(`${higher} AND deleted_at_m IS NULL`, 'refill_amount, pk', params)
    : page(`${higher} AND +deleted_at_m IS NULL`, 'refill_amount, deleted_at_m, pk', params);
}

export async function countKeysDueForRefill(q: Queryable, day: RefillDay): Promise<number> {
  const rows = await q.all<{ due: number }>(
    'countKeysDueForRefill',
    `SELECT COUNT(*) AS due FROM \`keys\` WHERE refill_amount >= 0 AND deleted_at_m IS NULL AND ${IS_DUE}`,
    { ...day },
  );
  return rows[0]?.due ?? 0;
}

/** Those of the keys that are still due, by pk, locked until the transaction ends. Locks no other key. */
export function lockKeysDueForRefill(
  tx: Transaction,
  { day, pks }: { readonly day: RefillDay; readonly pks: readonly (number | string)[] },
): Promise<DueKeyRow[]> {
  return tx.all<DueKeyRow>(
    'lockKeysDueForRefill',
    `SELECT ${COLUMNS} FROM \`keys\`${byPrimaryKey(tx)}
      WHERE refill_amount >= 0 AND deleted_at_m IS NULL AND ${IS_DUE} AND pk IN (:pks) ORDER BY pk${forUpdate(tx)}`,
    { ...day, pks },
  );
}

/** Sets the balance of the keys to their refill amount. `now` in unix ms, `nowText` the same as datetime text. */
export async function refillKeys(
  tx: Transaction,
  change: { readonly pks: readonly (number | string)[]; readonly now: number; readonly nowText: string },
): Promise<void> {
  await tx.run(
    'refillKeys',
    `UPDATE \`keys\`${byPrimaryKey(tx)}
        SET remaining_requests = refill_amount, last_refill_at = :nowText, updated_at_m = :now
      WHERE pk IN (:pks)`,
    { ...change },
  );
}
