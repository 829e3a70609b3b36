import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { LEDGER_IDLE_MS, LedgerBook } from '../../../src/services/usage/ledger-book.ts';
import { createLedgerKeeper } from '../../../src/services/usage/ledger-keeper.ts';
import { RedisWatch } from '../../../src/services/usage/redis-watch.ts';
import {
  createMemoryCreditCounters,
  type MemoryCreditCounters,
} from '../../support/memory-credit-counters.ts';

/** More than are retired together. */
const KEYS = Array.from({ length: 2_500 }, (_, index) => `key_${index}`);

function keeping(over: (counters: MemoryCreditCounters) => Partial<MemoryCreditCounters> = () => ({})) {
  const clock = new ManualClock(1_700_000_000_000);
  const counters = createMemoryCreditCounters({ clock });
  const book = new LedgerBook({ processId: 'p', clock });
  const keeper = createLedgerKeeper({
    counters: { ...counters, ...over(counters) },
    book,
    // Nothing that was spent is left to settle.
    settler: { settle: () => Promise.reject(new Error('not asked for')) } as never,
    watch: new RedisWatch(clock),
    log: silentLogger,
  });
  const held = (): number => KEYS.filter((keyId) => book.statesOf(keyId).length > 0).length;
  return { clock, counters, book, keeper, held };
}

describe('ledgers that are idle', () => {
  it('are forgotten all, however many, and are gone from Redis', async () => {
    const { clock, counters, book, keeper, held } = keeping();
    for (const keyId of KEYS) {
      const ledger = book.begin(keyId, 1);
      await counters.spend(keyId, 0, { id: ledger.id, enlistFor: book.processId });
      book.end(ledger);
    }
    expect(held()).toBe(KEYS.length);
    clock.advance(LEDGER_IDLE_MS);
    await keeper.retire();
    expect(held()).toBe(0);
    expect((await counters.enlisted(book.processId)).keyIds).toEqual([]);
  });

  it('are forgotten also when Redis refuses to remove them, which is told', async () => {
    const { clock, book, keeper, held } = keeping(() => ({
      dismiss: () => Promise.reject(new Error('Redis is not connected')),
    }));
    for (const keyId of KEYS) book.end(book.begin(keyId, 1));
    clock.advance(LEDGER_IDLE_MS);
    await expect(keeper.retire()).rejects.toThrow('Redis is not connected');
    expect(held()).toBe(0);
  });

  it('are kept while a spending is under way', async () => {
    const { clock, book, keeper } = keeping();
    const ledger = book.begin('key_0', 1);
    clock.advance(LEDGER_IDLE_MS);
    await keeper.retire();
    expect(book.statesOf('key_0')).toEqual([{ ledgerId: ledger.id, spent: 0, settled: 0 }]);
  });
});
