import { BoundedBuffer } from './bounded-buffer.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { runInBackground } from './request-scope.ts';

export interface BatcherOptions<T> {
  /** The `name` label of the metrics, e.g. `cache_invalidations`. */
  readonly name: string;
  /** Most items handed to one flush. */
  readonly batchSize: number;
  /** Most items that wait while all consumers flush. */
  readonly bufferSize: number;
  /** Milliseconds after a consumer's last flush at which it flushes what it has collected. */
  readonly flushIntervalMs: number;
  /** Another interval after a batch of fewer items, where few are cheap enough to be flushed sooner. */
  readonly quiet?: { readonly items: number; readonly flushIntervalMs: number };
  /** Batches collected and flushed side by side; less than 1 counts as 1. */
  readonly consumers: number;
  /** Bounds what all items together weigh, from their acceptance to the end of their flush: more are discarded. */
  readonly budget?: {
    readonly limit: number;
    /** Called more than once for an item; must say the same each time. */
    weigh(item: T): number;
  };
  /** Takes a batch away, never an empty one. What it throws is logged and counted; the batch is not tried again. */
  flush(items: readonly T[]): Promise<void>;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface Batcher<T> {
  /** Items accepted and not flushed yet, those in a running flush included. */
  readonly size: number;
  /** Hands an item over and never waits; false when the buffer is full or closed, and the item is discarded. */
  add(item: T): boolean;
  /** Accepts nothing more, flushes what is there and waits for it. Harmless when repeated. */
  close(): Promise<void>;
}

type Trigger = 'size_limit' | 'time_interval' | 'close';

interface Consumer<T> {
  batch: T[];
  flushing: boolean;
  /** On the monotonic clock. */
  lastFlushAt: number;
  /** Items of the last batch. */
  lastSize: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Collects items into batches. A batch is flushed when it is full, when the interval since its consumer's last flush has
 * passed, and on close. Source: the limits chapter, section shared primitives.
 */
export function createBatcher<T extends object | string>(options: BatcherOptions<T>): Batcher<T> {
  const { name, batchSize, bufferSize, budget, metrics, log } = options;
  const buffer = new BoundedBuffer<T>({
    name,
    capacity: bufferSize,
    metrics,
    ...(budget && { hasRoomFor: (item) => weight + budget.weigh(item) <= budget.limit }),
  });
  const consumers = Array.from({ length: Math.max(1, options.consumers) }, newConsumer<T>);
  const done = Promise.withResolvers<void>();
  let weight = 0;
  let closed = false;

  /** Moves what waits to the consumers that do not flush, filling one batch before the next is begun. */
  const distribute = (): void => {
    for (const consumer of consumers) {
      if (consumer.flushing) continue;
      collect(consumer);
    }
    if (closed && size() === 0) done.resolve();
  };
  const collect = (consumer: Consumer<T>): void => {
    while (consumer.batch.length < batchSize) {
      const item = buffer.take();
      if (item === undefined) break;
      consumer.batch.push(item);
    }
    if (consumer.batch.length >= batchSize) flush(consumer, 'size_limit');
    else if (consumer.batch.length === 0) return;
    else if (closed) flush(consumer, 'close');
    else {
      consumer.timer ??= runInBackground(() => flushWhenDue(consumer));
    }
  };
  const flushWhenDue = (consumer: Consumer<T>): NodeJS.Timeout => {
    const { flushIntervalMs, quiet } = options;
    const isQuiet = quiet !== undefined && consumer.lastSize < quiet.items;
    const due = consumer.lastFlushAt + (isQuiet ? quiet.flushIntervalMs : flushIntervalMs);
    const delayMs = Math.max(0, due - performance.now());
    return setTimeout(() => flush(consumer, 'time_interval'), delayMs).unref();
  };
  const flush = (consumer: Consumer<T>, trigger: Trigger): void => {
    clearTimeout(consumer.timer);
    consumer.timer = undefined;
    consumer.flushing = true;
    void runInBackground(async () => {
      await flushBatch(consumer.batch, trigger);
      if (budget) for (const item of consumer.batch) weight -= budget.weigh(item);
      consumer.lastSize = consumer.batch.length;
      consumer.batch = [];
      consumer.lastFlushAt = performance.now();
      consumer.flushing = false;
      distribute();
    });
  };
  const flushBatch = async (batch: readonly T[], trigger: Trigger): Promise<void> => {
    metrics.observe('unkey_batch_size_distribution', { name, trigger }, batch.length);
    try {
      await options.flush(batch);
      metrics.count('unkey_batch_operations_total', { name, trigger, status: 'success' });
      metrics.count('unkey_batch_items_processed_total', { name }, batch.length);
    } catch (error) {
      metrics.count('unkey_batch_operations_total', { name, trigger, status: 'error' });
      metrics.count('unkey_batch_items_processed_errors_total', { name }, batch.length);
      log.error({ err: error, batch: name, items: batch.length }, 'a batch could not be flushed');
    }
  };
  const size = (): number =>
    consumers.reduce((sum, consumer) => sum + consumer.batch.length, 0) + buffer.size;

  return {
    get size() {
      return size();
    },
    add(item) {
      if (!buffer.push(item)) return false;
      if (budget) weight += budget.weigh(item);
      distribute();
      return true;
    },
    close() {
      closed = true;
      buffer.close();
      distribute();
      return done.promise;
    },
  };
}

function newConsumer<T>(): Consumer<T> {
  return { batch: [], flushing: false, lastFlushAt: performance.now(), lastSize: 0, timer: undefined };
}
