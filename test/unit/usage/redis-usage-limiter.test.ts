// What the timers add to a credit node: its behaviour itself is in credit-node.test.ts.
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { createRedisUsageLimiter } from '../../../src/services/usage/redis-usage-limiter.ts';
import { type Database, DatabaseError } from '../../../src/storage/sql/database.ts';
import { createMemoryCreditCounters } from '../../support/memory-credit-counters.ts';
import { recordingLogger } from '../support/recorders.ts';
import { insert, migratedStore } from '../support/store.ts';

const KEY = 'key_1';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterEach(() => vi.useRealTimers());

/** A limiter on a store that can be taken away. */
async function limiterWith(credits: number) {
  const db = await migratedStore();
  await insert(db, 'keys', {
    id: KEY,
    key_auth_id: 'ks_1',
    hash: 'hash_1',
    start: 'abcd',
    workspace_id: 'ws_1',
    remaining_requests: credits,
  });
  const store = { isDown: false, attempts: 0 };
  const log = recordingLogger();
  const counters = createMemoryCreditCounters({ clock: systemClock });
  const attempt = <T>(work: () => Promise<T>): Promise<T> => {
    store.attempts++;
    return work();
  };
  const gone = (): Promise<never> =>
    Promise.reject(new DatabaseError('connection lost', { transient: true }));
  const transaction: Database['transaction'] = (work) =>
    attempt(() => (store.isDown ? gone() : db.transaction(work)));
  const all: Database['primary']['all'] = (...query) =>
    store.isDown ? attempt(gone) : db.primary.all(...query);
  const usage = createRedisUsageLimiter({
    counters,
    db: { ...db, dialect: db.dialect, primary: { ...db.primary, all }, replica: db.replica, transaction },
    clock: systemClock,
    metrics: silentMetrics,
    log,
  });
  onTestFinished(async () => {
    await Promise.allSettled([usage.close()]);
  });
  // The node is new to Redis, so that it waits a little before it believes the store.
  const first = usage.spend({ keyId: KEY, cost: 0 });
  await vi.advanceTimersByTimeAsync(1_000);
  await first;
  const stored = async (): Promise<unknown> => {
    const [row] = await db.primary.all<{ credits: unknown }>(
      'assert',
      'SELECT remaining_requests AS credits FROM `keys`',
    );
    return row?.credits;
  };
  const messages = (level: string): string[] =>
    log.lines.filter((line) => line.level === level).map(({ message }) => message);
  return { usage, store, counters, stored, messages };
}

describe('writing back', () => {
  test('happens by itself, once for what was spent meanwhile', async () => {
    const { usage, store, stored } = await limiterWith(10);
    for (let i = 0; i < 4; i++) await usage.spend({ keyId: KEY, cost: 1 });
    expect(await stored()).toBe(10);
    await vi.advanceTimersByTimeAsync(100);
    await vi.waitFor(async () => expect(await stored()).toBe(6));
    expect(store.attempts).toBe(1);
  });

  test('is tried for ever, ever less often, with one line when it stops and one when it goes on', async () => {
    const { usage, store, stored, messages } = await limiterWith(10);
    store.isDown = true;
    await usage.spend({ keyId: KEY, cost: 1 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(messages('error')).toEqual(['spent credits cannot be written back, trying on']);
    expect(store.attempts).toBeLessThan(30);
    store.isDown = false;
    await vi.advanceTimersByTimeAsync(15_000);
    await vi.waitFor(async () => expect(await stored()).toBe(9));
    expect(messages('info')).toContain('spent credits are written back again');
  });
});

describe('closing', () => {
  test('writes back what is left and takes the ledgers out of Redis', async () => {
    const { usage, counters, stored } = await limiterWith(10);
    await usage.spend({ keyId: KEY, cost: 3 });
    expect(usage.unsettledKeys).toBe(1);
    await Promise.all([usage.close(), usage.close()]);
    expect(usage.unsettledKeys).toBe(0);
    expect(await stored()).toBe(7);
    expect(await counters.spent([KEY])).toEqual([new Map()]);
  });

  test('gives up after ten seconds without a store, says so, and leaves the ledgers to others', async () => {
    const { usage, store, counters } = await limiterWith(10);
    store.isDown = true;
    await usage.spend({ keyId: KEY, cost: 3 });
    const closing = expect(usage.close()).rejects.toThrow('spent credits of 1 keys were not written back');
    await vi.advanceTimersByTimeAsync(10_000);
    await closing;
    expect([...((await counters.spent([KEY]))[0]?.values() ?? [])]).toEqual([3]);
  });
});
