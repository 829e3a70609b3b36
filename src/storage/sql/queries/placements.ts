// Where environments run: regions, and how many replicas an environment has in each.

import type { Queryable } from '../database.ts';
import { insertRows } from '../dialect.ts';
import { updateRow } from '../update-row.ts';
import type { SettingsOwner } from './environment-configuration.ts';

export interface RegionRow {
  readonly id: string;
  readonly name: string;
  readonly canSchedule: number;
}

/** The regions of a platform with these names. */
export function findRegions(q: Queryable, platform: string, names: readonly string[]): Promise<RegionRow[]> {
  return q.all<RegionRow>(
    'findRegions',
    `SELECT id, name, can_schedule AS canSchedule FROM regions
      WHERE platform = :platform AND name IN (:names)`,
    { platform, names },
  );
}

export interface PlacementRow {
  readonly regionId: string;
  /** null = the number of replicas is fixed. */
  readonly policyId: string | null;
}

/** Where the environment runs, the oldest placement first. */
export function listPlacements(
  q: Queryable,
  { appId, environmentId }: SettingsOwner,
): Promise<PlacementRow[]> {
  return q.all<PlacementRow>(
    'listPlacements',
    `SELECT region_id AS regionId, horizontal_autoscaling_policy_id AS policyId FROM app_regional_settings
      WHERE app_id = :appId AND environment_id = :environmentId ORDER BY pk`,
    { appId, environmentId },
  );
}

export interface Placement {
  readonly replicas: number;
  readonly policyId: string | null;
}

/** Places the environment in a region where it is not yet. `now` in unix milliseconds, as below. */
export async function insertPlacement(
  q: Queryable,
  { workspaceId, appId, environmentId }: SettingsOwner,
  regionId: string,
  { replicas, policyId }: Placement,
  now: number,
): Promise<void> {
  const row = {
    workspace_id: workspaceId,
    app_id: appId,
    environment_id: environmentId,
    region_id: regionId,
    replicas,
    horizontal_autoscaling_policy_id: policyId,
    created_at: now,
  };
  await insertRows(q, 'insertPlacement', 'app_regional_settings', [row]);
}

/** Changes a placement that is there. */
export async function updatePlacement(
  q: Queryable,
  { appId, environmentId }: SettingsOwner,
  regionId: string,
  { replicas, policyId }: Placement,
  now: number,
): Promise<void> {
  const columns = { replicas, horizontal_autoscaling_policy_id: policyId, updated_at: now };
  const where = { app_id: appId, environment_id: environmentId, region_id: regionId };
  await updateRow(q, 'updatePlacement', 'app_regional_settings', columns, where);
}

/** Ends the environment's placements in all regions but these. */
export async function deleteOtherPlacements(
  q: Queryable,
  { appId, environmentId }: SettingsOwner,
  regionIds: readonly string[],
): Promise<void> {
  await q.run(
    'deleteOtherPlacements',
    `DELETE FROM app_regional_settings
      WHERE app_id = :appId AND environment_id = :environmentId AND region_id NOT IN (:regionIds)`,
    { appId, environmentId, regionIds },
  );
}

export interface AutoscalingPolicy {
  readonly id: string;
  readonly workspaceId: string;
  readonly replicasMin: number;
  readonly replicasMax: number;
  /** Percent of its processors above which an environment grows. */
  readonly cpuThreshold: number;
}

export async function insertAutoscalingPolicy(
  q: Queryable,
  policy: AutoscalingPolicy,
  now: number,
): Promise<void> {
  await insertRows(q, 'insertAutoscalingPolicy', 'horizontal_autoscaling_policies', [
    {
      id: policy.id,
      workspace_id: policy.workspaceId,
      replicas_min: policy.replicasMin,
      replicas_max: policy.replicasMax,
      cpu_threshold: policy.cpuThreshold,
      created_at: now,
    },
  ]);
}

export async function updateAutoscalingPolicy(
  q: Queryable,
  { id, replicasMin, replicasMax }: Pick<AutoscalingPolicy, 'id' | 'replicasMin' | 'replicasMax'>,
  now: number,
): Promise<void> {
  const columns = { replicas_min: replicasMin, replicas_max: replicasMax, updated_at: now };
  await updateRow(q, 'updateAutoscalingPolicy', 'horizontal_autoscaling_policies', columns, { id });
}
