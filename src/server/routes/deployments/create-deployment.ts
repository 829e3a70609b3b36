import Joi from 'joi';
import type { SourceRequest } from '../../../services/deployments/deployment-source.ts';
import { deploymentTrigger } from '../../../services/deployments/deployment-trigger.ts';
import { bearerOperation } from '../../operation.ts';
import { deploymentId } from '../../schemas/deployment-data.ts';
import { appReference, environmentReference, projectReference } from '../../schemas/resources.ts';
import { authorizeCreation } from './deployment-permissions.ts';

export interface CreateDeploymentBody {
  readonly project: string;
  readonly app: string;
  readonly environment: string;
  readonly image?: { readonly dockerImage: string };
  readonly git?: { readonly branch?: string; readonly commitSha?: string; readonly repository?: string };
  readonly deployment?: { readonly deploymentId: string };
}

/** Three members name the place, and exactly one the source. */
const MEMBERS = 4;

export const createDeployment = bearerOperation<CreateDeploymentBody>({
  name: 'deployments.createDeployment',
  summary: 'Create a deployment',
  description: [
    'Deploys to an environment what exactly one of these names:',
    '',
    '- `image`: an image, as it is.',
    '- `git`: a branch or commit of the repository that the app is connected to. `{}` is its default branch.',
    '- `deployment`: an earlier deployment of the environment. One of a commit is built again when the app is connected to a repository; any other runs its image again.',
    '',
    'The control plane builds and starts it after the answer: read the deployment until its `status` is final. A caller that names itself in the header `X-Unkey-Client` is recorded as what caused the deployment.',
    '',
    'An environment that cannot be deployed to is refused with everything that is wrong with it.',
  ].join('\n'),
  permissions: ['environment.*.create_deployment'],
  request: Joi.object({
    project: projectReference(),
    app: appReference(),
    environment: environmentReference(),
    image: Joi.object({
      dockerImage: Joi.string()
        .pattern(/\S/)
        .required()
        .description('The image, as the place that runs it finds it.')
        .example('ghcr.io/acme/api:1.4.2'),
    })
      .unknown(true)
      .description('Deploy an image.'),
    git: Joi.object({
      branch: Joi.string()
        .allow('')
        .max(256)
        .description("The newest commit of this branch; the app's default branch when empty or left out.")
        .example('main'),
      commitSha: Joi.string()
        .allow('')
        .max(40)
        .description('This commit, whole or shortened, whatever the branch.')
        .example('3f786850e387550fdab836ed7e6dc881de23001b'),
      repository: Joi.string()
        .max(256)
        .pattern(/^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/)
        .description('A fork to take the commit from, which `commitSha` must then name.')
        .example('contributor/api'),
    })
      .unknown(true)
      .description("Build from the app's repository."),
    deployment: Joi.object({ deploymentId: deploymentId() })
      .unknown(true)
      .description('Deploy again what an earlier deployment was made of.'),
  })
    .min(MEMBERS)
    .max(MEMBERS)
    .description('Exactly one of `image`, `git` and `deployment` says what to deploy.'),
  response: Joi.object({
    deploymentId: Joi.string().required().description('Id for later calls.').example('d_5Rw2nXk9P'),
  }),
  status: 201,
  errors: [
    'unkey:data:environment_not_found',
    'unkey:data:deployment_not_found',
    'unkey:data:project_not_found',
    'unkey:application:precondition_failed',
    'unkey:application:invalid_environment_settings',
  ],
  examples: {
    request: {
      project: 'payments',
      app: 'api',
      environment: 'production',
      image: { dockerImage: 'ghcr.io/acme/api:1.4.2' },
    },
    response: { deploymentId: 'd_5Rw2nXk9P' },
  },

  async handle({ principal, client, callingTool, services, log }, body) {
    const target = await services.deployments.findTarget(principal.workspaceId, body);
    authorizeCreation(principal, target, body.environment, log);
    const request = { source: sourceOf(body), trigger: deploymentTrigger(callingTool) };
    const id = await services.deployments.create({ principal, client }, target, request);
    return { data: { deploymentId: id } };
  },
});

function sourceOf({ image, git, deployment }: CreateDeploymentBody): SourceRequest {
  if (image !== undefined) return { kind: 'image', dockerImage: image.dockerImage };
  if (deployment !== undefined) return { kind: 'deployment', deploymentId: deployment.deploymentId };
  const { branch = '', commitSha = '', repository = '' } = git ?? {};
  return { kind: 'git', branch, commitSha, repository };
}
