import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { variableKey } from '../../schemas/environment-variables.ts';
import { appReference, environmentReference, projectReference } from '../../schemas/resources.ts';
import { authorizeOnEnvironment, type EnvironmentBody } from './environment-access.ts';

export interface RemoveEnvironmentVariablesBody extends EnvironmentBody {
  readonly variables: readonly string[];
}

export const removeEnvironmentVariables = bearerOperation<RemoveEnvironmentVariablesBody>({
  name: 'environments.removeEnvironmentVariables',
  summary: 'Remove variables of an environment',
  description:
    'Deletes variables by their keys, letter by letter. Keys that are not there are ignored. Deployments that run keep what they were made with.',
  permissions: ['environment.*.remove_environment_variables'],
  request: Joi.object({
    project: projectReference(),
    app: appReference(),
    environment: environmentReference(),
    variables: Joi.array().items(variableKey()).min(1).max(50).required().description('Keys to delete.'),
  }),
  response: Joi.object({}),
  errors: ['unkey:data:environment_not_found'],
  examples: {
    request: { project: 'payments', app: 'api', environment: 'production', variables: ['DATABASE_URL'] },
    response: {},
  },

  async handle({ principal, client, services, log }, body) {
    const located = await services.environments.findLatest(principal.workspaceId, body);
    authorizeOnEnvironment(principal, located, body, 'remove_environment_variables', log);
    await services.environments.removeVariables({ principal, client }, located.environment, body.variables);
    return { data: {} };
  },
});
