import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import type { SettingsOwner } from '../../storage/sql/queries/environment-configuration.ts';
import {
  deleteOtherPlacements,
  insertAutoscalingPolicy,
  insertPlacement,
  listPlacements,
  updateAutoscalingPolicy,
  updatePlacement,
} from '../../storage/sql/queries/placements.ts';
import type { WantedRegion } from './settings-rules.ts';

/** Percent of its processors above which an environment gets another replica. Source: the platform chapter. */
const CPU_THRESHOLD = 80;

/**
 * Makes the environment, which the caller has locked, run in these regions and no others, under one autoscaling policy:
 * the one that it had, else a new one. Policies are never deleted.
 * @param wanted at least one; all with the same bounds
 */
export async function placeEnvironment(
  tx: Transaction,
  { clock, ids }: { readonly clock: Clock; readonly ids: IdSource },
  owner: SettingsOwner,
  wanted: readonly WantedRegion[],
): Promise<void> {
  const [first] = wanted;
  if (first === undefined) throw new Error('an environment cannot run nowhere');
  const now = clock.now();
  const bounds = { replicasMin: first.min, replicasMax: first.max };
  const placements = await listPlacements(tx, owner);
  const held = placements.find(({ policyId }) => policyId !== null)?.policyId;
  const policyId = held ?? ids.next('autoscalingPolicy');
  if (held) {
    await updateAutoscalingPolicy(tx, { id: policyId, ...bounds }, now);
  } else {
    const policy = { id: policyId, workspaceId: owner.workspaceId, ...bounds, cpuThreshold: CPU_THRESHOLD };
    await insertAutoscalingPolicy(tx, policy, now);
  }

  const placed = new Set(placements.map(({ regionId }) => regionId));
  const placement = { replicas: first.max, policyId };
  for (const { regionId } of wanted) {
    if (placed.has(regionId)) await updatePlacement(tx, owner, regionId, placement, now);
    else await insertPlacement(tx, owner, regionId, placement, now);
  }
  const kept = wanted.map(({ regionId }) => regionId);
  await deleteOtherPlacements(tx, owner, kept);
}
