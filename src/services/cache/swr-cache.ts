import { LRUCache } from 'lru-cache';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { currentRequestScope, runDetached } from '../../lib/request-scope.ts';
import type { CacheBroadcast, Invalidations } from './invalidations.ts';
import { Refreshes } from './refreshes.ts';
import { formatDuration } from './timing.ts';

export interface SwrCacheOptions {
  /** The `resource` label of metrics and the `cache` label of the timing header, e.g. `live_api_by_id`. */
  readonly name: string;
  /** Milliseconds from write during which an entry is served without a look at its origin. */
  readonly freshMs: number;
  /** Milliseconds from write during which an entry is served at all; past `freshMs` a refresh runs in the background. */
  readonly staleMs: number;
  /** Most entries held; the least recently used one goes first. */
  readonly maxEntries: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Tells the caches of this name on other nodes what is dropped here; absent = they find out by age. */
  readonly invalidations?: Invalidations | undefined;
}

/** For caches of values that hold something open. */
export interface SwrCacheHooks<Value> {
  /** Called once for each value that the cache held and holds no more, for whatever reason. */
  readonly onDropped?: (value: Value) => void;
}

interface Entry<Value> {
  /** null = known to be absent. */
  readonly value: Value | null;
  /** Unix milliseconds of the write; both windows count from it. */
  readonly writtenAt: number;
}

/** Expired entries dropped at most per write: two keep the cache free of them, as a write adds at most one entry. */
const EXPIRED_PER_WRITE = 2;

/**
 * A stale-while-revalidate cache. A loader's value, also null for "known absent", is kept for the stale window; misses
 * of one key share one load; a background refresh runs at most once per key, ten at a time, and is dropped when a
 * thousand wait. A loader that throws changes nothing: the caller of a miss gets the error, a refresh logs it and the
 * old entry lives on until it ages out. Source: the cache library section of the caches chapter.
 */
export class SwrCache<Value> {
  readonly name: string;
  readonly #options: SwrCacheOptions;
  readonly #entries: LRUCache<string, Entry<Value>>;
  /** The load of each missing key. A key's writes and removals take it out, so that it cannot overwrite what came later. */
  readonly #loads = new Map<string, Promise<Value | null>>();
  /** Of stale entries; forgotten likewise. */
  readonly #refreshes: Refreshes<Value>;
  /** Labels of this cache's series. */
  readonly #labels: Record<string, string>;
  readonly #hit: Record<string, string>;
  readonly #miss: Record<string, string>;
  readonly #peers: CacheBroadcast | undefined;
  #writes = 0;

