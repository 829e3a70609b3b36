// Promote, roll back, start, stop: the checks, and the job handed over to the control plane. Nothing is written here, and
// nothing keeps a caller from handing over the same job twice. Source: the deployments sections of the platform chapter.

import type { Queryable } from '../../storage/sql/database.ts';
import { findDeploymentSource, findDeploymentState } from '../../storage/sql/queries/deployments-reading.ts';
import type { EnvironmentKind } from '../../storage/sql/queries/environments.ts';
import { findWorkspacePlan, type WorkspacePlan } from '../../storage/sql/queries/workspace-billing.ts';
import type { Caller } from '../audit/audit-log.ts';
import { submitWorkflow } from '../control/submit-workflow.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import type { DeploymentDeps } from './deployment-deps.ts';
import {
  deploymentNotFound,
  preconditionFailed,
  type StateRefusal,
  stateRefused,
} from './deployment-faults.ts';
import type { DeploymentStatus, DesiredState } from './deployment-status.ts';
import {
  type DeploymentState,
  promotionRefusal,
  rollbackRefusal,
  startRefusal,
  stopRefusal,
} from './lifecycle-rules.ts';

/** A deployment that something may be done to, and its place. */
export interface ChangeableDeployment extends DeploymentState {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly appId: string;
  readonly environmentId: string;
}

/** The deployment as the primary has it now. Throws a Fault `deployment_not_found`. */
export async function findChangeable(
  { db }: DeploymentDeps,
  workspaceId: string,
  id: string,
): Promise<ChangeableDeployment> {
  const row = await findDeploymentState(db.primary, workspaceId, id);
  if (row === undefined) throw deploymentNotFound();
  return {
    ...row,
    workspaceId,
    status: row.status as DeploymentStatus,
    desiredState: row.desiredState as DesiredState,
    environmentKind: row.environmentKind as EnvironmentKind,
    isRolledBack: Boolean(row.isRolledBack),
  };
}

/** Throws a Fault: why the state or the billing of the workspace forbids it, or `service_unavailable`. */
export async function promote(
  deps: DeploymentDeps,
  caller: Caller,
  deployment: ChangeableDeployment,
): Promise<void> {
  assertState(promotionRefusal(deployment));
  assertMayRun(await planOf(deps.db.primary, deployment.workspaceId));
  await submitWorkflow(deps, caller, { workflow: 'promote', targetDeploymentId: deployment.id });
}

/**
 * Throws a Fault: why the state or the billing of the workspace forbids it, `deployment_not_found` (the current
 * deployment is gone), `precondition_failed` (it is of another environment), or `service_unavailable`.
 */
export async function rollback(
  deps: DeploymentDeps,
  caller: Caller,
  target: ChangeableDeployment,
): Promise<void> {
  assertState(rollbackRefusal(target));
  const sourceDeploymentId = await requireSource(deps.db.primary, target);
  assertMayRun(await planOf(deps.db.primary, target.workspaceId));
  await submitWorkflow(deps, caller, {
    workflow: 'rollback',
    sourceDeploymentId,
    targetDeploymentId: target.id,
  });
}

/** Throws a Fault: why the state or the billing of the workspace forbids it, or `service_unavailable`. */
export async function start(
  deps: DeploymentDeps,
  caller: Caller,
  deployment: ChangeableDeployment,
): Promise<void> {
  const plan = await planOf(deps.db.primary, deployment.workspaceId);
  assertPlan(plan);
  assertState(startRefusal(deployment));
  assertSpending(plan);
  await submitWorkflow(deps, caller, { workflow: 'wakeDeployment', deploymentId: deployment.id });
}

/** Throws a Fault: why the state forbids it, or `service_unavailable`. Who cannot pay may stop all the same. */
export async function stop(
  deps: DeploymentDeps,
  caller: Caller,
  deployment: ChangeableDeployment,
): Promise<void> {
  assertState(stopRefusal(deployment));
  await submitWorkflow(deps, caller, { workflow: 'stopDeployment', deploymentId: deployment.id });
}

/** The deployment that the app is rolled back from. */
async function requireSource(q: Queryable, target: ChangeableDeployment): Promise<string> {
  const currentId = target.currentDeploymentId;
  if (currentId === null) throw stateRefused('deployment_no_current');
  const source = await reportingStoreFailure('loading the current deployment', () =>
    findDeploymentSource(q, target.workspaceId, currentId),
  );
  if (source === undefined) throw deploymentNotFound();
  const isSamePlace =
    source.projectId === target.projectId &&
    source.appId === target.appId &&
    source.environmentId === target.environmentId;
  if (!isSamePlace) {
    throw preconditionFailed('The current deployment of the app is not in the environment of this one.');
  }
  return source.id;
}

function planOf(q: Queryable, workspaceId: string): Promise<WorkspacePlan | undefined> {
  return reportingStoreFailure('loading the plan of a workspace', () => findWorkspacePlan(q, workspaceId));
}

function assertMayRun(plan: WorkspacePlan | undefined): void {
  assertPlan(plan);
  assertSpending(plan);
}

function assertPlan(plan: WorkspacePlan | undefined): void {
  if (plan?.plan || plan?.planOverride) return;
  throw preconditionFailed('The workspace has no plan that includes deployments.');
}

function assertSpending(plan: WorkspacePlan | undefined): void {
  if (plan?.isSpendSuspended) throw preconditionFailed('Spending of the workspace is suspended.');
}

function assertState(refusal: StateRefusal | undefined): void {
  if (refusal !== undefined) throw stateRefused(refusal);
}
