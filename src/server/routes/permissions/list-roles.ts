import Joi from 'joi';
import { roleView } from '../../../services/permissions/permission-view.ts';
import { anyOf, authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { ROLE_EXAMPLE, roleData } from '../../schemas/access.ts';
import {
  type PageBody,
  pageCursor,
  pageLimit,
  pageRequest,
  pageSearch,
  paginationOf,
} from '../../schemas/paging.ts';

export const listRoles = bearerOperation<PageBody>({
  name: 'permissions.listRoles',
  summary: 'List the roles of the workspace',
  description: [
    'Lists the roles of the workspace with the permissions that they hold, page by page, in order of their ids.',
    '',
    'To read on, send `pagination.cursor` of the answer as `cursor`. There is no further page when it is absent.',
  ].join('\n'),
  permissions: ['rbac.*.read_role'],
  request: Joi.object({
    limit: pageLimit(),
    cursor: pageCursor().max(1024).example('role_8Hq3nVz5C'),
    search: pageSearch('id, name or description').example('editor'),
  }),
  response: Joi.array().items(roleData()),
  paginated: true,
  errors: [],
  examples: { request: { limit: 50, search: 'editor' }, response: [ROLE_EXAMPLE] },

  async handle({ principal, services, log }, body) {
    authorize(principal, anyOf(tuple('rbac.*.read_role')), log);
    const { items, nextCursor } = await services.roles.list(principal.workspaceId, pageRequest(body));
    return {
      data: items.map((role) => roleView(role, role.permissions)),
      pagination: paginationOf(nextCursor),
    };
  },
});
