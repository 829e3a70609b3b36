import type { Clock } from '../../lib/clock.ts';

/** In this time every living node writes back what it has handed out, with time to spare. */
const GRACE_MS = 500;

/**
 * What this process has noticed of Redis coming and going. When Redis goes away or loses what it held, nobody can tell any
 * more what other nodes have handed out; but they write it back, so that the stored balances tell it after a while.
 */
export class RedisWatch {
  readonly #clock: Clock;
  /** When the first call failed after one that was answered. */
  #failedAt: number | undefined;
  #lostAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  answered(): void {
    this.#failedAt = undefined;
  }

  failed(): void {
    this.#failedAt ??= this.#clock.now();
  }

  /** Redis does not know this process, which may mean that it has lost everything. */
  lost(): void {
    this.#lostAt = this.#clock.now();
  }

  /** Milliseconds to wait before a counter is initialised from a stored balance. */
  get msUntilHydration(): number {
    return this.#since(this.#lostAt);
  }

  /** Milliseconds to wait before stored balances decide in the place of counters: until now others may have used those. */
  get msUntilFallback(): number {
    return this.#since(this.#failedAt);
  }

  #since(event: number | undefined): number {
    return event === undefined ? 0 : Math.max(0, event + GRACE_MS - this.#clock.now());
  }
}
