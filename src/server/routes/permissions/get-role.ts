import Joi from 'joi';
import { roleView } from '../../../services/permissions/permission-view.ts';
import { anyOf, authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { ROLE_EXAMPLE, roleData, roleReference } from '../../schemas/access.ts';

export interface GetRoleBody {
  readonly role: string;
}

export const getRole = bearerOperation<GetRoleBody>({
  name: 'permissions.getRole',
  summary: 'Get a role',
  description:
    'Reads a role and the permissions that it holds, by its id or name. A caller without permission is told so whether or not it exists.',
  permissions: ['rbac.*.read_role'],
  request: Joi.object({ role: roleReference() }),
  response: roleData(),
  errors: ['unkey:data:role_not_found'],
  examples: { request: { role: 'editor' }, response: ROLE_EXAMPLE },

  async handle({ principal, services, log }, body) {
    authorize(principal, anyOf(tuple('rbac.*.read_role')), log);
    const role = await services.roles.find(principal.workspaceId, body.role);
    return { data: roleView(role, role.permissions) };
  },
});
