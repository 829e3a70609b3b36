import { AsyncLocalStorage } from 'node:async_hooks';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { runDetached } from '../../lib/request-scope.ts';

export interface RefreshesOptions<Value> {
  /** The cache's. */
  readonly name: string;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Takes what a refresh loaded; null = absent. Not called for a key that was forgotten meanwhile. */
  readonly onValue: (key: string, value: Value | null) => void;
}

interface Waiting {
  readonly key: string;
  readonly turn: symbol;
  readonly begin: () => Promise<void>;
}

const MAX_RUNNING = 10;
const MAX_WAITING = 1000;

/**
 * The refreshes of a cache's stale entries, behind the back of whoever met them: one at a time for a key, ten for the
 * cache; what comes while a thousand wait is dropped. One that fails is logged and changes nothing.
 */
export class Refreshes<Value> {
  readonly #options: RefreshesOptions<Value>;
  readonly #labels: Record<string, string>;
  /** Of each key, the refresh that waits or runs and still counts. */
  readonly #turns = new Map<string, symbol>();
  readonly #waiting: Waiting[] = [];
  #running = 0;

  constructor(options: RefreshesOptions<Value>) {
    this.#options = options;
    this.#labels = { resource: options.name };
  }

  has(key: string): boolean {
    return this.#turns.has(key);
  }

  /** What is loaded for the key by then does not count any more. */
  forget(key: string): void {
    this.#turns.delete(key);
  }

  forgetAll(): void {
    this.#turns.clear();
  }

  start(key: string, load: () => Promise<Value | null>): void {
    if (this.#turns.has(key)) return;
    if (this.#running >= MAX_RUNNING && this.#waiting.length >= MAX_WAITING) return;
    const turn = Symbol(key);
    this.#turns.set(key, turn);
    const refresh = (): Promise<void> => this.#run(key, turn, load);
    if (this.#running < MAX_RUNNING) void runDetached(refresh);
    else this.#waiting.push({ key, turn, begin: runDetached(() => AsyncLocalStorage.bind(refresh)) });
  }

  async #run(key: string, turn: symbol, load: () => Promise<Value | null>): Promise<void> {
    const { name, metrics, log, onValue } = this.#options;
    this.#running++;
    try {
      metrics.count('unkey_cache_revalidations_total', this.#labels);
      const value = await load();
      if (this.#turns.get(key) === turn) onValue(key, value);
    } catch (error) {
      metrics.count('unkey_cache_revalidations_errors_total', this.#labels);
      log.warn({ err: error, cache: name }, 'cache refresh failed, serving the old entry');
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
      this.#running--;
      this.#beginNext();
    }
  }

  #beginNext(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      // What was written or removed while its refresh waited needs none.
      if (this.#turns.get(next.key) !== next.turn) continue;
      void next.begin();
      return;
    }
  }
}
