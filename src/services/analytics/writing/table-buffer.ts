import { type Batcher, type BatcherOptions, createBatcher } from '../../../lib/batcher.ts';
import { mapInSlices } from '../../../lib/in-slices.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Metrics } from '../../../lib/metrics.ts';
import { createTurnQueue } from '../../../lib/turn-queue.ts';
import { rowLine } from '../../../storage/analytics/row-lines.ts';
import type { AnalyticsTable } from './analytics-table.ts';
import type { Inserter } from './inserter.ts';
import { bytesOf, type KeptLine, LineMemory } from './line-memory.ts';

/** Rows that wait while all batches are being written. Source: the section on writing of the analytics chapter. */
const QUEUE_SIZE = 20_000;
/** Rows made in one turn of the event loop, on which requests are served all the while. */
const SLICE_SIZE = 50;

/** How rows are cut into batches. */
export type WritingPace = Pick<
  BatcherOptions<object>,
  'batchSize' | 'consumers' | 'flushIntervalMs' | 'quiet'
>;

export interface TableBufferOptions<T> {
  /** The `name` label of the metrics. */
  readonly name: string;
  readonly table: AnalyticsTable<T>;
  readonly inserter: Inserter;
  readonly pace: WritingPace;
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

/** What was taken in: the item as it came, which soon makes room for the line that is written of it. */
interface Held<T> {
  content: { readonly item: T } | KeptLine;
  readonly weight: number;
}

/** Rows of a table that wait to be written. Never more than the queue and one batch a consumer, whatever the store does. */
export function createTableBuffer<T extends object>(options: TableBufferOptions<T>): TableBuffer<T> {
  const { name, table, inserter, pace, budget, metrics, log } = options;
  const memory = new LineMemory();
  let closing = false;
  let lost = 0;

  const lineOf = (held: Held<T>): KeptLine => {
    if ('item' in held.content) {
      held.content = memory.keep(rowLine(table.columns, table.row(held.content.item)));
    }
    return held.content;
  };
  // Right after its request, and not with its batch: objects that are held for seconds are what makes the garbage
  // collector slow.
  const encoding = createTurnQueue<Held<T>>(SLICE_SIZE, (held) => {
    try {
      lineOf(held);
    } catch {
      // It stays an item, and fails again where its batch is written, which logs and counts it.
    }
  });
  const batcher = createBatcher<Held<T>>({
    name,
    metrics,
    log,
    ...pace,
    bufferSize: QUEUE_SIZE,
    ...(budget && { budget: { limit: budget.limit, weigh: ({ weight }) => weight } }),
    async flush(batch) {
      try {
        await mapInSlices(
          batch.filter(({ content }) => 'item' in content),
          SLICE_SIZE,
          lineOf,
        );
        const lines = bytesOf(batch.map(lineOf));
        await inserter.insert({ table: table.name, columns: table.columns, lines, rows: batch.length });
      } catch (error) {
        if (closing) lost += batch.length;
        throw error;
      }
    },
  });
  return {
    get size() {
      return batcher.size;
    },
    add(item) {
      const held = { content: { item }, weight: budget?.weigh(item) ?? 0 };
      if (!batcher.add(held)) return false;
      encoding.add(held);
      return true;
    },
    async close() {
      closing = true;
      await batcher.close();
      if (lost > 0) throw new Error(`${lost} rows of ${table.name} were not written`);
    },
  };
}