  constructor(options: SwrCacheOptions & SwrCacheHooks<Value>) {
    this.name = options.name;
    this.#options = options;
    this.#labels = { resource: this.name };
    this.#hit = { resource: this.name, hit: 'true' };
    this.#miss = { resource: this.name, hit: 'false' };
    // Bounding by size instead of count makes the cache grow as it fills; `max` would reserve all slots up front.
    this.#entries = new LRUCache({
      maxSize: options.maxEntries,
      sizeCalculation: () => 1,
      dispose: (entry, _key, reason) => {
        if (reason === 'evict') this.#countDeleted('evicted');
        if (entry.value !== null) options.onDropped?.(entry.value);
      },
    });
    this.#refreshes = new Refreshes({
      ...options,
      onValue: (key, value) => this.#write(key, value),
    });
    this.#peers = options.invalidations?.join(options.name, {
      removeLocally: (key) => this.#drop([key]),
      clearLocally: () => this.#dropAll(),
    });
    this.#reportSize();
    options.metrics.gauge('unkey_cache_capacity', this.#labels, options.maxEntries);
  }

  get size(): number {
    return this.#entries.size;
  }

  get capacity(): number {
    return this.#options.maxEntries;
  }

  /** The cached value, null when known absent, undefined when not cached; never loads. */
  get(key: string): Value | null | undefined {
    const started = performance.now();
    const now = this.#options.clock.now();
    const entry = this.#live(key, now);
    const status = entry === undefined ? 'miss' : this.#isFresh(entry, now) ? 'fresh' : 'stale';
    this.#report('cache_get', status, started);
    return entry?.value;
  }

  /** The cached value or, on a miss, what `load` yields (null = absent, cached as well). Stale values refresh behind. */
  swr(key: string, load: () => Promise<Value | null>): MaybePromise<Value | null> {
    const started = performance.now();
    const now = this.#options.clock.now();
    const entry = this.#live(key, now);
    if (entry === undefined) {
      return this.#loadOnce(key, load).finally(() => this.#report('cache_swr', 'miss', started));
    }
    const fresh = this.#isFresh(entry, now);
    if (!fresh) {
      this.#options.metrics.count('unkey_cache_stale_served_total', this.#labels);
      this.#refreshes.start(key, load);
    }
    this.#report('cache_swr', fresh ? 'fresh' : 'stale', started);
    return entry.value;
  }

  /**
   * `swr` for several keys, which may repeat. `load` is asked once, for exactly the keys that are missing; what it does
   * not yield is remembered as absent. Stale entries are served and refreshed behind, all with one call. Rejects when
   * the load fails; nothing is remembered then. Leaves no timing entry.
   */
  async swrMany(
    keys: readonly string[],
    load: (missing: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
  ): Promise<Map<string, Value | null>> {
    const found = new Map<string, Value | null>();
    const missing: string[] = [];
    const stale: string[] = [];
    const now = this.#options.clock.now();
    for (const key of new Set(keys)) {
      const entry = this.#live(key, now);
      this.#options.metrics.count('unkey_cache_reads_total', entry === undefined ? this.#miss : this.#hit);
      if (entry === undefined) missing.push(key);
      else {
        found.set(key, entry.value);
        if (!this.#isFresh(entry, now) && !this.#refreshes.has(key)) stale.push(key);
      }
    }
    if (stale.length > 0) {
      this.#options.metrics.count('unkey_cache_stale_served_total', this.#labels, stale.length);
      const one = together(stale, load);
      for (const key of stale) this.#refreshes.start(key, () => one(key));
    }
    const one = together(
      missing.filter((key) => !this.#loads.has(key)),
      load,
    );
    const loaded = await Promise.all(missing.map((key) => this.#loadOnce(key, () => one(key))));
    missing.forEach((key, index) => {
      found.set(key, loaded[index] ?? null);
    });
    return found;
  }

  /** Other nodes are not told: what they hold is no more wrong than before. */
  set(key: string, value: Value): void {
    this.#forgetLoads(key);
    this.#write(key, value);
  }

  /** Remembers that the key's origin has nothing; other nodes drop their entry. */
  setNull(key: string): void {
    this.#forgetLoads(key);
    this.#write(key, null);
    this.#peers?.removed([key]);
  }

  /** Drops entries, here and on other nodes; loads that are under way will not bring them back. */
  remove(...keys: readonly string[]): void {
    this.#drop(keys);
    this.#peers?.removed(keys);
  }

  /** Removes the key's entry if it says "absent"; a value stays. For rows that were just created. */
  removeNull(key: string): void {
    if (this.#entries.peek(key)?.value === null) this.#drop([key]);
    else this.#forgetLoads(key);
    // Whether another node remembers the absence cannot be known here.
    this.#peers?.removed([key]);
  }

  /** Empties the cache, here and on other nodes. */
  clear(): void {
    this.#dropAll();
    this.#peers?.cleared();
  }

  #drop(keys: readonly string[]): void {
    for (const key of keys) {
      this.#forgetLoads(key);
      if (this.#entries.delete(key)) this.#countDeleted('removed');
    }
    this.#reportSize();
  }

  #dropAll(): void {
    this.#loads.clear();
    this.#refreshes.forgetAll();
    this.#entries.clear();
    this.#reportSize();
  }

  #live(key: string, now: number): Entry<Value> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (now < entry.writtenAt + this.#options.staleMs) return entry;
    this.#entries.delete(key);
    this.#countDeleted('expired');
    return undefined;
  }

  #isFresh(entry: Entry<Value>, now: number): boolean {
    return now < entry.writtenAt + this.#options.freshMs;
  }

  #write(key: string, value: Value | null): void {
    const now = this.#options.clock.now();
    this.#entries.set(key, { value, writtenAt: now });
    this.#dropExpired(now);
    this.#writes++;
    this.#options.metrics.gauge('unkey_cache_writes', this.#labels, this.#writes);
    this.#reportSize();
  }

  /** Entries that nobody asks for any more gather at the least recently used end. */
  #dropExpired(now: number): void {
    for (let dropped = 0; dropped < EXPIRED_PER_WRITE; dropped++) {
      const oldest = this.#entries.rkeys().next();
      if (oldest.done === true) return;
      const entry = this.#entries.peek(oldest.value);
      if (entry === undefined || now < entry.writtenAt + this.#options.staleMs) return;
      this.#entries.delete(oldest.value);
      this.#countDeleted('expired');
    }
  }

  #forgetLoads(key: string): void {
    this.#loads.delete(key);
    this.#refreshes.forget(key);
  }

  #loadOnce(key: string, load: () => Promise<Value | null>): Promise<Value | null> {
    const running = this.#loads.get(key);
    if (running !== undefined) return running;
    const loading: Promise<Value | null> = runDetached(load).then(
      (value) => {
        if (this.#loads.get(key) === loading) {
          // A refresh that is still under way began before this load and must not overwrite it.
          this.#forgetLoads(key);
          this.#write(key, value);
        }
        return value;
      },
      (error: unknown) => {
        if (this.#loads.get(key) === loading) this.#loads.delete(key);
        this.#options.metrics.count('unkey_cache_reads_errors_total', this.#labels);
        throw error;
      },
    );
    this.#loads.set(key, loading);
    return loading;
  }

  #countDeleted(reason: 'removed' | 'expired' | 'evicted'): void {
    this.#options.metrics.count('unkey_cache_deleted_total', { resource: this.name, reason });
  }

  #reportSize(): void {
    this.#options.metrics.gauge('unkey_cache_size', this.#labels, this.#entries.size);
  }

  #report(call: string, status: 'fresh' | 'stale' | 'miss', started: number): void {
    this.#options.metrics.count('unkey_cache_reads_total', status === 'miss' ? this.#miss : this.#hit);
    currentRequestScope()?.timings.push(
      `${call}{cache=${this.name},status=${status}}=${formatDuration(performance.now() - started)}`,
    );
  }
}

/** One load for all keys, made when the first of them is asked for; each then takes its own value from it. */
function together<Value>(
  keys: readonly string[],
  load: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): (key: string) => Promise<Value | null> {
  let loading: Promise<ReadonlyMap<string, Value>> | undefined;
  return async (key) => {
    loading ??= load(keys);
    return (await loading).get(key) ?? null;
  };
}
