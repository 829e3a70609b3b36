import { setTimeout as sleep } from 'node:timers/promises';
import { BoundedBuffer } from './bounded-buffer.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { runInBackground } from './request-scope.ts';

export interface WorkQueueOptions<T> {
  /** The `name` label of the metrics, e.g. `ratelimit_replays`. */
  readonly name: string;
  /** Most items that wait for a worker. */
  readonly capacity: number;
  /** Items worked on at a time. */
  readonly workers: number;
  /** Does the work of one item. What it throws is logged; the item is not tried again. */
  work(item: T): Promise<void>;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface WorkQueue<T> {
  /** Items accepted and not done yet, those in work included. */
  readonly size: number;
  /** Hands an item over and never waits; false when the queue is full or closed, and the item is discarded. */
  push(item: T): boolean;
  /**
   * Accepts nothing more and waits until all work is done, for `timeoutMs` milliseconds at most (for ever unless said).
   * False when time ran out: what still waits is given up, what is in work goes on unobserved.
   */
  close(timeoutMs?: number): Promise<boolean>;
}

/** A bounded queue whose items are worked on behind their producers' back, in order of arrival. */
export function createWorkQueue<T extends object | string>(options: WorkQueueOptions<T>): WorkQueue<T> {
  const { name, workers, work, log } = options;
  const buffer = new BoundedBuffer<T>(options);
  const idle = Promise.withResolvers<void>();
  let busy = 0;
  let closed = false;
  let givenUp = false;

  const drain = async (): Promise<void> => {
    while (!givenUp) {
      const item = buffer.take();
      if (item === undefined) break;
      try {
        await work(item);
      } catch (error) {
        log.error({ err: error, queue: name }, 'queued work failed');
      }
    }
    busy--;
    if (closed && busy === 0) idle.resolve();
  };
  const wake = (): void => {
    if (busy >= workers) return;
    busy++;
    runInBackground(() => void drain());
  };

  return {
    get size() {
      return buffer.size + busy;
    },
    push(item) {
      const accepted = buffer.push(item);
      if (accepted) wake();
      return accepted;
    },
    async close(timeoutMs) {
      closed = true;
      buffer.close();
      if (busy === 0) idle.resolve();
      const done = idle.promise.then(() => true);
      if (timeoutMs === undefined) return done;
      if (await Promise.race([done, sleep(timeoutMs, false, { ref: false })])) return true;
      givenUp = true;
      log.warn({ queue: name, left: buffer.size + busy }, 'queue closed with work left');
      return false;
    },
  };
}
