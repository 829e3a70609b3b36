import { type Batcher, type BatcherOptions, createBatcher } from '../../../lib/batcher.ts';
import { mapInSlices } from '../../../lib/in-slices.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Metrics } from '../../../lib/metrics.ts';
import type { AnalyticsTable } from './analytics-table.ts';
import type { Inserter } from './inserter.ts';

/** Source: the section on writing of the analytics chapter. */
const BATCH_SIZE = 10_000;
const QUEUE_SIZE = 20_000;
const CONSUMERS = 2;
/** Rows made in one turn of the event loop, on which requests are served all the while. */
const SLICE_SIZE = 50;

export interface TableBufferOptions<T> {
  /** The `name` label of the metrics. */
  readonly name: string;
  readonly table: AnalyticsTable<T>;
  readonly inserter: Inserter;
  /** Milliseconds between the flushes of one consumer, unless its batch is full before. */
  readonly flushIntervalMs: number;
  /** Bounds what the items may weigh, beside their number. */
  readonly budget?: NonNullable<BatcherOptions<T>['budget']>;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface TableBuffer<T> extends Pick<Batcher<T>, 'size' | 'add'> {
  /**
   * Accepts nothing more and writes what is there. @throws Error when rows could not be written
   */
  close(): Promise<void>;
}

/** Rows of a table that wait to be written. Never more than the queue and one batch a consumer, whatever the store does. */
export function createTableBuffer<T extends object>(options: TableBufferOptions<T>): TableBuffer<T> {
  const { table, inserter } = options;
  let closing = false;
  let lost = 0;
  const batcher = createBatcher<T>({
    ...options,
    batchSize: BATCH_SIZE,
    bufferSize: QUEUE_SIZE,
    consumers: CONSUMERS,
    async flush(items) {
      try {
        const rows = await mapInSlices(items, SLICE_SIZE, table.row);
        await inserter.insert({ table: table.name, columns: table.columns, rows });
      } catch (error) {
        if (closing) lost += items.length;
        throw error;
      }
    },
  });
  return {
    get size() {
      return batcher.size;
    },
    add: (item) => batcher.add(item),
    async close() {
      closing = true;
      await batcher.close();
      if (lost > 0) throw new Error(`${lost} rows of ${table.name} were not written`);
    },
  };
}
