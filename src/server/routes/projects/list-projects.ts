import Joi from 'joi';
import { projectView } from '../../../services/projects/project-view.ts';
import { anyOf, authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import {
  type PageBody,
  pageCursor,
  pageLimit,
  pageRequest,
  pageSearch,
  paginationOf,
} from '../../schemas/paging.ts';
import { PROJECT_EXAMPLE, projectData } from '../../schemas/project-data.ts';

export const listProjects = bearerOperation<PageBody>({
  name: 'projects.listProjects',
  summary: 'List the projects of the workspace',
  description: [
    'Lists the projects of the workspace page by page, in order of their ids. The default project is not among them.',
    '',
    'To read on, send `pagination.cursor` of the answer as `cursor`. There is no further page when it is absent.',
  ].join('\n'),
  permissions: ['project.*.read_project'],
  request: Joi.object({
    limit: pageLimit(),
    cursor: pageCursor().example('proj_3kTq8Zw1B'),
    search: pageSearch('id, name or slug').example('pay'),
  }),
  response: Joi.array().items(projectData()),
  paginated: true,
  errors: [],
  examples: { request: { limit: 50, search: 'pay' }, response: [PROJECT_EXAMPLE] },

  async handle({ principal, services, log }, body) {
    authorize(principal, anyOf(tuple('project.*.read_project')), log);
    const { items, nextCursor } = await services.projects.list(principal.workspaceId, pageRequest(body));
    return { data: items.map(projectView), pagination: paginationOf(nextCursor) };
  },
});
