import type { Clock } from '../../lib/clock.ts';

/** Most keys of one batch. */
export const BATCH_KEYS = 100;
/** Keys that may wait; one more turns them all into "everything". */
export const QUEUE_KEYS = 10_000;
/** Milliseconds from one batch to the next that is not full. */
export const FLUSH_MS = 100;
/** Batches on their way at once. */
const SENDERS = 2;

export interface InvalidationQueueOptions {
  readonly clock: Clock;
  /** Sends one batch; `since` is when its oldest news came up, in Unix milliseconds. Never rejects. */
  send(keys: readonly string[] | 'all', since: number): Promise<void>;
}

/** What one cache has to tell the others. Adding neither waits nor throws, and nothing that was added is lost. */
export interface InvalidationQueue {
  add(keys: readonly string[]): void;
  /** The whole cache was emptied, which covers all keys that wait. */
  addAll(): void;
  /** Sends what waits; resolves when it is on its way. What is added later is not sent. */
  close(): Promise<void>;
}

/**
 * Gathers the keys that one cache drops into batches, each key once. A batch is sent when it is full or a tenth of a
 * second after the one before: news that comes after a quiet time leaves at once, with what the same turn adds to it.
 *
 * Who drops a key has a request to answer and cannot be made to wait for a slow transport, as the caches chapter has it
 * when a thousand keys wait. So the queue is longer than that, and when it is full, all of it becomes the one message
 * "empty this cache": it takes no room and loses nothing, but costs the other nodes reloads.
 */
export function createInvalidationQueue({ clock, send }: InvalidationQueueOptions): InvalidationQueue {
  const waiting = new Set<string>();
  let all = false;
  /** The news that waits has waited long enough, also when its batch is not full. */
  let due = false;
  /** When the queue was last empty: the oldest news in it is no older. */
  let oldest = 0;
  /** Monotonic milliseconds of the last batch. */
  let sentAt = Number.NEGATIVE_INFINITY;
  const underWay = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const isEmpty = (): boolean => !all && waiting.size === 0;

  const takeBatch = (): readonly string[] | 'all' => {
    if (all) {
      all = false;
      return 'all';
    }
    const keys: string[] = [];
    for (const key of waiting) {
      if (keys.length === BATCH_KEYS) break;
      keys.push(key);
      waiting.delete(key);
    }
    return keys;
  };

  const sendBatch = (): void => {
    sentAt = performance.now();
    const sent = send(takeBatch(), oldest).then(() => {
      underWay.delete(sent);
      flush();
    });
    underWay.add(sent);
  };

  const flush = (): void => {
    while (underWay.size < SENDERS && (all || waiting.size >= BATCH_KEYS || (due && waiting.size > 0))) {
      sendBatch();
    }
    if (isEmpty()) due = false;
  };

  const noted = (wasEmpty: boolean): void => {
    if (wasEmpty) oldest = clock.now();
    flush();
    if (isEmpty() || timer !== undefined) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        due = true;
        flush();
      },
      Math.max(0, sentAt + FLUSH_MS - performance.now()),
    ).unref();
  };

  return {
    add(keys) {
      // "Everything" that still waits covers what is dropped before it is sent.
      if (closed || all || keys.length === 0) return;
      const wasEmpty = isEmpty();
      for (const key of keys) waiting.add(key);
      if (waiting.size > QUEUE_KEYS) this.addAll();
      else noted(wasEmpty);
    },

    addAll() {
      if (closed) return;
      const wasEmpty = isEmpty();
      waiting.clear();
      all = true;
      noted(wasEmpty);
    },

    async close() {
      closed = true;
      clearTimeout(timer);
      due = true;
      flush();
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
