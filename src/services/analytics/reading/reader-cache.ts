import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Metrics } from '../../../lib/metrics.ts';
import type { WorkspaceReader } from '../../../storage/analytics/analytics-store.ts';
import { SwrCache } from '../../cache/swr-cache.ts';
import { LeasedReader } from './leased-reader.ts';
import type { WorkspaceSettings } from './workspace-settings.ts';

// How long an entry lives, and how many: the cache inventory of the caches chapter.
const LIFETIME_MS = 24 * 60 * 60_000;
const MAX_ENTRIES = 1_000;

export interface ReaderCacheDeps<Reader extends WorkspaceReader> {
  /** Opens the reader of a workspace. */
  readonly open: (settings: WorkspaceSettings) => Promise<Reader>;
  /** Whether a reader that was opened with `one` serves a workspace whose settings are `other` now. */
  readonly serves: (one: WorkspaceSettings, other: WorkspaceSettings) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The open reader of each workspace, behind the cache `clickhouse_analytics_connection`. */
export interface ReaderCache<Reader extends WorkspaceReader> {
  /**
   * Lends the workspace's reader to `work`, opening it first if need be: once, however many ask. It closes when it serves
   * no longer, is too old, or one too many, and nobody uses it any more. Rejects when it does not open, and remembers
   * nothing then.
   */
  use<T>(settings: WorkspaceSettings, work: (reader: Reader) => Promise<T>): Promise<T>;
  /** Closes all of them; resolves when that is done. */
  close(): Promise<void>;
}

export function createReaderCache<Reader extends WorkspaceReader>(
  deps: ReaderCacheDeps<Reader>,
): ReaderCache<Reader> {
  const { open, serves, clock, log, metrics } = deps;
  const closing = new Set<Promise<void>>();
  const readers = new SwrCache<LeasedReader<Reader>>({
    clock,
    log,
    metrics,
    name: 'clickhouse_analytics_connection',
    freshMs: LIFETIME_MS,
    staleMs: LIFETIME_MS,
    maxEntries: MAX_ENTRIES,
    onDropped: (reader) => {
      const closed = reader.retire().finally(() => closing.delete(closed));
      closing.add(closed);
    },
  });
  let isClosed = false;

  const load = async (settings: WorkspaceSettings): Promise<LeasedReader<Reader>> => {
    const reader = new LeasedReader(await open(settings), settings, log);
    // The cache forgets its loads when it is cleared: nobody else would close what came too late.
    if (isClosed) await reader.retire();
    return reader;
  };
  const find = async (settings: WorkspaceSettings): Promise<LeasedReader<Reader>> => {
    if (isClosed) throw new Error('the analytics connections are closed');
    const reader = await readers.swr(settings.workspaceId, () => load(settings));
    if (reader === null) throw new Error('the cache of analytics connections remembers an absence');
    return reader;
  };
  const lease = async (settings: WorkspaceSettings): Promise<LeasedReader<Reader>> => {
    for (;;) {
      const reader = await find(settings);
      if (!serves(reader.openedWith, settings)) {
        // Somebody who waited along may have dropped it before, and opened the next.
        if (readers.get(settings.workspaceId) === reader) readers.remove(settings.workspaceId);
      } else if (reader.lease()) {
        return reader;
      }
    }
  };

  return {
    async use(settings, work) {
      const leased = await lease(settings);
      try {
        return await work(leased.reader);
      } finally {
        leased.release();
      }
    },
    async close() {
      isClosed = true;
      readers.clear();
      await Promise.all(closing);
    },
  };
}
