// Which operation applies to a deployment in which state. Source: the promote, rollback, start and stop sections of the
// platform chapter; the order of checks is theirs.

import type { EnvironmentKind } from '../../storage/sql/queries/environments.ts';
import type { StateRefusal } from './deployment-faults.ts';
import type { DeploymentStatus, DesiredState } from './deployment-status.ts';

/** What the rules look at. */
export interface DeploymentState {
  readonly id: string;
  readonly status: DeploymentStatus;
  readonly desiredState: DesiredState;
  readonly environmentKind: EnvironmentKind;
  /** The deployment that serves the app's production traffic; null when none does. */
  readonly currentDeploymentId: string | null;
  /** Whether that one was put there by a rollback, so that later deployments do not replace it. */
  readonly isRolledBack: boolean;
}

/** Why the deployment cannot be promoted; undefined when it can. The current one can, to confirm a rollback. */
export function promotionRefusal(state: DeploymentState): StateRefusal | undefined {
  return (
    takeoverRefusal(state) ?? (isCurrent(state) && !state.isRolledBack ? 'deployment_is_current' : undefined)
  );
}

/** Why the app cannot be rolled back to the deployment; undefined when it can. */
export function rollbackRefusal(state: DeploymentState): StateRefusal | undefined {
  return takeoverRefusal(state) ?? (isCurrent(state) ? 'deployment_is_current' : undefined);
}

/** Why the deployment cannot take over production traffic, whether or not it has it; undefined when it can. */
function takeoverRefusal(state: DeploymentState): StateRefusal | undefined {
  if (!isServing(state)) return 'deployment_not_ready';
  if (state.environmentKind !== 'production') return 'deployment_not_production';
  return state.currentDeploymentId === null ? 'deployment_no_current' : undefined;
}

/** Why the deployment cannot be stopped; undefined when it can. */
export function stopRefusal(state: DeploymentState): StateRefusal | undefined {
  if (state.status !== 'ready') return 'deployment_not_running';
  if (state.desiredState !== 'running') return 'deployment_is_stopping';
  return state.environmentKind === 'production' ? 'deployment_is_production' : undefined;
}

/** Why the deployment cannot be started; undefined when it can. One that is still draining can. */
export function startRefusal(state: DeploymentState): StateRefusal | undefined {
  if (state.desiredState !== 'stopped') return 'deployment_not_stopped';
  return state.environmentKind === 'production' ? 'deployment_is_production' : undefined;
}

export type DeploymentAction = 'promote' | 'rollback' | 'stop' | 'start';

/**
 * What callers are offered. That differs from the rules above on purpose: `start` goes by the status, where the
 * operation goes by the desired state.
 */
export function availableActions(state: DeploymentState): DeploymentAction[] {
  if (state.environmentKind === 'preview') {
    if (state.status === 'stopped') return ['start'];
    return isServing(state) ? ['stop'] : [];
  }
  return [
    ...(promotionRefusal(state) === undefined ? (['promote'] as const) : []),
    ...(rollbackRefusal(state) === undefined ? (['rollback'] as const) : []),
  ];
}

/** Whether the deployment serves its app's production traffic. */
export function isCurrent({
  id,
  currentDeploymentId,
}: Pick<DeploymentState, 'id' | 'currentDeploymentId'>): boolean {
  return id === currentDeploymentId;
}

function isServing({ status, desiredState }: DeploymentState): boolean {
  return status === 'ready' && desiredState === 'running';
}
