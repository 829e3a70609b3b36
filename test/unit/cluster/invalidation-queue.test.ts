import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import {
  BATCH_KEYS,
  createInvalidationQueue,
  FLUSH_MS,
  type InvalidationQueue,
  QUEUE_KEYS,
} from '../../../src/services/cluster/invalidation-queue.ts';

const START = 1_700_000_000_000;

describe('the queue of one cache', () => {
  let clock: ManualClock;
  let batches: (readonly string[] | 'all')[];
  let ages: number[];
  let queue: InvalidationQueue;
  /** Sends wait for this when it is set. */
  let transport: PromiseWithResolvers<void> | undefined;

  beforeEach(() => {
    vi.useFakeTimers();
    clock = new ManualClock(START);
    batches = [];
    ages = [];
    transport = undefined;
    queue = createInvalidationQueue({
      clock,
      send: async (keys, since) => {
        batches.push(keys);
        ages.push(clock.now() - since);
        await transport?.promise;
      },
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const keys = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `k${from + i}`);
  const pass = async (ms: number): Promise<void> => {
    for (let i = 0; i < ms; i++) {
      clock.advance(1);
      await vi.advanceTimersByTimeAsync(1);
    }
    await vi.advanceTimersByTimeAsync(0);
  };

  it('sends at once what comes after a quiet time, with what the same turn adds', async () => {
    queue.add(['a']);
    queue.add(['b', 'a']);
    expect(batches).toEqual([]);
    await pass(0);
    expect(batches).toEqual([['a', 'b']]);
  });

  it('gathers what comes soon after for the rest of the interval, each key once, with the age of the oldest', async () => {
    queue.add(['first']);
    await pass(0);
    await pass(40);
    queue.add(['a']);
    await pass(10);
    queue.add(['b', 'a']);
    await pass(FLUSH_MS - 51);
    expect(batches).toEqual([['first']]);
    await pass(1);
    expect(batches).toEqual([['first'], ['a', 'b']]);
    expect(ages).toEqual([0, FLUSH_MS - 40]);
    await pass(10 * FLUSH_MS);
    expect(batches).toHaveLength(2);
  });

  it('sends a full batch at once and the rest in its time', async () => {
    queue.add(keys(BATCH_KEYS + 1));
    expect(batches).toEqual([keys(BATCH_KEYS)]);
    await pass(FLUSH_MS);
    expect(batches).toEqual([keys(BATCH_KEYS), [`k${BATCH_KEYS}`]]);
  });

  it('sends two batches at a time and loses nothing that had to wait', async () => {
    transport = Promise.withResolvers<void>();
    queue.add(keys(5 * BATCH_KEYS + 5));
    await pass(10 * FLUSH_MS);
    expect(batches).toHaveLength(2);
    transport.resolve();
    await pass(0);
    expect(batches).toHaveLength(6);
    expect(batches.flat()).toEqual(keys(5 * BATCH_KEYS + 5));
  });

  it('becomes "everything" when more waits than it holds, once', async () => {
    transport = Promise.withResolvers<void>();
    queue.add(keys(2 * BATCH_KEYS));
    queue.add(keys(QUEUE_KEYS, 1_000_000));
    queue.add(['one more']);
    queue.add(['covered by everything']);
    expect(batches).toHaveLength(2);
    transport.resolve();
    await pass(FLUSH_MS);
    expect(batches).toHaveLength(3);
    expect(batches[2]).toBe('all');
  });

  it('forgets keys that wait when the whole cache is emptied, not those that come later', async () => {
    queue.add(['a']);
    queue.addAll();
    queue.add(['b']);
    await pass(FLUSH_MS);
    expect(batches).toEqual(['all', ['b']]);
  });

  it('closing sends what waits and waits for it; nothing is sent later', async () => {
    transport = Promise.withResolvers<void>();
    queue.add(keys(3 * BATCH_KEYS + 1));
    let closed = false;
    const closing = queue.close().then(() => {
      closed = true;
    });
    queue.add(['late']);
    queue.addAll();
    await pass(0);
    expect(closed).toBe(false);
    transport.resolve();
    await closing;
    expect(batches.flat()).toEqual(keys(3 * BATCH_KEYS + 1));
    await pass(FLUSH_MS);
    expect(batches).toHaveLength(4);
  });
});
