import Joi from 'joi';
import { appView } from '../../../services/apps/app-view.ts';
import { projectNotFound } from '../../../services/projects/project-faults.ts';
import { anyOf, isAuthorized, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { APP_EXAMPLE, appData } from '../../schemas/app-data.ts';
import {
  type PageBody,
  pageCursor,
  pageLimit,
  pageRequest,
  pageSearch,
  paginationOf,
} from '../../schemas/paging.ts';
import { projectReference } from '../../schemas/resources.ts';

export interface ListAppsBody extends PageBody {
  readonly project: string;
}

export const listApps = bearerOperation<ListAppsBody>({
  name: 'apps.listApps',
  summary: 'List the apps of a project',
  description: [
    'Lists the apps of a project page by page, in order of their ids. A caller without permission gets the same answer as for a project that does not exist.',
    '',
    'To read on, send `pagination.cursor` of the answer as `cursor`. There is no further page when it is absent.',
  ].join('\n'),
  permissions: ['app.*.read_app'],
  request: Joi.object({
    project: projectReference(),
    limit: pageLimit(),
    cursor: pageCursor().example('app_5Wn2cRv7D'),
    search: pageSearch('id, name or slug').example('api'),
  }),
  response: Joi.array().items(appData()),
  paginated: true,
  errors: ['unkey:data:project_not_found'],
  examples: { request: { project: 'payments', limit: 50 }, response: [APP_EXAMPLE] },

  async handle({ principal, services, log }, body) {
    const { workspaceId } = principal;
    const project = await services.apps.project(workspaceId, body.project);
    if (!isAuthorized(principal, anyOf(tuple('app.*.read_app')), log)) throw projectNotFound();
    const { items, nextCursor } = await services.apps.list(workspaceId, project, pageRequest(body));
    return { data: items.map(appView), pagination: paginationOf(nextCursor) };
  },
});
