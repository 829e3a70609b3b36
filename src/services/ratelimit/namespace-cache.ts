import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Database } from '../../storage/sql/database.ts';
import type { Invalidations } from '../cache/invalidations.ts';
import { SwrCache } from '../cache/swr-cache.ts';
import { loadNamespaces, type Namespace } from './namespace.ts';
import { RecentWrites } from './recent-writes.ts';

// How long an entry lives, and how many: the cache inventory of the caches chapter.
const FRESH_MS = 60_000;
const STALE_MS = 24 * 60 * 60_000;
const MAX_ENTRIES = 1_000_000;

/** How long after a write of this node its reads go to the primary: longer than a healthy replica lags. */
const AFTER_WRITE_MS = 10_000;

export interface NamespaceCacheDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly invalidations?: Invalidations | undefined;
}

/**
 * Namespaces with their overrides by what callers call them, an id or a name: one namespace may be held under both.
 * Null = known to be missing.
 */
export class NamespaceCache {
  readonly #db: Database;
  readonly #cache: SwrCache<Namespace>;
  readonly #written: RecentWrites;

  constructor(deps: NamespaceCacheDeps) {
    this.#db = deps.db;
    this.#written = new RecentWrites(deps.clock, AFTER_WRITE_MS);
    this.#cache = new SwrCache({
      ...deps,
      name: 'ratelimit_namespace',
      freshMs: FRESH_MS,
      staleMs: STALE_MS,
      maxEntries: MAX_ENTRIES,
    });
  }

  find(workspaceId: string, value: string): MaybePromise<Namespace | null> {
    const key = cacheKey(workspaceId, value);
    return this.#cache.swr(key, async () => (await this.#load(workspaceId, [key])).get(key) ?? null);
  }

  /** The same for several at once; by value. Loads what is missing with one statement. */
  async findMany(workspaceId: string, values: readonly string[]): Promise<Map<string, Namespace | null>> {
    const found = await this.#cache.swrMany(
      values.map((value) => cacheKey(workspaceId, value)),
      (missing) => this.#load(workspaceId, missing),
    );
    return new Map(values.map((value) => [value, found.get(cacheKey(workspaceId, value)) ?? null]));
  }

  /** Drops what is held under these ids and names, here and on other nodes, after a committed write. */
  forget(workspaceId: string, values: readonly string[]): void {
    const keys = values.map((value) => cacheKey(workspaceId, value));
    this.#written.add(keys);
    this.#cache.remove(...keys);
  }

  /** Takes and yields keys of the cache, all of one workspace. */
  async #load(workspaceId: string, keys: readonly string[]): Promise<Map<string, Namespace>> {
    const q = keys.some((key) => this.#written.has(key)) ? this.#db.primary : this.#db.replica;
    const values = keys.map((key) => key.slice(workspaceId.length + 1));
    const found = await loadNamespaces(q, workspaceId, values);
    return new Map([...found].map(([value, namespace]) => [cacheKey(workspaceId, value), namespace]));
  }
}

/** As other nodes know it too. */
function cacheKey(workspaceId: string, value: string): string {
  return `${workspaceId}:${value}`;
}
