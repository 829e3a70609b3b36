import Joi from 'joi';
import { anyOf, authorize, resource, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { resourceName, resourceSlug } from '../../schemas/resources.ts';

export interface CreateProjectBody {
  readonly name: string;
  readonly slug: string;
}

export const createProject = bearerOperation<CreateProjectBody>({
  name: 'projects.createProject',
  summary: 'Create a project',
  description: [
    'Creates a project, which holds apps with their environments and deployments. Its slug is unique in the workspace, whatever its letter case; `default` is reserved.',
    '',
    'Needs a control plane: without one the call fails with `service_unavailable`.',
  ].join('\n'),
  permissions: ['project.*.create_project'],
  request: Joi.object({
    name: resourceName().required().example('Payments'),
    slug: resourceSlug('project').required().example('payments'),
  }),
  response: Joi.object({
    id: Joi.string().required().description('Id for later calls.').example('proj_3kTq8Zw1B'),
  }),
  errors: ['unkey:data:project_already_exists', 'unkey:data:project_not_found'],
  examples: {
    request: { name: 'Payments', slug: 'payments' },
    response: { id: 'proj_3kTq8Zw1B' },
  },

  async handle({ principal, client, services, log }, body) {
    const permission = anyOf(
      tuple('project.*.create_project'),
      resource(principal.workspaceId, 'projects/*', 'create_project'),
    );
    authorize(principal, permission, log);
    return { data: { id: await services.projects.create({ principal, client }, body) } };
  },
});
