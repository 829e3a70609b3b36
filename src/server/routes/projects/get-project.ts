import Joi from 'joi';
import { projectNotFound } from '../../../services/projects/project-faults.ts';
import { projectView } from '../../../services/projects/project-view.ts';
import { anyOf, isAuthorized, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { PROJECT_EXAMPLE, projectData } from '../../schemas/project-data.ts';
import { projectReference } from '../../schemas/resources.ts';

export interface GetProjectBody {
  readonly project: string;
}

export const getProject = bearerOperation<GetProjectBody>({
  name: 'projects.getProject',
  summary: 'Get a project',
  description:
    'Reads a project by its id or slug. A caller without permission for it gets the same answer as for one that does not exist. The default project cannot be read.',
  permissions: ['project.*.read_project'],
  request: Joi.object({ project: projectReference() }),
  response: projectData(),
  errors: ['unkey:data:project_not_found'],
  examples: { request: { project: 'payments' }, response: PROJECT_EXAMPLE },

  async handle({ principal, services, log }, body) {
    const project = await services.projects.find(principal.workspaceId, body.project);
    const permission = anyOf(tuple('project.*.read_project'), tuple(`project.${project.id}.read_project`));
    if (!isAuthorized(principal, permission, log)) throw projectNotFound();
    return { data: projectView(project) };
  },
});
