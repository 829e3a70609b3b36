import Joi from 'joi';
import { permissionView } from '../../../services/permissions/permission-view.ts';
import { anyOf, authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { PERMISSION_EXAMPLE, permissionData, permissionReference } from '../../schemas/access.ts';

export interface GetPermissionBody {
  readonly permission: string;
}

export const getPermission = bearerOperation<GetPermissionBody>({
  name: 'permissions.getPermission',
  summary: 'Get a permission',
  description:
    'Reads a permission by its id or slug. A caller without permission is told so whether or not it exists.',
  permissions: ['rbac.*.read_permission'],
  request: Joi.object({ permission: permissionReference() }),
  response: permissionData(),
  errors: ['unkey:data:permission_not_found'],
  examples: { request: { permission: 'documents.read' }, response: PERMISSION_EXAMPLE },

  async handle({ principal, services, log }, { permission }) {
    authorize(principal, anyOf(tuple('rbac.*.read_permission')), log);
    return { data: permissionView(await services.permissions.find(principal.workspaceId, permission)) };
  },
});
