// Where deployments run, and how much they take up.

import type { Queryable } from '../../database.ts';
import { deleteMatching } from '../../delete-by-pk.ts';
import { forUpdate, insertRows } from '../../dialect.ts';

export interface PlacementRow {
  readonly regionId: string;
  readonly regionName: string;
  readonly replicasMin: number;
  readonly replicasMax: number;
  /** Percent; null = does not count. */
  readonly cpuThreshold: number | null;
  readonly memoryThreshold: number | null;
}

/** Where an environment's deployments go: its regions that take new ones, with the bounds of their autoscaling. */
export function listPlacements(q: Queryable, appId: string, environmentId: string): Promise<PlacementRow[]> {
  return q.all<PlacementRow>(
    'listPlacements',
    `SELECT r.id AS regionId, r.name AS regionName,
            COALESCE(h.replicas_min, s.replicas) AS replicasMin,
            COALESCE(h.replicas_max, s.replicas) AS replicasMax,
            h.cpu_threshold AS cpuThreshold, h.memory_threshold AS memoryThreshold
       FROM app_regional_settings s
       JOIN regions r ON r.id = s.region_id
       LEFT JOIN horizontal_autoscaling_policies h ON h.id = s.horizontal_autoscaling_policy_id
      WHERE s.app_id = :appId AND s.environment_id = :environmentId AND r.can_schedule = :canSchedule
      ORDER BY r.name, r.pk`,
    { appId, environmentId, canSchedule: true },
  );
}

/** The placements of a deployment. */
export function listTopology(q: Queryable, deploymentId: string): Promise<PlacementRow[]> {
  return q.all<PlacementRow>(
    'listTopology',
    `SELECT r.id AS regionId, r.name AS regionName, t.autoscaling_replicas_min AS replicasMin,
            t.autoscaling_replicas_max AS replicasMax, t.autoscaling_threshold_cpu AS cpuThreshold,
            t.autoscaling_threshold_memory AS memoryThreshold
       FROM deployment_topology t
       JOIN regions r ON r.id = t.region_id
      WHERE t.deployment_id = :deploymentId
      ORDER BY r.name, r.pk`,
    { deploymentId },
  );
}

/** Places a deployment, to run, in place of where it was placed before. */
export async function replaceTopology(
  q: Queryable,
  deployment: { readonly id: string; readonly workspaceId: string },
  placements: readonly PlacementRow[],
  now: number,
): Promise<void> {
  await deleteMatching(q, 'deleteTopology', 'deployment_topology', 'deployment_id = :id', {
    id: deployment.id,
  });
  await insertRows(
    q,
    'insertTopology',
    'deployment_topology',
    placements.map((placement) => ({
      workspace_id: deployment.workspaceId,
      deployment_id: deployment.id,
      region_id: placement.regionId,
      autoscaling_replicas_min: placement.replicasMin,
      autoscaling_replicas_max: placement.replicasMax,
      autoscaling_threshold_cpu: placement.cpuThreshold,
      autoscaling_threshold_memory: placement.memoryThreshold,
      desired_status: 'running',
      created_at: now,
    })),
  );
}

/** What a workspace may take up, over all its deployments. */
export interface AllocationLimitsRow {
  readonly cpuCores: number;
  readonly memoryMib: number;
  readonly storageMib: number;
}

/** The limits of the workspace, held so that what counts against them is counted by one at a time; undefined = it has none. */
export async function lockAllocationLimits(
  q: Queryable,
  workspaceId: string,
): Promise<AllocationLimitsRow | undefined> {
  const rows = await q.all<AllocationLimitsRow>(
    'lockAllocationLimits',
    `SELECT cpu_cores_max AS cpuCores, memory_mib_max AS memoryMib, storage_mib_max AS storageMib
       FROM limits WHERE workspace_id = :workspaceId${forUpdate(q)}`,
    { workspaceId },
  );
  return rows[0];
}

/** One placement of a deployment that runs, with what one instance of it takes. */
export interface AllocationRow {
  readonly cpuMillicores: number;
  readonly memoryMib: number;
  readonly storageMib: number;
  readonly replicasMax: number;
}

/** What the other deployments of the workspace take up at most. */
export function listAllocations(
  q: Queryable,
  { id, workspaceId }: { readonly id: string; readonly workspaceId: string },
): Promise<AllocationRow[]> {
  return q.all<AllocationRow>(
    'listAllocations',
    `SELECT d.cpu_millicores AS cpuMillicores, d.memory_mib AS memoryMib, d.storage_mib AS storageMib,
            t.autoscaling_replicas_max AS replicasMax
       FROM deployment_topology t
       JOIN deployments d ON d.id = t.deployment_id
      WHERE t.workspace_id = :workspaceId AND t.desired_status = 'running' AND d.id <> :id
        AND d.status IN ('deploying', 'network', 'finalizing', 'ready')`,
    { id, workspaceId },
  );
}
