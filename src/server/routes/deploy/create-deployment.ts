import Joi from 'joi';
import type { GitCommit } from '../../../services/control/control-plane.ts';
import { branchDeploymentTrigger } from '../../../services/deployments/deployment-trigger.ts';
import { bearerOperation } from '../../operation.ts';
import { authorizeDeployAction } from './deploy-permissions.ts';

export interface CreateBranchDeploymentBody {
  readonly project: string;
  readonly app: string;
  readonly branch: string;
  readonly environmentSlug: string;
  readonly dockerImage: string;
  readonly keyspaceId?: string;
  readonly gitCommit?: {
    readonly commitSha?: string;
    readonly commitMessage?: string;
    readonly authorHandle?: string;
    readonly authorAvatarUrl?: string;
    readonly timestamp?: number;
  };
}

const text = (): Joi.StringSchema => Joi.string().min(1).required();
const optionalText = (): Joi.StringSchema => Joi.string().allow('');

export const createBranchDeployment = bearerOperation<CreateBranchDeploymentBody>({
  name: 'deploy.createDeployment',
  summary: 'Create a deployment (deprecated)',
  description: [
    'Deprecated: use `deployments.createDeployment`. Deploys an image to an environment that is named by slugs, and records the branch and commit that it is said to be of.',
    '',
    'The environment is not looked at before the control plane is asked: one that it does not know is answered as a project that does not exist.',
  ].join('\n'),
  permissions: ['project.*.create_deployment'],
  request: Joi.object({
    project: text().description('Slug of the project, in any letter case.').example('payments'),
    app: text().description('Slug of the app, in any letter case.').example('api'),
    branch: text().description('The branch that the image is of.').example('main'),
    environmentSlug: text().description('Slug of the environment.').example('production'),
    dockerImage: text().description('The image to deploy.').example('ghcr.io/acme/api:1.4.2'),
    keyspaceId: optionalText().description('A keyspace to go with the deployment.').example('ks_7Tq2mZ4xB'),
    gitCommit: Joi.object({
      commitSha: optionalText().example('3f786850e387550fdab836ed7e6dc881de23001b'),
      commitMessage: optionalText().example('Mend the totals'),
      authorHandle: optionalText().example('octocat'),
      authorAvatarUrl: optionalText().example('https://avatars.example/octocat.png'),
      timestamp: Joi.number().integer().description('Unix milliseconds.').example(1735689600000),
    })
      .unknown(true)
      .description('The commit that the image is of.'),
  }).unknown(true),
  response: Joi.object({
    deploymentId: Joi.string().required().description('Id for later calls.').example('d_5Rw2nXk9P'),
  }),
  status: 201,
  errors: ['unkey:data:project_not_found', 'unkey:data:key_auth_not_found'],
  examples: {
    request: {
      project: 'payments',
      app: 'api',
      branch: 'main',
      environmentSlug: 'production',
      dockerImage: 'ghcr.io/acme/api:1.4.2',
    },
    response: { deploymentId: 'd_5Rw2nXk9P' },
  },

  async handle({ principal, callingTool, services, log }, body) {
    const { workspaceId } = principal;
    const { branchDeployments } = services;
    const { projectId, appId } = await branchDeployments.findApp(workspaceId, body);
    authorizeDeployAction(principal, projectId, 'create_deployment', log);
    const deploymentId = await branchDeployments.create({
      workspaceId,
      projectId,
      appId,
      environmentSlug: body.environmentSlug,
      dockerImage: body.dockerImage,
      keyspaceId: body.keyspaceId,
      gitCommit: commitOf(body),
      trigger: branchDeploymentTrigger(callingTool),
      triggeredBy: principal.subject.id,
    });
    return { data: { deploymentId } };
  },
});

function commitOf({ branch, gitCommit = {} }: CreateBranchDeploymentBody): GitCommit {
  const {
    commitSha = '',
    commitMessage = '',
    authorHandle = '',
    authorAvatarUrl = '',
    timestamp = 0,
  } = gitCommit;
  return {
    commitSha,
    commitMessage,
    authorHandle,
    authorAvatarUrl,
    timestamp: BigInt(timestamp),
    branch,
    forkRepository: '',
  };
}
