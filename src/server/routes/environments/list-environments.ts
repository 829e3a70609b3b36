import Joi from 'joi';
import { appNotFound } from '../../../services/apps/app-faults.ts';
import { anyOf, isAuthorized, resource, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { ENVIRONMENT_EXAMPLE, environmentData } from '../../schemas/environment-data.ts';
import { appReference, projectReference } from '../../schemas/resources.ts';

export interface ListEnvironmentsBody {
  readonly project: string;
  readonly app: string;
}

export const listEnvironments = bearerOperation<ListEnvironmentsBody>({
  name: 'environments.listEnvironments',
  summary: 'List the environments of an app',
  description:
    'Lists all environments of an app with their settings, in order of their ids. A caller without permission for all of them gets the same answer as for an app that does not exist.',
  permissions: ['environment.*.read_environment'],
  request: Joi.object({ project: projectReference(), app: appReference() }),
  response: Joi.array().items(environmentData()),
  errors: ['unkey:data:app_not_found'],
  examples: { request: { project: 'payments', app: 'api' }, response: [ENVIRONMENT_EXAMPLE] },

  async handle({ principal, services, log }, body) {
    const { workspaceId } = principal;
    const located = await services.apps.find(workspaceId, body);
    const path = `projects/${located.project.id}/apps/${located.app.id}/environments/*`;
    const permission = anyOf(
      tuple('environment.*.read_environment'),
      resource(workspaceId, path, 'read_environment'),
    );
    if (!isAuthorized(principal, permission, log)) throw appNotFound();
    return { data: await services.environments.list(workspaceId, located) };
  },
});
