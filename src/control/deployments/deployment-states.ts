// The states that a run passes through. Source: the state machine of the platform chapter, section minimal control plane.

import type { DeploymentStatus } from '../../services/deployments/deployment-status.ts';

/** States that a run leaves by itself, each with the one that follows. */
const NEXT = {
  pending: 'starting',
  starting: 'building',
  building: 'deploying',
  deploying: 'network',
  network: 'finalizing',
  finalizing: 'ready',
} as const satisfies Partial<Record<DeploymentStatus, DeploymentStatus>>;

export type RunningStatus = keyof typeof NEXT;

/** Whether a run goes on from here by itself. */
export function isRunning(status: string): status is RunningStatus {
  return Object.hasOwn(NEXT, status);
}

export function nextStatus(status: RunningStatus): DeploymentStatus {
  return NEXT[status];
}

/** The step that is recorded while a deployment is in this state. */
export function stepOf(status: DeploymentStatus): string {
  return status === 'pending' ? 'queued' : status;
}
