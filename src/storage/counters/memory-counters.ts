import type { Clock } from '../../lib/clock.ts';
import type { Counters } from './counters.ts';

interface Counter {
  value: number;
  /** Unix milliseconds from which on it does not exist. */
  readonly endsAt: number;
}

const SWEEP_MS = 60_000;

export interface MemoryCounters extends Counters {
  /** Counters held, ended ones that were not swept yet included. */
  readonly size: number;
  /** Drops what has ended; runs by itself every minute. */
  sweep(): void;
}

/** Counters inside this process, for any number of users in it. Close ends the sweeping and forgets everything. */
export function createMemoryCounters({ clock }: { readonly clock: Clock }): MemoryCounters {
  const counters = new Map<string, Counter>();
  const live = (key: string): Counter | undefined => {
    const counter = counters.get(key);
    return counter !== undefined && clock.now() < counter.endsAt ? counter : undefined;
  };
  const sweep = (): void => {
    const now = clock.now();
    for (const [key, { endsAt }] of counters) if (now >= endsAt) counters.delete(key);
  };
  const sweeping = setInterval(sweep, SWEEP_MS).unref();
  return {
    get size() {
      return counters.size;
    },
    sweep,
    get: async (keys) => keys.map((key) => live(key)?.value ?? 0),
    async increment(key, by, ttlMs) {
      const counter = live(key);
      if (counter === undefined) {
        counters.set(key, { value: by, endsAt: clock.now() + Math.ceil(ttlMs / 1_000) * 1_000 });
        return by;
      }
      counter.value += by;
      return counter.value;
    },
    async close() {
      clearInterval(sweeping);
      counters.clear();
    },
  };
}
