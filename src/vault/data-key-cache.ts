import type { KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Metrics } from '../lib/metrics.ts';

/** A data key, unwrapped. */
export interface DataKey {
  readonly id: string;
  readonly key: KeyObject;
}

export interface DataKeyCacheOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const FRESH_MS = 60 * 60_000;
const STALE_MS = 24 * 60 * 60_000;
const MAX_ENTRIES = 10_000;
const LABELS = { resource: 'vault_data_keys' };

/** The name of a keyring's newest data key; no id of a data key. */
export const LATEST = 'LATEST';

interface Entry {
  readonly key: DataKey;
  /** Unix milliseconds; both windows count from it. */
  readonly loadedAt: number;
}

/**
 * Unwrapped data keys by keyring and id, or {@link LATEST}: served without a look at the store for an hour, and for a day
 * while the store is asked behind the caller's back. Source: the Vault section of the analytics chapter.
 */
export class DataKeyCache {
  readonly #options: DataKeyCacheOptions;
  readonly #entries: LRUCache<string, Entry>;
  /** What is cached of each keyring. */
  readonly #names = new Map<string, Set<string>>();
  /** One load per missing or ageing key; forgotten with its keyring, so that an older load brings nothing back. */
  readonly #loads = new Map<string, Promise<DataKey | undefined>>();

  constructor(options: DataKeyCacheOptions) {
    this.#options = options;
    this.#entries = new LRUCache({
      maxSize: MAX_ENTRIES,
      sizeCalculation: () => 1,
      dispose: (_entry, name, reason) => {
        if (reason !== 'set') this.#unlist(name);
      },
    });
    options.metrics.gauge('unkey_cache_capacity', LABELS, MAX_ENTRIES);
  }

  /** The key, from the cache or by `load`, which yields undefined for a key that does not exist: that is not remembered. */
  async get(
    keyring: string,
    id: string,
    load: () => Promise<DataKey | undefined>,
  ): Promise<DataKey | undefined> {
    const name = nameOf(keyring, id);
    const age = this.#age(name);
    const entry = age < STALE_MS ? this.#entries.get(name) : undefined;
    this.#options.metrics.count('unkey_cache_reads_total', { ...LABELS, hit: String(entry !== undefined) });
    if (entry === undefined) return this.#load(keyring, id, load);
    if (age >= FRESH_MS) this.#refresh(keyring, id, load);
    return entry.key;
  }

  /** Forgets every key of a keyring. */
  drop(keyring: string): void {
    for (const name of this.#loads.keys()) if (keyringOf(name) === keyring) this.#loads.delete(name);
    for (const name of [...(this.#names.get(keyring) ?? [])]) this.#entries.delete(name);
    this.#report();
  }

  /** Forgets every key of every keyring. */
  clear(): void {
    this.#loads.clear();
    this.#entries.clear();
    this.#report();
  }

  #age(name: string): number {
    const entry = this.#entries.peek(name);
    return entry === undefined ? Number.POSITIVE_INFINITY : this.#options.clock.now() - entry.loadedAt;
  }

  #refresh(keyring: string, id: string, load: () => Promise<DataKey | undefined>): void {
    if (this.#loads.has(nameOf(keyring, id))) return;
    this.#options.metrics.count('unkey_cache_stale_served_total', LABELS);
    this.#options.metrics.count('unkey_cache_revalidations_total', LABELS);
    this.#load(keyring, id, load).catch((error: unknown) => {
      this.#options.metrics.count('unkey_cache_revalidations_errors_total', LABELS);
      this.#options.log.warn({ err: error }, 'a data key could not be read again, keeping the cached one');
    });
  }

  #load(keyring: string, id: string, load: () => Promise<DataKey | undefined>): Promise<DataKey | undefined> {
    const name = nameOf(keyring, id);
    const running = this.#loads.get(name);
    if (running !== undefined) return running;
    const loading = load()
      .then((key) => {
        if (this.#loads.get(name) === loading) this.#store(keyring, id, key);
        return key;
      })
      .finally(() => {
        if (this.#loads.get(name) === loading) this.#loads.delete(name);
      });
    this.#loads.set(name, loading);
    return loading;
  }

  #store(keyring: string, id: string, key: DataKey | undefined): void {
    const name = nameOf(keyring, id);
    if (key === undefined) {
      this.#entries.delete(name);
    } else {
      const names = this.#names.get(keyring) ?? new Set();
      this.#names.set(keyring, names.add(name));
      this.#entries.set(name, { key, loadedAt: this.#options.clock.now() });
    }
    this.#report();
  }

  #unlist(name: string): void {
    const keyring = keyringOf(name);
    const names = this.#names.get(keyring);
    names?.delete(name);
    if (names?.size === 0) this.#names.delete(keyring);
  }

  #report(): void {
    this.#options.metrics.gauge('unkey_cache_size', LABELS, this.#entries.size);
  }
}

/** Unambiguous, because no id of a data key has a `-`. */
function nameOf(keyring: string, id: string): string {
  return `${keyring}-${id}`;
}

function keyringOf(name: string): string {
  return name.slice(0, name.lastIndexOf('-'));
}
