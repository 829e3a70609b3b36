import type { Integer } from '../../lib/json.ts';
import type { Database, Transaction } from '../../storage/sql/database.ts';
import {
  insertSettlements,
  listSettlements,
  type Settlement,
  updateSettlements,
} from '../../storage/sql/queries/credit-settlements.ts';
import {
  type KeyPk,
  type LockedBalance,
  listKeyPks,
  lockBalances,
  takeCredits,
} from '../../storage/sql/queries/credits.ts';
import { type Posting, type PostingOutcome, settleAndDecide } from './posting.ts';

/** Keys whose rows one transaction locks at most. */
export const MAX_POSTINGS = 100;

/**
 * Carries out postings on distinct keys, at most MAX_POSTINGS, in one transaction. Yields an outcome for each key that
 * exists. Harmless when repeated as far as ledgers go; a spending without a ledger is taken again.
 * @throws DatabaseError, DuplicateKeyError
 */
export async function post(
  db: Database,
  postings: readonly Posting[],
  now: number,
): Promise<Map<string, PostingOutcome>> {
  const pks = await listKeyPks(
    db.primary,
    postings.map(({ keyId }) => keyId),
  );
  return db.transaction(async (tx) => {
    // The locks come first: what is read after them cannot change any more, and is not older than they are.
    const balances = await lockBalances(tx, pks);
    const stored = await readSettled(tx, postings);
    const outcomes = new Map<string, PostingOutcome>();
    for (const posting of postings) {
      const balance = balances.get(posting.keyId);
      if (balance === undefined) continue;
      const { remaining } = balance;
      outcomes.set(posting.keyId, settleAndDecide(posting, { remaining, settled: stored }));
    }
    await write(tx, { outcomes, balances, stored }, now);
    return outcomes;
  });
}

async function readSettled(tx: Transaction, postings: readonly Posting[]): Promise<Map<string, number>> {
  const ledgerIds = postings.flatMap(({ ledgers }) => ledgers.map(({ ledgerId }) => ledgerId));
  if (ledgerIds.length === 0) return new Map();
  const rows = await listSettlements(tx, ledgerIds);
  return new Map(rows.map(({ ledgerId, settled }) => [ledgerId, settled]));
}

async function write(
  tx: Transaction,
  {
    outcomes,
    balances,
    stored,
  }: {
    readonly outcomes: ReadonlyMap<string, PostingOutcome>;
    readonly balances: ReadonlyMap<string, LockedBalance>;
    readonly stored: ReadonlyMap<string, number>;
  },
  now: number,
): Promise<void> {
  const takings: { pk: KeyPk; amount: Integer }[] = [];
  const added: Settlement[] = [];
  const changed: Settlement[] = [];
  for (const [keyId, { taken, settled }] of outcomes) {
    const pk = balances.get(keyId)?.pk;
    if (pk !== undefined && taken > 0) takings.push({ pk, amount: taken });
    for (const [ledgerId, amount] of settled) {
      const before = stored.get(ledgerId);
      if (before === undefined) added.push({ keyId, ledgerId, settled: amount });
      else if (before < amount) changed.push({ keyId, ledgerId, settled: amount });
    }
  }
  await takeCredits(tx, takings);
  await insertSettlements(tx, added, now);
  await updateSettlements(tx, changed, now);
}
