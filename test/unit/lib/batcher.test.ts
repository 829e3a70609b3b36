import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Batcher, type BatcherOptions, createBatcher } from '../../../src/lib/batcher.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { recordingLogger, recordingMetrics } from '../support/recorders.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function batcherWith(options: Partial<BatcherOptions<string>> = {}): {
  flushed: Array<readonly string[]>;
  batcher: Batcher<string>;
} {
  const flushed: Array<readonly string[]> = [];
  const batcher = createBatcher<string>({
    name: 'b',
    batchSize: 3,
    bufferSize: 2,
    flushIntervalMs: 1_000,
    consumers: 1,
    flush: async (items) => {
      flushed.push([...items]);
    },
    metrics: silentMetrics,
    log: silentLogger,
    ...options,
  });
  return { flushed, batcher };
}

/** Adds one after the other, letting flushes come between. */
async function addEach(batcher: Batcher<string>, items: readonly string[]): Promise<void> {
  for (const item of items) {
    batcher.add(item);
    await vi.advanceTimersByTimeAsync(0);
  }
}

it('flushes a full batch at once', async () => {
  const { flushed, batcher } = batcherWith();
  await addEach(batcher, ['a', 'b', 'c', 'd']);
  expect(flushed).toEqual([['a', 'b', 'c']]);
  expect(batcher.size).toBe(1);
});

it('flushes what it has when the interval since the last flush has passed', async () => {
  const { flushed, batcher } = batcherWith();
  await vi.advanceTimersByTimeAsync(400);
  await addEach(batcher, ['a', 'b']);
  await vi.advanceTimersByTimeAsync(599);
  expect(flushed).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(flushed).toEqual([['a', 'b']]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(flushed).toHaveLength(1);
});

it('does not keep an item waiting that comes long after the last flush', async () => {
  const { flushed, batcher } = batcherWith();
  await vi.advanceTimersByTimeAsync(60_000);
  batcher.add('a');
  batcher.add('b');
  await vi.advanceTimersByTimeAsync(0);
  expect(flushed).toEqual([['a', 'b']]);
});

describe('while every consumer flushes', () => {
  function stuck(consumers: number): { batcher: Batcher<string>; flushed: string[][]; free(): void } {
    const flushed: string[][] = [];
    const { promise, resolve: free } = Promise.withResolvers<void>();
    const { batcher } = batcherWith({
      batchSize: 1,
      consumers,
      flush: (items) => {
        flushed.push([...items]);
        return promise;
      },
    });
    return { batcher, flushed, free };
  }

  it('keeps as many items as the buffer holds and drops the rest', async () => {
    const { batcher, flushed, free } = stuck(1);
    expect(['a', 'b', 'c', 'd'].map((item) => batcher.add(item))).toEqual([true, true, true, false]);
    expect(batcher.size).toBe(3);
    free();
    await batcher.close();
    expect(flushed).toEqual([['a'], ['b'], ['c']]);
  });

  it('has as many flushes under way as there are consumers, at least one', () => {
    for (const [consumers, expected] of [
      [2, 2],
      [0, 1],
      [-1, 1],
    ] as const) {
      const { batcher, flushed } = stuck(consumers);
      for (const item of ['a', 'b', 'c']) batcher.add(item);
      expect(flushed).toHaveLength(expected);
    }
  });
});

it('waits on close until everything is flushed', async () => {
  const { promise, resolve: free } = Promise.withResolvers<void>();
  const flushed: string[] = [];
  const { batcher } = batcherWith({
    flush: async (items) => {
      await promise;
      flushed.push(...items);
    },
  });
  for (const item of ['a', 'b', 'c', 'd']) batcher.add(item);
  let closed = false;
  const closing = Promise.all([batcher.close(), batcher.close()]).then(() => {
    closed = true;
  });
  await vi.advanceTimersByTimeAsync(10);
  expect(closed).toBe(false);
  expect(batcher.add('late')).toBe(false);
  free();
  await closing;
  expect(flushed).toEqual(['a', 'b', 'c', 'd']);
  expect(batcher.size).toBe(0);
});

it('counts batches and items by trigger and outcome, and outlives a flush that fails', async () => {
  const metrics = recordingMetrics();
  const log = recordingLogger();
  const { batcher } = batcherWith({
    metrics,
    log,
    flush: async (items) => {
      if (items.includes('bad')) throw new Error('broken');
    },
  });
  await addEach(batcher, ['a', 'b', 'c', 'bad']);
  await vi.advanceTimersByTimeAsync(1_000);
  await addEach(batcher, ['d']);
  await batcher.close();
  const of = (series: string): number | undefined => metrics.values.get(`unkey_batch_${series}`);
  expect(of('operations_total{name="b",trigger="size_limit",status="success"}')).toBe(1);
  expect(of('operations_total{name="b",trigger="time_interval",status="error"}')).toBe(1);
  expect(of('operations_total{name="b",trigger="close",status="success"}')).toBe(1);
  expect(of('items_processed_total{name="b"}')).toBe(4);
  expect(of('items_processed_errors_total{name="b"}')).toBe(1);
  expect(log.lines).toMatchObject([{ level: 'error', fields: { batch: 'b', items: 1 } }]);
});

it('discards what would weigh more than the budget, until flushes have made room', async () => {
  const { promise, resolve: free } = Promise.withResolvers<void>();
  const metrics = recordingMetrics();
  const { batcher } = batcherWith({
    metrics,
    bufferSize: 10,
    budget: { limit: 5, weigh: (item) => item.length },
    flush: () => promise,
  });
  expect(['aaa', 'bbb', 'bb', 'c'].map((item) => batcher.add(item))).toEqual([true, false, true, false]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(batcher.add('c')).toBe(false);
  free();
  await vi.advanceTimersByTimeAsync(0);
  expect(batcher.add('ccccc')).toBe(true);
  expect(metrics.values.get('unkey_buffer_state_total{name="b",state="dropped"}')).toBe(3);
});

it('flushes sooner while batches are small', async () => {
  const { flushed, batcher } = batcherWith({ quiet: { items: 2, flushIntervalMs: 100 } });
  await addEach(batcher, ['a']);
  await vi.advanceTimersByTimeAsync(100);
  expect(flushed).toEqual([['a']]);
  await addEach(batcher, ['b', 'c']);
  await vi.advanceTimersByTimeAsync(100);
  expect(flushed).toEqual([['a'], ['b', 'c']]);
  await addEach(batcher, ['d']);
  await vi.advanceTimersByTimeAsync(999);
  expect(flushed).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(flushed).toEqual([['a'], ['b', 'c'], ['d']]);
});
