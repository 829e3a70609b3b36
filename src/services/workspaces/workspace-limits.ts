import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Database } from '../../storage/sql/database.ts';
import { findWorkspaceLimits, type WorkspaceLimits } from '../../storage/sql/queries/workspaces.ts';
import type { Invalidations } from '../cache/invalidations.ts';
import { SwrCache } from '../cache/swr-cache.ts';

export type { WorkspaceLimits } from '../../storage/sql/queries/workspaces.ts';

/** Limits by workspace id, behind the cache `workspace_limits`. */
export interface WorkspaceLimitsLoader {
  /** The workspace's limits; null when it has no row and is unlimited. Throws a DatabaseError when it cannot be loaded. */
  find(workspaceId: string): MaybePromise<WorkspaceLimits | null>;
}

export function createWorkspaceLimits(deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly invalidations?: Invalidations | undefined;
}): WorkspaceLimitsLoader {
  const cache = new SwrCache<WorkspaceLimits>({
    ...deps,
    name: 'workspace_limits',
    freshMs: 60_000,
    staleMs: 24 * 3_600_000,
    maxEntries: 100_000,
  });
  return {
    find: (workspaceId) =>
      cache.swr(workspaceId, async () => (await findWorkspaceLimits(deps.db.replica, workspaceId)) ?? null),
  };
}
