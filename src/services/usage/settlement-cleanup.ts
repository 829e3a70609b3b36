import type { Clock } from '../../lib/clock.ts';
import type { Database } from '../../storage/sql/database.ts';
import { deleteSettlementsBefore } from '../../storage/sql/queries/credit-settlements.ts';

/**
 * How long a settlement is kept after its last change. It must outlive its ledger, or that would be charged anew. A
 * process stops using a ledger after ten idle minutes (ledger-book.ts) and then counts from what it knows itself to be
 * settled. In Redis the ledgers of a key end a day after its last spending; each spending needs a counter, and a counter
 * is initialised, every minute, only together with striking the ledgers that were settled more than an hour ago
 * (hydration.ts). So none is left after some 26 hours; the rest is for clocks that disagree.
 */
export const SETTLEMENT_RETENTION_MS = 3 * 24 * 3_600_000;

const BATCH = 1000;

/** Deletes settlements of ledgers that are no more; yields how many. Stops between two batches when told to. */
export async function cleanUpCreditSettlements(deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}): Promise<number> {
  const before = deps.clock.now() - SETTLEMENT_RETENTION_MS;
  let total = 0;
  while (deps.signal?.aborted !== true) {
    const deleted = await deleteSettlementsBefore(deps.db.primary, before, BATCH);
    total += deleted;
    if (deleted === 0) break;
  }
  return total;
}
