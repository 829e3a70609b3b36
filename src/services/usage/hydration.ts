import type { Clock } from '../../lib/clock.ts';
import type { Integer } from '../../lib/json.ts';
import { runDetached } from '../../lib/request-scope.ts';
import type { CreditCounters, Hydration } from '../../storage/counters/credit-counters.ts';
import type { Database } from '../../storage/sql/database.ts';
import { findBalance, type SettlementRow } from '../../storage/sql/queries/credit-settlements.ts';
import type { LedgerBook } from './ledger-book.ts';
import type { LedgerState } from './posting.ts';
import type { RedisWatch } from './redis-watch.ts';
import type { Settler } from './settler.ts';

/**
 * A ledger that was settled this long ago and did not change since is done with: its process gives up idle ledgers much
 * sooner. It is struck before the settlement itself is forgotten (settlement-cleanup.ts).
 */
const STRIKE_AFTER_MS = 3_600_000;

/**
 * What the store says of a key whose counter was absent: it has a counter now (or one is due to another attempt), it is
 * unlimited, or its balance is larger than a counter can hold.
 */
export type Hydrated = 'counted' | 'unlimited' | 'too large';

/**
 * Initialises counters from stored balances. A balance counts only when it reflects everything that was spent of the key,
 * so that is settled first. At most one hydration of a key is under way.
 */
export function createHydrator(deps: {
  readonly counters: CreditCounters;
  readonly db: Database;
  readonly book: LedgerBook;
  readonly settler: Settler;
  readonly watch: RedisWatch;
  /** Shows Redis that this process lives, and tells the watch if it was not known. */
  readonly beat: () => Promise<void>;
  readonly clock: Clock;
  readonly pause: (ms: number) => Promise<void>;
}): {
  /** @throws CountersError, DatabaseError, or an Error for a key without a row */
  hydrate(keyId: string): Promise<Hydrated>;
} {
  const { counters, db, book, settler, watch, clock } = deps;
  const flights = new Map<string, Promise<Hydrated>>();

  async function run(keyId: string): Promise<Hydrated> {
    // In this order: a loss between the two makes the token void, one before them shows in the beat.
    const [hydration] = await Promise.all([counters.beginHydration(keyId), deps.beat()]);
    if (hydration === undefined) return 'counted';
    if (watch.msUntilHydration > 0) await deps.pause(watch.msUntilHydration);
    book.closeLost(keyId, hydration.spent);
    const ledgers = allLedgers(book.statesOf(keyId), hydration);
    const view = await findBalance(
      db.primary,
      keyId,
      ledgers.map(({ ledgerId }) => ledgerId),
    );
    if (view === undefined) throw new Error(`key ${keyId} has no row to take credits from`);
    const remaining = await upToDate(keyId, ledgers, view.remaining, view.settlements);
    if (remaining === null) return 'unlimited';
    if (typeof remaining === 'bigint') return 'too large';
    const struckLedgers = longSettled(view.settlements, hydration);
    await counters.finishHydration(keyId, { token: hydration.token, remaining, struckLedgers });
    return 'counted';
  }

  /** The balance once it reflects these ledgers: as it was read if it does already, as is the rule. */
  async function upToDate(
    keyId: string,
    ledgers: readonly LedgerState[],
    remaining: Integer | null,
    settlements: readonly SettlementRow[],
  ): Promise<Integer | null> {
    const settled = new Map(settlements.map((row) => [row.ledgerId, row.settled]));
    if (ledgers.every(({ ledgerId, spent }) => spent <= (settled.get(ledgerId) ?? 0))) return remaining;
    const outcome = (await settler.settle([{ keyId, ledgers }])).get(keyId);
    if (outcome === undefined) throw new Error(`key ${keyId} was deleted while its credits were counted`);
    return outcome.remaining;
  }

  function longSettled(settlements: readonly SettlementRow[], { spent }: Hydration): string[] {
    const before = clock.now() - STRIKE_AFTER_MS;
    return settlements
      .filter(
        ({ ledgerId, settled, updatedAt }) =>
          updatedAt < before && spent.has(ledgerId) && settled >= (spent.get(ledgerId) ?? 0),
      )
      .map(({ ledgerId }) => ledgerId);
  }

  return {
    hydrate(keyId) {
      const known = flights.get(keyId);
      if (known !== undefined) return known;
      const flight = runDetached(() => run(keyId)).finally(() => flights.delete(keyId));
      flights.set(keyId, flight);
      return flight;
    },
  };
}

/** What Redis and this process know together: of a ledger that both know, the greater count. */
export function allLedgers(own: readonly LedgerState[], { spent }: Pick<Hydration, 'spent'>): LedgerState[] {
  const all = new Map(own.map((state) => [state.ledgerId, state]));
  for (const [ledgerId, amount] of spent) {
    const known = all.get(ledgerId);
    if (known === undefined) all.set(ledgerId, { ledgerId, spent: amount, settled: 0 });
    else if (known.spent < amount) all.set(ledgerId, { ...known, spent: amount });
  }
  return [...all.values()];
}
