import Joi from 'joi';
import { DEPLOYMENT_STATUSES } from '../../../services/deployments/deployment-status.ts';
import { bearerOperation } from '../../operation.ts';
import { anyInteger } from '../../schemas/integers.ts';
import { authorizeDeployAction } from './deploy-permissions.ts';

export interface GetBranchDeploymentBody {
  readonly deploymentId: string;
}

const STATUSES: readonly string[] = DEPLOYMENT_STATUSES.map((status) => status.toUpperCase());
const UNKNOWN_STATUS = 'UNSPECIFIED';

export const getBranchDeployment = bearerOperation<GetBranchDeploymentBody>({
  name: 'deploy.getDeployment',
  summary: 'Get a deployment (deprecated)',
  description:
    'Deprecated: use `deployments.getDeployment`, which tells more. Reads the state of a deployment and the hostnames that lead to it.',
  permissions: ['project.*.read_deployment'],
  request: Joi.object({
    deploymentId: Joi.string()
      .pattern(/^d_[a-zA-Z0-9]+$/)
      .required()
      .description('Id of the deployment.')
      .example('d_5Rw2nXk9P'),
  }).unknown(true),
  response: Joi.object({
    id: Joi.string().required().example('d_5Rw2nXk9P'),
    status: Joi.string()
      .valid(UNKNOWN_STATUS, ...STATUSES)
      .required()
      .example('READY'),
    hostnames: Joi.array()
      .items(Joi.string())
      .description('Sorted; absent when there are none.')
      .example(['api.acme.com']),
    errorMessage: Joi.string().description('Never answered.').example('npm ci exited with 1'),
    steps: Joi.array()
      .items(
        Joi.object({
          status: Joi.string().example('building'),
          message: Joi.string().example('Building'),
          errorMessage: Joi.string().example('npm ci exited with 1'),
          createdAt: anyInteger().example(1735689600000),
        }),
      )
      .description('Never answered.'),
  }),
  errors: ['unkey:data:project_not_found'],
  examples: {
    request: { deploymentId: 'd_5Rw2nXk9P' },
    response: { id: 'd_5Rw2nXk9P', status: 'READY', hostnames: ['api.acme.com'] },
  },

  async handle({ principal, services, log }, body) {
    const { branchDeployments } = services;
    const { id, projectId, status } = await branchDeployments.find(principal.workspaceId, body.deploymentId);
    authorizeDeployAction(principal, projectId, 'read_deployment', log);
    const hostnames = await branchDeployments.hostnamesOf(id, log);
    return {
      data: { id, status: statusName(status), ...(hostnames.length > 0 ? { hostnames } : undefined) },
    };
  },
});

/** A stored status as this operation spells it. */
function statusName(status: string): string {
  const name = status.toUpperCase();
  return STATUSES.includes(name) ? name : UNKNOWN_STATUS;
}
