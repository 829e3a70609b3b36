// Shared counters with an end of life, as the rate limiter needs them of its origin. Two adapters implement it: redis-
// counters.ts and memory-counters.ts; the contract suite in test/contract runs on both.

export interface Counters {
  /**
   * The value of each key, in order; 0 for a key that is not there. All keys travel in one round trip (on a Redis
   * cluster: one per shard). Rejects when the store does not answer in time.
   */
  get(keys: readonly string[]): Promise<number[]>;
  /**
   * Adds `by` (any sign) and yields the new value. A key without an end gets one `ttlMs` from now, rounded up to whole
   * seconds, in the same step, so that none lives for ever.
   */
  increment(key: string, by: number, ttlMs: number): Promise<number>;
  close(): Promise<void>;
}
