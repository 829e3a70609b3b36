import Joi from 'joi';
import { deploymentNotFound } from '../../../services/deployments/deployment-faults.ts';
import { isAuthorized } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { DEPLOYMENT_EXAMPLE, deploymentData, deploymentId } from '../../schemas/deployment-data.ts';
import { readingPermission } from './deployment-permissions.ts';

export interface GetDeploymentBody {
  readonly deploymentId: string;
}

export const getDeployment = bearerOperation<GetDeploymentBody>({
  name: 'deployments.getDeployment',
  summary: 'Get a deployment',
  description:
    'Reads a deployment: its state, what it was made of, where it runs, and what can be done to it. A caller without permission for it gets the same answer as for one that does not exist.',
  permissions: ['environment.*.read_deployment'],
  request: Joi.object({ deploymentId: deploymentId() }),
  response: deploymentData(),
  errors: ['unkey:data:deployment_not_found'],
  examples: { request: { deploymentId: 'd_5Rw2nXk9P' }, response: DEPLOYMENT_EXAMPLE },

  async handle({ principal, services, log }, body) {
    const deployment = await services.deployments.find(principal.workspaceId, body.deploymentId);
    if (!isAuthorized(principal, readingPermission(deployment.environmentId), log))
      throw deploymentNotFound();
    return { data: await deployment.view() };
  },
});
