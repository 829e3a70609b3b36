import Joi from 'joi';
import { anyOf, authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { roleReference } from '../../schemas/access.ts';

export interface DeleteRoleBody {
  readonly role: string;
}

export const deleteRole = bearerOperation<DeleteRoleBody>({
  name: 'permissions.deleteRole',
  summary: 'Delete a role',
  description: [
    'Deletes a role for good and takes it from every key that had it. The permissions that it held stay; its name can be used again.',
    '',
    'Verification of a key that had it follows within seconds.',
  ].join('\n'),
  permissions: ['rbac.*.delete_role'],
  request: Joi.object({ role: roleReference() }),
  response: Joi.object({}),
  errors: ['unkey:data:role_not_found'],
  examples: { request: { role: 'editor' }, response: {} },

  async handle({ principal, client, services, log }, { role }) {
    authorize(principal, anyOf(tuple('rbac.*.delete_role')), log);
    await services.roles.remove({ principal, client }, role);
    return { data: {} };
  },
});
