import type { Clock } from '../../lib/clock.ts';

/**
 * Remembers for a while which keys were written, so that what is read right after comes from where it was written and
 * not from a replica that lags behind.
 */
export class RecentWrites {
  readonly #clock: Clock;
  readonly #rememberMs: number;
  /** Unix ms until which a key counts as recent, in the order of writing and so of expiry. */
  readonly #until = new Map<string, number>();

  constructor(clock: Clock, rememberMs: number) {
    this.#clock = clock;
    this.#rememberMs = rememberMs;
  }

  add(keys: readonly string[]): void {
    const now = this.#clock.now();
    for (const [key, until] of this.#until) {
      if (now < until) break;
      this.#until.delete(key);
    }
    for (const key of keys) {
      this.#until.delete(key);
      this.#until.set(key, now + this.#rememberMs);
    }
  }

  has(key: string): boolean {
    const until = this.#until.get(key);
    return until !== undefined && this.#clock.now() < until;
  }
}
