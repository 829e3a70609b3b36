/** Every state that a deployment can be in, in the order in which a run passes through them, ends last. */
export const DEPLOYMENT_STATUSES = [
  'pending',
  'starting',
  'building',
  'deploying',
  'network',
  'finalizing',
  'ready',
  'failed',
  'skipped',
  'awaiting_approval',
  'stopped',
  'superseded',
  'cancelled',
] as const;

export type DeploymentStatus = (typeof DEPLOYMENT_STATUSES)[number];

/** What operators want of a deployment; its status follows later. */
export type DesiredState = 'running' | 'stopped';
