import Joi from 'joi';
import { permissionView } from '../../../services/permissions/permission-view.ts';
import { anyOf, authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { PERMISSION_EXAMPLE, permissionData } from '../../schemas/access.ts';
import {
  type PageBody,
  pageCursor,
  pageLimit,
  pageRequest,
  pageSearch,
  paginationOf,
} from '../../schemas/paging.ts';

export const listPermissions = bearerOperation<PageBody>({
  name: 'permissions.listPermissions',
  summary: 'List the permissions of the workspace',
  description: [
    'Lists the permissions of the workspace page by page, in order of their ids.',
    '',
    'To read on, send `pagination.cursor` of the answer as `cursor`. There is no further page when it is absent.',
  ].join('\n'),
  permissions: ['rbac.*.read_permission'],
  request: Joi.object({
    limit: pageLimit(),
    cursor: pageCursor().max(1024).example('perm_6Rt2wKx9B'),
    search: pageSearch('id, name, slug or description').example('documents'),
  }),
  response: Joi.array().items(permissionData()),
  paginated: true,
  errors: [],
  examples: { request: { limit: 50, search: 'documents' }, response: [PERMISSION_EXAMPLE] },

  async handle({ principal, services, log }, body) {
    authorize(principal, anyOf(tuple('rbac.*.read_permission')), log);
    const { items, nextCursor } = await services.permissions.list(principal.workspaceId, pageRequest(body));
    return { data: items.map(permissionView), pagination: paginationOf(nextCursor) };
  },
});
