import { chunksOf } from '../../../lib/chunks.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Metrics } from '../../../lib/metrics.ts';
import type { Database } from '../../../storage/sql/database.ts';
import { MAX_LISTED } from '../../../storage/sql/dialect.ts';
import { findApiKeyspaces } from '../../../storage/sql/queries/analytics-settings.ts';

import type { Invalidations } from '../../cache/invalidations.ts';
import { SwrCache } from '../../cache/swr-cache.ts';
import { reportingStoreFailure } from '../../store-fault.ts';

// How long an entry lives, and how many: the cache inventory of the caches chapter.
const FRESH_MS = 10 * 60_000;
const STALE_MS = 24 * 60 * 60_000;
const MAX_ENTRIES = 1_000_000;

/** Longer ids cannot be stored; looking them up would only fill the cache. */
const MAX_ID_LENGTH = 255;

export interface KeyspaceScope {
  /**
   * The keyspaces of these APIs. One that is deleted, unknown or another workspace's contributes nothing; deleting an API
   * shows once its entry has aged. Throws a Fault `service_unavailable`.
   */
  keyspacesOf(workspaceId: string, apiIds: readonly string[]): Promise<readonly string[]>;
}

export function createKeyspaceScope(deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly invalidations?: Invalidations | undefined;
}): KeyspaceScope {
  const cache = new SwrCache<string>({
    ...deps,
    name: 'api_to_key_auth_row',
    freshMs: FRESH_MS,
    staleMs: STALE_MS,
    maxEntries: MAX_ENTRIES,
  });

  /** Takes and yields keys of the cache, all of one workspace. */
  const load = async (workspaceId: string, keys: readonly string[]): Promise<Map<string, string>> => {
    const found = new Map<string, string>();
    const apiIds = keys.map((key) => key.slice(workspaceId.length + 1));
    for (const some of chunksOf(apiIds, MAX_LISTED)) {
      for (const { apiId, keyspaceId } of await findApiKeyspaces(deps.db.replica, workspaceId, some)) {
        found.set(`${workspaceId}:${apiId}`, keyspaceId);
      }
    }
    return found;
  };

  return {
    async keyspacesOf(workspaceId, apiIds) {
      const keys = apiIds
        .filter((apiId) => apiId.length <= MAX_ID_LENGTH)
        .map((apiId) => `${workspaceId}:${apiId}`);
      const found = await reportingStoreFailure('loading the keyspaces of APIs', () =>
        cache.swrMany(keys, (missing) => load(workspaceId, missing)),
      );
      return [...new Set(found.values())].filter((keyspaceId) => keyspaceId !== null);
    },
  };
}
