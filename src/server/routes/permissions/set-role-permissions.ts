import Joi from 'joi';
import { permissionView } from '../../../services/permissions/permission-view.ts';
import { allOf, anyOf, authorize, resource, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { PERMISSION_EXAMPLE, permissionData, rolePermissionSlugs } from '../../schemas/access.ts';

export interface SetRolePermissionsBody {
  readonly roleId: string;
  readonly permissions: readonly string[];
}

export const setRolePermissions = bearerOperation<SetRolePermissionsBody>({
  name: 'permissions.setRolePermissions',
  summary: 'Replace the permissions of a role',
  description: [
    'Makes the permissions of a role exactly the given ones: others are taken away, missing ones are added; an empty list takes all away. Of parallel calls the last one wins as a whole.',
    '',
    'Always asks for the permissions to add permissions to roles and to remove them, and where a slug does not exist yet, for the permission to create permissions.',
    '',
    'Verification of keys with the role follows within seconds.',
  ].join('\n'),
  permissions: [
    'rbac.*.add_permission_to_role',
    'rbac.*.remove_permission_from_role',
    'rbac.*.create_permission',
  ],
  request: Joi.object({
    roleId: Joi.string()
      .min(3)
      .max(255)
      .pattern(/^[a-zA-Z0-9_-]+$/)
      .required()
      .description('Id of the role; its name is not taken.')
      .example('role_8Hq3nVz5C'),
    permissions: rolePermissionSlugs().required(),
  }),
  response: Joi.array().items(permissionData()).description('All permissions of the role.'),
  errors: ['unkey:data:role_not_found'],
  examples: {
    request: { roleId: 'role_8Hq3nVz5C', permissions: ['documents.read'] },
    response: [PERMISSION_EXAMPLE],
  },

  async handle({ principal, client, services, log }, { roleId, permissions }) {
    authorize(
      principal,
      allOf(tuple('rbac.*.add_permission_to_role'), tuple('rbac.*.remove_permission_from_role')),
      log,
    );
    const beforeCreatingPermissions = (): void =>
      authorize(
        principal,
        anyOf(
          tuple('rbac.*.create_permission'),
          resource(principal.workspaceId, 'rbac/permissions/*', 'create_permission'),
        ),
        log,
      );
    const held = await services.roles.setPermissions(
      { principal, client },
      { roleId, permissions, beforeCreatingPermissions },
    );
    return { data: held.map(permissionView) };
  },
});
