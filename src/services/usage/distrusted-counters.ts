import { chunksOf } from '../../lib/chunks.ts';
import type { Clock } from '../../lib/clock.ts';
import { COUNTER_TTL_MS, type CreditCounters } from '../../storage/counters/credit-counters.ts';

const CAPACITY = 100_000;
/** Counters that one call drops: after an outage there may be more than Redis answers for in time. */
const DROPPED_AT_A_TIME = 500;

/**
 * Counters that may hold more than the key has left, because credits were spent of the stored balance while Redis was
 * away, or a change of the balance could not be told to Redis. They are dropped before they are used again. After a
 * counter's life there is none left to distrust; beyond 100,000 keys the oldest are forgotten earlier.
 */
export class DistrustedCounters {
  readonly #counters: CreditCounters;
  readonly #clock: Clock;
  /** Since when, in unix ms, and in the order of time. Each time is an object of its own, to tell equal times apart. */
  readonly #since = new Map<string, { readonly at: number }>();

  constructor({ counters, clock }: { readonly counters: CreditCounters; readonly clock: Clock }) {
    this.#counters = counters;
    this.#clock = clock;
  }

  add(keyId: string): void {
    this.#since.delete(keyId);
    this.#since.set(keyId, { at: this.#clock.now() });
    if (this.#since.size <= CAPACITY) return;
    for (const oldest of this.#since.keys()) {
      this.#since.delete(oldest);
      break;
    }
  }

  has(keyId: string): boolean {
    return this.#since.has(keyId);
  }

  /** Drops the counters of these keys, those of them that are distrusted. Rejects as `CreditCounters.drop` does. */
  async drop(keyIds: Iterable<string> = this.#since.keys()): Promise<void> {
    const endedBefore = this.#clock.now() - COUNTER_TTL_MS;
    const distrusted: [string, { readonly at: number }][] = [];
    for (const keyId of keyIds) {
      const since = this.#since.get(keyId);
      if (since === undefined) continue;
      if (since.at < endedBefore) this.#since.delete(keyId);
      else distrusted.push([keyId, since]);
    }
    for (const some of chunksOf(distrusted, DROPPED_AT_A_TIME)) {
      await this.#counters.drop(some.map(([keyId]) => keyId));
      for (const [keyId, since] of some) if (this.#since.get(keyId) === since) this.#since.delete(keyId);
    }
  }
}
