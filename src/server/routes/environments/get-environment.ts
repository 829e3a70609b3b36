import Joi from 'joi';
import { environmentNotFound } from '../../../services/environments/environment-faults.ts';
import { isAuthorized } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { ENVIRONMENT_EXAMPLE, environmentData } from '../../schemas/environment-data.ts';
import { appReference, environmentReference, projectReference } from '../../schemas/resources.ts';
import { type EnvironmentBody, environmentPermission } from './environment-access.ts';

export const getEnvironment = bearerOperation<EnvironmentBody>({
  name: 'environments.getEnvironment',
  summary: 'Get an environment',
  description:
    'Reads an environment of an app with its settings. A caller without permission for it gets the same answer as for one that does not exist.',
  permissions: ['environment.*.read_environment'],
  request: Joi.object({
    project: projectReference(),
    app: appReference(),
    environment: environmentReference(),
  }),
  response: environmentData(),
  errors: ['unkey:data:environment_not_found'],
  examples: {
    request: { project: 'payments', app: 'api', environment: 'production' },
    response: ENVIRONMENT_EXAMPLE,
  },

  async handle({ principal, services, log }, body) {
    const located = await services.environments.find(principal.workspaceId, body);
    const permission = environmentPermission(principal, located, 'read_environment');
    if (!isAuthorized(principal, permission, log)) throw environmentNotFound();
    return { data: await services.environments.describe(located.environment) };
  },
});
