import type { Queryable, Transaction } from '../database.ts';
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
const IS_DUE = `deleted_at_m IS NULL AND refill_amount IS NOT NULL
        AND (remaining_requests IS NULL OR remaining_requests < refill_amount)
        AND (refill_day IS NULL OR refill_day BETWEEN :firstDay AND :lastDay)
        AND (last_refill_at IS NULL OR last_refill_at < :start)`;

/** The next keys due for a refill behind the one with the pk `after`, by pk, at most `limit`. Locks nothing. */
export function listKeysDueForRefill(
  q: Queryable,
  { day, after, limit }: { readonly day: RefillDay; readonly after: number | string; readonly limit: number },
): Promise<DueKeyRow[]> {
  return q.all<DueKeyRow>(
    'listKeysDueForRefill',
    `SELECT ${COLUMNS} FROM \`keys\` WHERE ${IS_DUE} AND pk > :after ORDER BY pk LIMIT :limit`,
    { ...day, after, limit },
  );
}

export async function countKeysDueForRefill(q: Queryable, day: RefillDay): Promise<number> {
  const rows = await q.all<{ due: number }>(
    'countKeysDueForRefill',
    `SELECT COUNT(*) AS due FROM \`keys\` WHERE ${IS_DUE}`,
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
      WHERE ${IS_DUE} AND pk IN (:pks) ORDER BY pk${forUpdate(tx)}`,
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
