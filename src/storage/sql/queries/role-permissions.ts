// Links between roles and permissions. Who adds one holds the locks on the rows of both.

import type { Queryable } from '../database.ts';
import { deleteByPk, deleteMatching } from '../delete-by-pk.ts';
import { insertRows } from '../dialect.ts';

/** A permission that a role holds; `name` and `slug` are null when it exists no more. */
export interface HeldPermissionRow {
  /** Of the link. */
  readonly pk: number | string;
  readonly id: string;
  readonly name: string | null;
  readonly slug: string | null;
}

/** Every permission that the role holds, by slug, also those whose row is gone. */
export function listHeldPermissions(q: Queryable, roleId: string): Promise<HeldPermissionRow[]> {
  return q.all<HeldPermissionRow>(
    'listHeldPermissions',
    `SELECT rp.pk AS pk, rp.permission_id AS id, p.name AS name, p.slug AS slug
       FROM roles_permissions rp
       LEFT JOIN permissions p ON p.id = rp.permission_id
      WHERE rp.role_id = :roleId
      ORDER BY p.slug, rp.permission_id`,
    { roleId },
  );
}

/** Gives permissions to a role. Throws a DuplicateKeyError when it holds one of them. */
export async function insertRolePermissions(
  q: Queryable,
  links: {
    readonly roleId: string;
    readonly workspaceId: string;
    readonly permissionIds: readonly string[];
    readonly createdAt: number;
  },
): Promise<void> {
  await insertRows(
    q,
    'insertRolePermissions',
    'roles_permissions',
    links.permissionIds.map((permissionId) => ({
      role_id: links.roleId,
      permission_id: permissionId,
      workspace_id: links.workspaceId,
      created_at_m: links.createdAt,
    })),
  );
}

/** Takes permissions from the role that holds them. */
export async function deleteHeldPermissions(q: Queryable, held: readonly HeldPermissionRow[]): Promise<void> {
  await deleteByPk(
    q,
    'deleteHeldPermissions',
    'roles_permissions',
    held.map(({ pk }) => pk),
  );
}

/** Takes all its permissions from a role, whose row the caller has locked. */
export async function deletePermissionsOfRole(q: Queryable, roleId: string): Promise<void> {
  await deleteMatching(q, 'deletePermissionsOfRole', 'roles_permissions', 'role_id = :roleId', { roleId });
}

/** Takes a permission, whose row the caller has locked, from every role. */
export async function deletePermissionFromRoles(q: Queryable, permissionId: string): Promise<void> {
  await deleteMatching(q, 'deletePermissionFromRoles', 'roles_permissions', 'permission_id = :permissionId', {
    permissionId,
  });
}
