import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Database } from '../../storage/sql/database.ts';
import { findWorkspaceByOrgId, type OrgWorkspace } from '../../storage/sql/queries/workspaces.ts';
import type { Invalidations } from '../cache/invalidations.ts';
import { SwrCache } from '../cache/swr-cache.ts';

export type { OrgWorkspace } from '../../storage/sql/queries/workspaces.ts';

/** Workspaces by organisation id, behind the cache `workspace_by_org_id`. */
export interface WorkspaceByOrg {
  /** The organisation's live workspace, enabled or not; null when it has none. Throws the Fault `service_unavailable`. */
  find(orgId: string): Promise<OrgWorkspace | null>;
}

export function createWorkspaceByOrg(deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly invalidations?: Invalidations | undefined;
}): WorkspaceByOrg {
  const cache = new SwrCache<OrgWorkspace>({
    ...deps,
    name: 'workspace_by_org_id',
    freshMs: 10_000,
    staleMs: 24 * 3_600_000,
    maxEntries: 100_000,
  });
  return {
    async find(orgId) {
      try {
        return await cache.swr(
          orgId,
          async () => (await findWorkspaceByOrgId(deps.db.replica, orgId)) ?? null,
        );
      } catch (error) {
        throw new Fault('unkey:application:service_unavailable', {
          public: 'The workspace could not be loaded.',
          internal: 'loading a workspace by organisation failed',
          cause: error,
        });
      }
    },
  };
}
