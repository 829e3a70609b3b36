import type { Clock } from '../../../lib/clock.ts';
import { Fault } from '../../../lib/fault.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Metrics } from '../../../lib/metrics.ts';
import type { Database } from '../../../storage/sql/database.ts';
import {
  type AnalyticsSettingsRow,
  findAnalyticsSettings,
} from '../../../storage/sql/queries/analytics-settings.ts';
import type { Invalidations } from '../../cache/invalidations.ts';
import { SwrCache } from '../../cache/swr-cache.ts';
import { reportingStoreFailure } from '../../store-fault.ts';
import { analyticsNotConfigured } from './analytics-faults.ts';

// How long an entry lives, and how many: the cache inventory of the caches chapter.
const FRESH_MS = 60_000;
const STALE_MS = 24 * 60 * 60_000;
const MAX_ENTRIES = 1_000_000;

/** What a workspace's queries may cost, and its credentials. */
export type WorkspaceSettings = AnalyticsSettingsRow;

/** Settings by workspace id, behind the cache `clickhouse_setting`. */
export interface WorkspaceSettingsLoader {
  /**
   * Throws a Fault: `assertion_failed` without a workspace id, `analytics_not_configured` when the workspace has no
   * settings or no limits, `service_unavailable` when the store does not answer.
   */
  find(workspaceId: string): Promise<WorkspaceSettings>;
  /** The same as the store has it now, which the cache then holds. */
  reload(workspaceId: string): Promise<WorkspaceSettings>;
}

export function createWorkspaceSettings(deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly invalidations?: Invalidations | undefined;
}): WorkspaceSettingsLoader {
  const cache = new SwrCache<WorkspaceSettings>({
    ...deps,
    name: 'clickhouse_setting',
    freshMs: FRESH_MS,
    staleMs: STALE_MS,
    maxEntries: MAX_ENTRIES,
  });
  const present = (
    settings: WorkspaceSettings | null | undefined,
    workspaceId: string,
  ): WorkspaceSettings => {
    if (!settings) throw analyticsNotConfigured(`${workspaceId} has no analytics settings or no limits`);
    return settings;
  };
  return {
    async find(workspaceId) {
      if (workspaceId === '') {
        throw new Fault('unkey:application:assertion_failed', {
          public: 'The request belongs to no workspace.',
          internal: 'analytics were asked for without a workspace id',
        });
      }
      const settings = await reportingStoreFailure('loading analytics settings', async () =>
        cache.swr(
          workspaceId,
          async () => (await findAnalyticsSettings(deps.db.replica, workspaceId)) ?? null,
        ),
      );
      return present(settings, workspaceId);
    },
    async reload(workspaceId) {
      const settings = await reportingStoreFailure('reloading analytics settings', () =>
        findAnalyticsSettings(deps.db.primary, workspaceId),
      );
      if (settings === undefined) cache.setNull(workspaceId);
      else cache.set(workspaceId, settings);
      return present(settings, workspaceId);
    },
  };
}
