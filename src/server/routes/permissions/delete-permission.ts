import Joi from 'joi';
import { anyOf, authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { permissionReference } from '../../schemas/access.ts';

export interface DeletePermissionBody {
  readonly permission: string;
}

export const deletePermission = bearerOperation<DeletePermissionBody>({
  name: 'permissions.deletePermission',
  summary: 'Delete a permission',
  description: [
    'Deletes a permission for good and takes it from every role and key that held it. Its slug can be used again, by a permission that nobody holds yet.',
    '',
    'Verification of a key that held it follows within seconds.',
  ].join('\n'),
  permissions: ['rbac.*.delete_permission'],
  request: Joi.object({ permission: permissionReference() }),
  response: Joi.object({}),
  errors: ['unkey:data:permission_not_found'],
  examples: { request: { permission: 'documents.read' }, response: {} },

  async handle({ principal, client, services, log }, { permission }) {
    authorize(principal, anyOf(tuple('rbac.*.delete_permission')), log);
    await services.permissions.remove({ principal, client }, permission);
    return { data: {} };
  },
});
