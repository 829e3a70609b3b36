import type { Queryable } from '../database.ts';

/** The limits of a workspace that requests are measured against. */
export interface WorkspaceLimits {
  /** API requests per minute; null = not throttled, 0 = blocked. */
  readonly requestsPerMinute: number | null;
  /** Days that analytics may look back; 0 = unbounded. */
  readonly logsRetentionDays: number;
}

/** The limits row of the workspace, or undefined when there is none. */
export async function findWorkspaceLimits(
  q: Queryable,
  workspaceId: string,
): Promise<WorkspaceLimits | undefined> {
  const rows = await q.all<WorkspaceLimits>(
    'findWorkspaceLimits',
    `SELECT api_requests_count_max_per_minute AS requestsPerMinute, logs_retention_days_max AS logsRetentionDays
       FROM limits
      WHERE workspace_id = :workspaceId`,
    { workspaceId },
  );
  return rows[0];
}

/** What one instance of an app of the workspace may take. */
export interface InstanceLimits {
  /** Whole processors. */
  readonly cpuCores: number;
  readonly memoryMib: number;
  readonly storageMib: number;
  /** Instances in a region. */
  readonly replicas: number;
}

/** The workspace's limits of instances, or undefined when it has no limits. */
export async function findInstanceLimits(
  q: Queryable,
  workspaceId: string,
): Promise<InstanceLimits | undefined> {
  const rows = await q.all<InstanceLimits>(
    'findInstanceLimits',
    `SELECT cpu_cores_max_per_instance AS cpuCores, memory_mib_max_per_instance AS memoryMib,
            storage_mib_max_per_instance AS storageMib, autoscaling_replicas_max AS replicas
       FROM limits
      WHERE workspace_id = :workspaceId`,
    { workspaceId },
  );
  return rows[0];
}

export interface OrgWorkspace {
  readonly id: string;
  readonly enabled: boolean;
}

/** The workspace of an organisation that is not deleted, or undefined. */
export async function findWorkspaceByOrgId(q: Queryable, orgId: string): Promise<OrgWorkspace | undefined> {
  const rows = await q.all<{ id: string; enabled: number }>(
    'findWorkspaceByOrgId',
    'SELECT id, enabled FROM workspaces WHERE org_id = :orgId AND deleted_at_m IS NULL',
    { orgId },
  );
  return rows.map(({ id, enabled }) => ({ id, enabled: Boolean(enabled) }))[0];
}
