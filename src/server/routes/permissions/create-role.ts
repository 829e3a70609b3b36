import Joi from 'joi';
import { anyOf, authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { description, rolePermissionSlugs } from '../../schemas/access.ts';

export interface CreateRoleBody {
  readonly name: string;
  readonly description?: string;
  readonly permissions?: readonly string[];
}

export const createRole = bearerOperation<CreateRoleBody>({
  name: 'permissions.createRole',
  summary: 'Create a role',
  description: [
    'Creates a role: a set of permissions under one name, to be given to keys together. The name is unique in the workspace, whatever its letter case.',
    '',
    'Giving it permissions at once asks for the permission to add permissions to roles, and where one of them does not exist yet, for the permission to create permissions.',
  ].join('\n'),
  permissions: ['rbac.*.create_role', 'rbac.*.add_permission_to_role', 'rbac.*.create_permission'],
  request: Joi.object({
    name: Joi.string().min(1).max(128).required().description('Any characters.').example('editor'),
    description: description('role').example('Writes and publishes'),
    permissions: rolePermissionSlugs(),
  }),
  response: Joi.object({
    roleId: Joi.string().required().description('Id for later calls.').example('role_8Hq3nVz5C'),
  }),
  errors: ['unkey:data:role_already_exists'],
  examples: {
    request: {
      name: 'editor',
      description: 'Writes and publishes',
      permissions: ['documents.read', 'documents.write'],
    },
    response: { roleId: 'role_8Hq3nVz5C' },
  },

  async handle({ principal, client, services, log }, { name, description, permissions = [] }) {
    const ask = (permission: string): void => authorize(principal, anyOf(tuple(permission)), log);
    ask('rbac.*.create_role');
    if (permissions.length > 0) ask('rbac.*.add_permission_to_role');
    const roleId = await services.roles.create(
      { principal, client },
      {
        name,
        description,
        permissions,
        beforeCreatingPermissions: () => ask('rbac.*.create_permission'),
      },
    );
    return { data: { roleId } };
  },
});
