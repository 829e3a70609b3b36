import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { variableInput } from '../../schemas/environment-variables.ts';
import { appReference, environmentReference, projectReference } from '../../schemas/resources.ts';
import { authorizeOnEnvironment, type EnvironmentBody } from './environment-access.ts';

export interface SetEnvironmentVariablesBody extends EnvironmentBody {
  readonly variables: readonly {
    readonly key: string;
    readonly value: string;
    readonly kind?: 'recoverable' | 'writeonly';
    readonly description?: string;
  }[];
  readonly prune?: boolean;
}

export const setEnvironmentVariables = bearerOperation<SetEnvironmentVariablesBody>({
  name: 'environments.setEnvironmentVariables',
  summary: 'Set variables of an environment',
  description: [
    'Sets variables for deployments to come; values are kept encrypted, which needs a Vault. A variable with a key that is there already is replaced as a whole: a kind or description that is left out is not kept.',
    '',
    'With `prune`, variables that are not in the list are deleted.',
  ].join('\n'),
  permissions: ['environment.*.set_environment_variables'],
  request: Joi.object({
    project: projectReference(),
    app: appReference(),
    environment: environmentReference(),
    variables: Joi.array().items(variableInput()).max(50).required(),
    prune: Joi.boolean().description('Whether to delete all others; not when left out.').example(false),
  }),
  response: Joi.object({}),
  errors: ['unkey:data:environment_not_found', 'unkey:application:precondition_failed'],
  examples: {
    request: {
      project: 'payments',
      app: 'api',
      environment: 'production',
      variables: [{ key: 'DATABASE_URL', value: 'mysql://app@db/payments', kind: 'recoverable' }],
    },
    response: {},
  },

  async handle({ principal, client, services, log }, body) {
    const located = await services.environments.findLatest(principal.workspaceId, body);
    authorizeOnEnvironment(principal, located, body, 'set_environment_variables', log);
    const settings = body.variables.map(({ key, value, kind, description }) => ({
      key,
      value,
      kind: kind ?? 'writeonly',
      description,
    }));
    const { environment } = located;
    await services.environments.setVariables(
      { principal, client },
      environment,
      settings,
      body.prune ?? false,
    );
    return { data: {} };
  },
});
