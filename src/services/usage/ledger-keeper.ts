import type { Logger } from '../../lib/logger.ts';
import type { CreditCounters } from '../../storage/counters/credit-counters.ts';
import type { LedgerBook, RetiredLedgers } from './ledger-book.ts';
import type { RedisWatch } from './redis-watch.ts';
import type { Settler } from './settler.ts';

/** A process that was silent for this long is taken for dead. */
const LAPSE_MS = 10_000;

/**
 * Keeps the ledgers in Redis in order: shows that this process lives, removes what it is done with, and settles what dead
 * processes have left behind. Being wrong about a death costs nothing but work: settling is harmless when repeated, and the
 * ledgers stay. A process that was only stalled goes on with them until its next beat tells it to begin new ones; were one
 * of them struck before, its count would begin anew, and hide from the others what it had counted. Those of the dead are
 * struck by a later hydration (hydration.ts).
 */
export interface LedgerKeeper {
  /** Shows that this process lives. One that was not known, as after a loss of Redis, begins new ledgers. */
  beat(): Promise<void>;
  /** Settles what dead processes left behind. What fails, the next time makes up for. */
  rescue(): Promise<void>;
  /** Forgets what this process is done with, and removes it from Redis; what Redis refuses to remove ends by itself. */
  retire(): Promise<void>;
  /** Removes what is settled, at the end of the process. What is not stays for others to settle. */
  leave(): Promise<void>;
}

export function createLedgerKeeper(deps: {
  readonly counters: CreditCounters;
  readonly book: LedgerBook;
  readonly settler: Settler;
  readonly watch: RedisWatch;
  readonly log: Logger;
}): LedgerKeeper {
  const { counters, book, settler, watch, log } = deps;
  const self = book.processId;

  async function beat(): Promise<void> {
    if (!(await counters.beat(self))) return;
    book.closeAll();
    watch.lost();
  }

  async function remove(retired: readonly RetiredLedgers[]): Promise<void> {
    if (retired.length === 0) return;
    const goneKeys = retired.filter(({ isLast }) => isLast).map(({ keyId }) => keyId);
    // Sent at once, and so before any spending that enlists one of these keys again.
    await Promise.all([
      goneKeys.length > 0 ? counters.dismiss(self, goneKeys) : undefined,
      ...retired.map(({ keyId, ledgerIds }) => counters.strike(keyId, ledgerIds)),
    ]);
  }

  /** @param idleMs as `LedgerBook.retire` takes it. @throws what Redis refused first, when all is forgotten */
  async function retireAll(idleMs?: number): Promise<void> {
    const ends: PromiseSettledResult<void>[] = [];
    for (let retired = book.retire(idleMs); retired.length > 0; retired = book.retire(idleMs)) {
      ends.push(...(await Promise.allSettled([remove(retired)])));
    }
    const refused = ends.find((end) => end.status === 'rejected');
    if (refused !== undefined) throw refused.reason;
  }

  async function rescueFrom(processId: string): Promise<void> {
    let found = 0;
    let settled = 0;
    let cursor: string | undefined;
    do {
      const page = await counters.enlisted(processId, cursor);
      found += page.keyIds.length;
      settled += await settleFor(processId, page.keyIds);
      cursor = page.cursor;
    } while (cursor !== undefined);
    if (settled > 0)
      log.info({ processId, keys: settled }, 'settled the credits that a lost process had spent');
    // Keys that this store does not have may be those of another installation on the same Redis.
    if (settled === found) await counters.discharge(processId);
  }

  /** Settles the process's ledgers of these keys; yields how many of the keys the store has. */
  async function settleFor(processId: string, keyIds: readonly string[]): Promise<number> {
    if (keyIds.length === 0) return 0;
    const spent = await counters.spent(keyIds);
    const keys = keyIds.map((keyId, index) => ({
      keyId,
      ledgers: [...(spent[index] ?? [])]
        .filter(([ledgerId]) => ledgerId.startsWith(`${processId}.`))
        .map(([ledgerId, amount]) => ({ ledgerId, spent: amount, settled: 0 })),
    }));
    const outcomes = await settler.settle(keys);
    const done = keys.filter(({ keyId }) => outcomes.has(keyId));
    await counters.dismiss(
      processId,
      done.map(({ keyId }) => keyId),
    );
    return done.length;
  }

  return {
    beat,
    async rescue() {
      for (const processId of await counters.lapsed(LAPSE_MS)) {
        if (processId !== self) await rescueFrom(processId);
      }
    },
    retire: () => retireAll(),
    async leave() {
      await retireAll(0);
      if (book.unsettled.size === 0) await counters.discharge(self);
    },
  };
}
