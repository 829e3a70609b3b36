import Joi from 'joi';
import { projectView } from '../../../services/projects/project-view.ts';
import { anyOf, authorize, resource, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { PROJECT_EXAMPLE, projectData } from '../../schemas/project-data.ts';
import { deleteProtection, projectReference, resourceName, resourceSlug } from '../../schemas/resources.ts';

export interface UpdateProjectBody {
  readonly project: string;
  readonly name?: string;
  readonly slug?: string;
  readonly deleteProtection?: boolean;
}

export const updateProject = bearerOperation<UpdateProjectBody>({
  name: 'projects.updateProject',
  summary: 'Update a project',
  description:
    'Changes what is given and leaves the rest as it is. The default project cannot be changed, and its slug cannot be taken.',
  permissions: ['project.*.update_project'],
  request: Joi.object({
    project: projectReference(),
    name: resourceName().example('Payments EU'),
    slug: resourceSlug('project').example('payments-eu'),
    deleteProtection: deleteProtection('project'),
  }),
  response: projectData(),
  errors: ['unkey:data:project_not_found', 'unkey:data:project_already_exists'],
  examples: {
    request: { project: 'payments', name: 'Payments' },
    response: PROJECT_EXAMPLE,
  },

  async handle({ principal, client, services, log }, { project: reference, name, slug, deleteProtection }) {
    const { workspaceId } = principal;
    const { id } = await services.projects.findLatest(workspaceId, reference);
    const permission = anyOf(
      tuple('project.*.update_project'),
      tuple(`project.${id}.update_project`),
      resource(workspaceId, `projects/${id}`, 'update_project'),
    );
    authorize(principal, permission, log, { ids: [id], sent: [reference] });
    const changes = { name, slug, deleteProtection };
    const updated = await services.projects.update({ principal, client }, id, changes);
    return { data: projectView(updated) };
  },
});
