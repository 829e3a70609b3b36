// Ledgers of spent credits, and how much of each the balances reflect (`settled`). A ledger belongs to one key, and who
// changes its row holds the lock of that key's row: nothing here needs a lock of its own.

import { type Integer, toNullableInteger } from '../../../lib/json.ts';
import type { Queryable, SqlParams, Transaction } from '../database.ts';
import { insertRows } from '../dialect.ts';

export interface SettlementRow {
  readonly ledgerId: string;
  /** Credits of the ledger that the key's balance reflects. */
  readonly settled: number;
  /** Unix milliseconds of the last change. */
  readonly updatedAt: number;
}

/** What is settled of these ledgers; those of which nothing ever was are left out. */
export function listSettlements(q: Queryable, ledgerIds: readonly string[]): Promise<SettlementRow[]> {
  return q.all<SettlementRow>(
    'listSettlements',
    `SELECT ledger_id AS ledgerId, settled, updated_at AS updatedAt
       FROM credit_settlements WHERE ledger_id IN (:ledgerIds)`,
    { ledgerIds },
  );
}

export interface BalanceView {
  /** null = unlimited. */
  readonly remaining: Integer | null;
  /** What is settled of the ledgers that were asked for. */
  readonly settlements: readonly SettlementRow[];
}

/** A key's balance and what it reflects, as one statement sees them; undefined when there is no such key. */
export async function findBalance(
  q: Queryable,
  keyId: string,
  ledgerIds: readonly string[],
): Promise<BalanceView | undefined> {
  const rows = await q.all<
    { remaining: number | string | null } & (SettlementRow | Record<keyof SettlementRow, null>)
  >(
    'findBalance',
    `SELECT k.remaining_requests AS remaining, s.ledger_id AS ledgerId, s.settled AS settled,
            s.updated_at AS updatedAt
       FROM \`keys\` k LEFT JOIN credit_settlements s ON s.ledger_id IN (:ledgerIds)
      WHERE k.id = :keyId`,
    { keyId, ledgerIds },
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  return {
    remaining: toNullableInteger(first.remaining),
    settlements: rows.filter((row) => row.ledgerId !== null),
  };
}

export interface Settlement {
  readonly ledgerId: string;
  readonly keyId: string;
  readonly settled: number;
}

/** Records ledgers that have no row yet. `now` in unix ms. */
export async function insertSettlements(
  tx: Transaction,
  settlements: readonly Settlement[],
  now: number,
): Promise<void> {
  await insertRows(
    tx,
    'insertSettlements',
    'credit_settlements',
    settlements.map(({ ledgerId, keyId, settled }) => ({
      ledger_id: ledgerId,
      key_id: keyId,
      settled,
      updated_at: now,
    })),
  );
}

/**
 * Overwrites what is settled of ledgers that have a row. No settlements, no statement. `now` in unix ms. On MySQL it must
 * not read, and so lock, the rows of other ledgers, however few there are.
 */
export async function updateSettlements(
  tx: Transaction,
  settlements: readonly Settlement[],
  now: number,
): Promise<void> {
  if (settlements.length === 0) return;
  const params: SqlParams = { now, ledgerIds: settlements.map(({ ledgerId }) => ledgerId) };
  const cases = settlements.map(({ ledgerId, settled }, index) => {
    params[`id${index}`] = ledgerId;
    params[`settled${index}`] = settled;
    return `WHEN :id${index} THEN :settled${index}`;
  });
  await tx.run(
    'updateSettlements',
    `UPDATE credit_settlements${tx.dialect === 'mysql' ? ' FORCE INDEX (credit_settlements_ledger_id_unique)' : ''} SET settled = CASE ledger_id ${cases.join(' ')} END, updated_at = :now
      WHERE ledger_id IN (:ledgerIds)`,
    params,
  );
}

/** Deletes at most `limit` rows that last changed before `before` (unix ms); yields how many. */
export async function deleteSettlementsBefore(q: Queryable, before: number, limit: number): Promise<number> {
  const rows = await q.all<{ pk: number | string }>(
    'listOldSettlements',
    'SELECT pk FROM credit_settlements WHERE updated_at < :before ORDER BY updated_at LIMIT :limit',
    { before, limit },
  );
  if (rows.length === 0) return 0;
  const { affectedRows } = await q.run(
    'deleteSettlements',
    'DELETE FROM credit_settlements WHERE pk IN (:pks) AND updated_at < :before',
    { pks: rows.map(({ pk }) => pk), before },
  );
  return affectedRows;
}
