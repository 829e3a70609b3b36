import { chunksOf } from '../../lib/chunks.ts';
import type { CircuitBreaker } from '../../lib/circuit-breaker.ts';
import type { Clock } from '../../lib/clock.ts';
import { withDeadline } from '../../lib/deadline.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Database } from '../../storage/sql/database.ts';
import type { LedgerBook } from './ledger-book.ts';
import { MAX_POSTINGS, post } from './post.ts';
import type { LedgerState, PostingOutcome } from './posting.ts';

/** Name and limits of the write-back queue. Source: section write-back of the limits chapter. */
const QUEUE = 'usagelimiter_replays';
const CAPACITY = 10_000;
const WORKERS = 8;
/** How long a spending waits for the store to catch up before it fails. */
const ROOM_TIMEOUT_MS = 5_000;

/** What is known to have been spent of a key. */
export interface KeyLedgers {
  readonly keyId: string;
  readonly ledgers: readonly LedgerState[];
}

/** Makes stored balances reflect what was spent through Redis. */
export interface Settler {
  /**
   * Waits while as many keys await their settlement as may.
   * @throws DeadlineError after five seconds
   */
  room(keyId: string): Promise<void>;
  /** Notes credits that were handed out under a ledger of the book. */
  add(ledger: { readonly id: string; readonly keyId: string }, cost: number): void;
  /** Settles everything in the book; throws what went wrong first, with the rest as it was. */
  flush(): Promise<void>;
  /** Settles these ledgers now. Yields an outcome for each key that exists. @throws DatabaseError, DuplicateKeyError */
  settle(keys: readonly KeyLedgers[]): Promise<Map<string, PostingOutcome>>;
}

export function createSettler(deps: {
  readonly db: Database;
  readonly book: LedgerBook;
  readonly breaker: CircuitBreaker;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Called when there is something to flush. */
  readonly onUnsettled: () => void;
}): Settler {
  const { db, book, breaker, clock, metrics } = deps;
  const waiting = new Set<() => void>();

  const isFull = (): boolean => book.unsettled.size >= CAPACITY;
  const measure = (): void => {
    const fill = book.unsettled.size / CAPACITY;
    metrics.gauge('unkey_buffer_size_percentage', { name: QUEUE, drop: 'false' }, fill);
  };
  const admit = (): void => {
    if (isFull()) return;
    for (const enter of waiting) enter();
    waiting.clear();
  };

  async function settleBatch(keys: readonly KeyLedgers[]): Promise<Map<string, PostingOutcome>> {
    const startedAt = performance.now();
    const count = (status: 'success' | 'error'): void =>
      metrics.count('unkey_usagelimiter_replay_operations_total', { status }, keys.length);
    try {
      const outcomes = await post(
        db,
        keys.map((key) => ({ ...key, spends: [] })),
        clock.now(),
      );
      for (const { keyId } of keys) book.confirm(keyId, outcomes.get(keyId)?.settled ?? 'all');
      count('success');
      return outcomes;
    } catch (error) {
      count('error');
      throw error;
    } finally {
      metrics.observe(
        'unkey_usagelimiter_replay_latency_seconds',
        {},
        (performance.now() - startedAt) / 1000,
      );
      admit();
    }
  }

  return {
    async room(keyId) {
      if (!isFull() || book.unsettled.has(keyId)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add(resolve);
      try {
        await withDeadline(promise, ROOM_TIMEOUT_MS);
      } finally {
        waiting.delete(resolve);
      }
    },
    add(ledger, cost) {
      if (!book.add(ledger, cost)) return;
      metrics.count('unkey_buffer_state_total', { name: QUEUE, state: 'buffered' });
      deps.onUnsettled();
    },
    async flush() {
      measure();
      const batches = chunksOf([...book.unsettled], MAX_POSTINGS);
      const work = async (): Promise<void> => {
        for (let batch = batches.next(); !batch.done; batch = batches.next()) {
          const keys = batch.value.map((keyId) => ({ keyId, ledgers: book.statesOf(keyId) }));
          await breaker.run(() => settleBatch(keys));
        }
      };
      const ends = await Promise.allSettled(Array.from({ length: WORKERS }, work));
      measure();
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
    async settle(keys) {
      const outcomes = new Map<string, PostingOutcome>();
      for (const batch of chunksOf(keys, MAX_POSTINGS)) {
        for (const [keyId, outcome] of await settleBatch(batch)) outcomes.set(keyId, outcome);
      }
      return outcomes;
    },
  };
}
