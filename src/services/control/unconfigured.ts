// What stands in for a control plane, or a workflow ingress, that the configuration does not name: each call fails as if
// nobody answered (CFG-7).

import { type ControlPlane, ControlPlaneError } from './control-plane.ts';
import type { Workflows } from './workflows.ts';

const refuse = (setting: string) => async (): Promise<never> => {
  throw new ControlPlaneError('unavailable', `${setting} is not set`);
};

const withoutControlPlane = refuse('control.url');

export const unconfiguredControlPlane: ControlPlane = {
  createProject: withoutControlPlane,
  createApp: withoutControlPlane,
  createDeployment: withoutControlPlane,
  addCustomDomain: withoutControlPlane,
  deleteCustomDomain: withoutControlPlane,
  retryVerification: withoutControlPlane,
  ping: withoutControlPlane,
};

export const unconfiguredWorkflows: Workflows = { submit: refuse('restate.url') };
