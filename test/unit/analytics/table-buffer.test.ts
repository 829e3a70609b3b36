import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { AnalyticsTable } from '../../../src/services/analytics/writing/analytics-table.ts';
import { createInserter } from '../../../src/services/analytics/writing/inserter.ts';
import {
  createTableBuffer,
  type TableBuffer,
  type TableBufferOptions,
} from '../../../src/services/analytics/writing/table-buffer.ts';
import type { LineBatch } from '../../../src/storage/analytics/analytics-store.ts';
import { AnalyticsStoreError } from '../../../src/storage/analytics/store-error.ts';
import { recordingMetrics } from '../support/recorders.ts';

interface Item {
  readonly number: number;
}

const table: AnalyticsTable<Item> = {
  name: 'numbers',
  columns: ['number'],
  row: ({ number }) => ({ number }),
};

// The pauses between slices of a batch are turns of the event loop, and stay real.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function bufferOn(
  insertLines: (batch: LineBatch) => Promise<void>,
  options: Partial<TableBufferOptions<Item>> = {},
): { buffer: TableBuffer<Item>; counted(series: string): number; hurry(): void } {
  const metrics = recordingMetrics();
  const clock = new ManualClock(0);
  const inserter = createInserter({ store: { insertLines }, clock, metrics, log: silentLogger });
  const buffer = createTableBuffer<Item>({
    name: 'b',
    table,
    inserter,
    pace: { flushIntervalMs: 5_000, batchSize: 10_000, consumers: 2 },
    metrics,
    log: silentLogger,
    ...options,
  });
  return {
    buffer,
    counted: (series) => metrics.values.get(series) ?? 0,
    hurry: () => inserter.hurry(),
  };
}

/** What the lines of a batch hold, each of which is an array of the one column. */
function numbersOf({ lines }: LineBatch): number[] {
  const texts = Buffer.concat([...lines])
    .toString()
    .trimEnd()
    .split('\n');
  return texts.flatMap((text) => JSON.parse(text) as number[]);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets timers due within `ms`, and the slices of the batches that they begin, come to their end. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  for (let turns = 0; turns < 1_000; turns++) await turn();
  await vi.advanceTimersByTimeAsync(0);
}

it('writes 25 000 rows as two full batches at once and the rest with the interval', async () => {
  const batches: LineBatch[] = [];
  const { buffer } = bufferOn(async (batch) => {
    batches.push(batch);
  });
  for (let number = 0; number < 25_000; number++) buffer.add({ number });
  await pass(0);
  expect(batches.map(({ rows }) => rows)).toEqual([10_000, 10_000]);
  await pass(5_000);
  expect(batches.map(({ rows }) => rows)).toEqual([10_000, 10_000, 5_000]);
  expect(batches.every(({ table: name, columns }) => name === 'numbers' && columns[0] === 'number')).toBe(
    true,
  );
  const numbers = batches.flatMap(numbersOf);
  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 25_000 }, (_, number) => number));
});

it('holds the queue and two batches while the store is down, counts the rest as dropped, and loses no more once it is up', async () => {
  let isUp = false;
  const written: number[] = [];
  const { buffer, counted } = bufferOn(async (batch) => {
    if (!isUp) throw new AnalyticsStoreError('network', 'connection refused');
    written.push(...numbersOf(batch));
  });
  let accepted = 0;
  for (let number = 0; number < 100_000; number++) {
    if (buffer.add({ number })) accepted++;
    expect(buffer.size).toBeLessThanOrEqual(40_000);
    if (number % 10_000 === 0) await turn();
  }
  expect(accepted).toBe(40_000);
  expect(counted('unkey_buffer_state_total{name="b",state="buffered"}')).toBe(accepted);
  expect(counted('unkey_buffer_state_total{name="b",state="dropped"}')).toBe(60_000);
  expect(counted('unkey_buffer_errors_total{name="b",state="dropped"}')).toBe(60_000);

  // The two batches in flight are on their way through their pauses; the store comes back before the last.
  await pass(10_000);
  isUp = true;
  await pass(20_000);
  expect(buffer.size).toBe(0);
  expect(written).toHaveLength(accepted);
  expect(new Set(written).size).toBe(accepted);
  expect(counted('unkey_batch_items_processed_total{name="b"}')).toBe(accepted);
});

it('counts what it had accepted and could not write', async () => {
  const { buffer, counted } = bufferOn(() => Promise.reject(new AnalyticsStoreError('network', 'refused')));
  for (let number = 0; number < 10_000; number++) buffer.add({ number });
  await pass(0);
  for (const pause of [1_000, 2_000, 4_000, 8_000]) await pass(pause);
  expect(buffer.size).toBe(0);
  expect(counted('unkey_batch_items_processed_errors_total{name="b"}')).toBe(10_000);
});

it('does not take in what would weigh too much, until what it holds is written', async () => {
  const { promise, resolve: answer } = Promise.withResolvers<void>();
  const { buffer, counted } = bufferOn(() => promise, {
    budget: { limit: 100, weigh: ({ number }) => number },
  });
  expect([60, 41, 40, 1].map((number) => buffer.add({ number }))).toEqual([true, false, true, false]);
  await pass(5_000);
  expect(buffer.add({ number: 1 })).toBe(false);
  answer();
  await pass(0);
  expect(buffer.add({ number: 100 })).toBe(true);
  expect(counted('unkey_buffer_state_total{name="b",state="dropped"}')).toBe(3);
});

it('writes on close what it holds, and takes nothing in any more', async () => {
  const batches: LineBatch[] = [];
  const { buffer } = bufferOn(async (batch) => {
    batches.push(batch);
  });
  buffer.add({ number: 1 });
  buffer.add({ number: 2 });
  await buffer.close();
  expect(buffer.add({ number: 3 })).toBe(false);
  expect(batches.flatMap(numbersOf)).toEqual([1, 2]);
});

it('says on close how many rows were lost', async () => {
  const { buffer, hurry } = bufferOn(() => Promise.reject(new AnalyticsStoreError('network', 'refused')));
  buffer.add({ number: 1 });
  buffer.add({ number: 2 });
  const closing = buffer.close();
  hurry();
  await expect(closing).rejects.toThrow('2 rows of numbers were not written');
  expect(buffer.size).toBe(0);
});

it('loses the batch of a row that cannot be made, and says so', async () => {
  const { buffer, counted } = bufferOn(async () => undefined, {
    table: {
      ...table,
      row: () => {
        throw new TypeError('no such member');
      },
    },
  });
  buffer.add({ number: 1 });
  await pass(0);
  await pass(5_000);
  expect(buffer.size).toBe(0);
  expect(counted('unkey_batch_items_processed_errors_total{name="b"}')).toBe(1);
});
