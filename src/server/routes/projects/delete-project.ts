import Joi from 'joi';
import { anyOf, authorize, resource, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { projectReference } from '../../schemas/resources.ts';

export interface DeleteProjectBody {
  readonly project: string;
}

export const deleteProject = bearerOperation<DeleteProjectBody>({
  name: 'projects.deleteProject',
  summary: 'Delete a project',
  description: [
    'Hands the deletion of a project with its apps, environments and deployments over to the control plane, which carries it out soon after the answer. Until then the project can still be read.',
    '',
    'A project that is protected from deletion is refused, and the default project cannot be deleted.',
  ].join('\n'),
  permissions: ['project.*.delete_project'],
  request: Joi.object({ project: projectReference() }),
  response: Joi.object({}),
  status: 202,
  errors: ['unkey:data:project_not_found', 'unkey:application:protected_resource'],
  examples: { request: { project: 'payments' }, response: {} },

  async handle({ principal, client, services, log }, body) {
    const { workspaceId } = principal;
    const project = await services.projects.findLatest(workspaceId, body.project);
    const permission = anyOf(
      tuple('project.*.delete_project'),
      tuple(`project.${project.id}.delete_project`),
      resource(workspaceId, `projects/${project.id}`, 'delete_project'),
    );
    authorize(principal, permission, log, { ids: [project.id], sent: [body.project] });
    await services.projects.remove({ principal, client }, project);
    return { data: {} };
  },
});
