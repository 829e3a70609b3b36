import type { AnalyticsStore } from '../../../storage/analytics/analytics-store.ts';
import { readUserState, type UserState } from '../../../storage/analytics/user-state.ts';
import type { Database } from '../../../storage/sql/database.ts';
import {
  type AnalyticsBounds,
  findAnalyticsSettings,
} from '../../../storage/sql/queries/analytics-settings.ts';
import { provisioningFailure } from './provisioning-faults.ts';
import { boundsOf } from './workspace-bounds.ts';

/** How a workspace stands with analytics; never its password. */
export interface ProvisioningStatus {
  readonly workspaceId: string;
  /** Undefined when the workspace is not provisioned. */
  readonly settings:
    | (AnalyticsBounds & {
        readonly username: string;
        /** Days; 0 = unbounded. */
        readonly retentionDays: number;
      })
    | undefined;
  /** Undefined with the embedded engine, which has no users and counts queries in the process that serves them. */
  readonly user: UserState | undefined;
}

/**
 * Reads without writing. `server` is undefined with the embedded engine. Throws a Fault `service_unavailable` or `precondition_failed` when the server does not tell.
 */
export async function provisioningStatus(
  { db, server }: { readonly db: Database; readonly server: AnalyticsStore | undefined },
  workspaceId: string,
): Promise<ProvisioningStatus> {
  const row = await findAnalyticsSettings(db.primary, workspaceId);
  const username = row?.username ?? workspaceId;
  return {
    workspaceId,
    settings: row && { username, retentionDays: row.retentionDays, ...boundsOf(row) },
    user: server === undefined ? undefined : await userState(server, { username, workspaceId }),
  };
}

async function userState(
  server: AnalyticsStore,
  user: { readonly username: string; readonly workspaceId: string },
): Promise<UserState> {
  try {
    return await readUserState(server, user);
  } catch (error) {
    throw provisioningFailure(error);
  }
}
