import type { Queryable } from '../database.ts';

/** What a workspace pays for. */
export interface WorkspacePlan {
  readonly plan: string | null;
  /** What takes the place of the plan, for installations that bill nobody. */
  readonly planOverride: string | null;
  readonly isSpendSuspended: boolean;
}

/** The billing row of the workspace, or undefined when there is none. */
export async function findWorkspacePlan(
  q: Queryable,
  workspaceId: string,
): Promise<WorkspacePlan | undefined> {
  const rows = await q.all<{ plan: string | null; planOverride: string | null; suspended: number }>(
    'findWorkspacePlan',
    `SELECT plan, plan_override AS planOverride, spend_suspended AS suspended FROM workspace_billing
      WHERE workspace_id = :workspaceId`,
    { workspaceId },
  );
  return rows.map(({ plan, planOverride, suspended }) => ({
    plan,
    planOverride,
    isSpendSuspended: Boolean(suspended),
  }))[0];
}
