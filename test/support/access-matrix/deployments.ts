import { type AccessRow, IN_OWN_WORKSPACE, lookedUpFirst, masked } from './row.ts';
import type { Scene } from './scene.ts';

/** Of what is done to a deployment, and a deployment of the scene that it can be done to. */
const LIFECYCLE: readonly (readonly [action: string, about: keyof Scene])[] = [
  ['promote', 'deployment'],
  ['rollback', 'deployment'],
  ['start', 'stoppedDeployment'],
  ['stop', 'previewDeployment'],
];

const IMAGE = 'ghcr.io/acme/api:1';

export const DEPLOYMENT_ACCESS: readonly AccessRow[] = [
  {
    operation: 'deployments.createDeployment',
    permissions: ['environment.*.create_deployment'],
    byResource: true,
    about: 'environment',
    body: (environment, { project, app }) => ({ project, app, environment, image: { dockerImage: IMAGE } }),
    outcomes: lookedUpFirst('environment'),
  },
  {
    operation: 'deployments.getDeployment',
    permissions: ['environment.*.read_deployment'],
    about: 'deployment',
    body: (deploymentId) => ({ deploymentId }),
    outcomes: masked('deployment'),
  },
  {
    operation: 'deployments.listDeployments',
    permissions: ['environment.*.read_deployment'],
    body: () => ({}),
    outcomes: IN_OWN_WORKSPACE,
  },
  ...LIFECYCLE.map(
    ([action, about]): AccessRow => ({
      operation: `deployments.${action}Deployment`,
      permissions: [`environment.*.${action}_deployment`],
      byResource: true,
      about,
      body: (deploymentId) => ({ deploymentId }),
      outcomes: masked('deployment'),
    }),
  ),
  {
    operation: 'deploy.createDeployment',
    permissions: ['project.*.create_deployment'],
    about: 'projectSlug',
    body: (project, { appSlug, environmentSlug }) => ({
      project,
      app: appSlug,
      branch: 'main',
      environmentSlug,
      dockerImage: IMAGE,
    }),
    outcomes: lookedUpFirst('project'),
  },
  {
    operation: 'deploy.getDeployment',
    permissions: ['project.*.read_deployment'],
    about: 'deployment',
    body: (deploymentId) => ({ deploymentId }),
    outcomes: lookedUpFirst('project'),
  },
];
