import { ControlPlaneError } from '../services/control/control-plane.ts';
import type { Queryable } from '../storage/sql/database.ts';
import { findWorkspacePlan } from '../storage/sql/queries/workspace-billing.ts';
import type { ControlSettings } from './control-deps.ts';

/** @throws ControlPlaneError `failed_precondition` when the workspace has no plan, and plans are required */
export async function requirePlan(
  q: Queryable,
  workspaceId: string,
  settings: Pick<ControlSettings, 'requirePlan'>,
): Promise<void> {
  if (!settings.requirePlan) return;
  const billing = await findWorkspacePlan(q, workspaceId);
  if (!billing?.plan && !billing?.planOverride) {
    throw new ControlPlaneError('failed_precondition', 'the workspace has no plan');
  }
}

/** The same for what starts something: a workspace that may not spend more is refused, whether or not plans are required. */
export async function requireSpending(
  q: Queryable,
  workspaceId: string,
  settings: Pick<ControlSettings, 'requirePlan'>,
): Promise<void> {
  const billing = await findWorkspacePlan(q, workspaceId);
  if (billing?.isSpendSuspended) {
    throw new ControlPlaneError('failed_precondition', 'the workspace may not spend more');
  }
  await requirePlan(q, workspaceId, settings);
}
