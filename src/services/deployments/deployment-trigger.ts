import type { DeploymentTrigger } from '../control/control-plane.ts';

const CLI = 'unkey-cli/';
const DASHBOARD = 'unkey-dashboard';

/** What caused a deployment, by what the caller's tool says of itself; other tools count as the API. */
export function deploymentTrigger(tool: string): DeploymentTrigger {
  if (tool.startsWith(CLI)) return 'cli';
  return tool.startsWith(DASHBOARD) ? 'dashboard' : 'api';
}

/** The same for the deprecated operation, which knows of no dashboard. */
export function branchDeploymentTrigger(tool: string): DeploymentTrigger {
  return tool.startsWith(CLI) ? 'cli' : 'api';
}
