import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { variableData } from '../../schemas/environment-variables.ts';
import { pageLimit, pageRequest, paginationOf } from '../../schemas/paging.ts';
import { appReference, environmentReference, projectReference } from '../../schemas/resources.ts';
import { authorizeOnEnvironment, type EnvironmentBody } from './environment-access.ts';

export interface ListEnvironmentVariablesBody extends EnvironmentBody {
  readonly limit?: number;
  readonly cursor?: string;
}

export const listEnvironmentVariables = bearerOperation<ListEnvironmentVariablesBody>({
  name: 'environments.listEnvironmentVariables',
  summary: 'List the variables of an environment',
  description: [
    'Lists the variables of an environment page by page, in no order of their keys. Values are told of recoverable variables only.',
    '',
    'To read on, send `pagination.cursor` of the answer as `cursor`. There is no further page when it is absent. Recoverable variables need a Vault to be read.',
  ].join('\n'),
  permissions: ['environment.*.read_environment_variables'],
  request: Joi.object({
    project: projectReference(),
    app: appReference(),
    environment: environmentReference(),
    limit: pageLimit(),
    cursor: Joi.string().min(1).max(1024).description('Where to read on.').example('evr_2Lp6wZn8F'),
  }),
  response: Joi.array().items(variableData()),
  paginated: true,
  errors: ['unkey:data:environment_not_found', 'unkey:application:precondition_failed'],
  examples: {
    request: { project: 'payments', app: 'api', environment: 'production' },
    response: [
      {
        key: 'DATABASE_URL',
        kind: 'recoverable',
        value: 'mysql://app@db/payments',
        description: 'Primary store',
        createdAt: 1735689600000,
      },
      { key: 'STRIPE_KEY', kind: 'writeonly', createdAt: 1735689600000 },
    ],
  },

  async handle({ principal, services, log }, body) {
    const located = await services.environments.find(principal.workspaceId, body);
    authorizeOnEnvironment(principal, located, body, 'read_environment_variables', log);
    const { items, nextCursor } = await services.environments.listVariables(
      located.environment,
      pageRequest(body),
    );
    return {
      data: items.map(({ key, kind, value, description, createdAt }) => ({
        key,
        kind,
        ...(value === undefined ? undefined : { value }),
        ...(description ? { description } : undefined),
        createdAt,
      })),
      pagination: paginationOf(nextCursor),
    };
  },
});
