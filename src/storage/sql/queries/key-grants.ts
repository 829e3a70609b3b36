// Links between keys and their permissions and roles.

import type { Queryable } from '../database.ts';
import { insertOrKeep } from '../dialect.ts';
import type { PermissionRow } from './permissions.ts';
import type { RoleRow } from './roles.ts';

export interface KeyPermissionRow extends PermissionRow {
  readonly keyId: string;
}

export interface KeyRoleRow extends RoleRow {
  readonly keyId: string;
}

interface Links {
  readonly keyId: string;
  readonly workspaceId: string;
  readonly createdAt: number;
}

/** Roles of these keys, by name. */
export function listKeyRoles(q: Queryable, keyIds: readonly string[]): Promise<KeyRoleRow[]> {
  return q.all<KeyRoleRow>(
    'listKeyRoles',
    `SELECT kr.key_id AS keyId, r.id AS id, r.name AS name, r.description AS description
       FROM keys_roles kr
       JOIN roles r ON r.id = kr.role_id
      WHERE kr.key_id IN (:keyIds)
      ORDER BY kr.key_id, r.name`,
    { keyIds },
  );
}

/** Permissions attached to these keys themselves, by slug. */
export function listKeyPermissions(q: Queryable, keyIds: readonly string[]): Promise<KeyPermissionRow[]> {
  return q.all<KeyPermissionRow>(
    'listKeyPermissions',
    `SELECT kp.key_id AS keyId, p.id AS id, p.name AS name, p.slug AS slug, p.description AS description
       FROM keys_permissions kp
       JOIN permissions p ON p.id = kp.permission_id
      WHERE kp.key_id IN (:keyIds)
      ORDER BY kp.key_id, p.slug`,
    { keyIds },
  );
}

/** Permissions that these keys hold through roles, by slug; one row per role that holds it. */
export function listKeyRolePermissions(q: Queryable, keyIds: readonly string[]): Promise<KeyPermissionRow[]> {
  return q.all<KeyPermissionRow>(
    'listKeyRolePermissions',
    `SELECT kr.key_id AS keyId, p.id AS id, p.name AS name, p.slug AS slug, p.description AS description
       FROM keys_roles kr
       JOIN roles_permissions rp ON rp.role_id = kr.role_id
       JOIN permissions p ON p.id = rp.permission_id
      WHERE kr.key_id IN (:keyIds)
      ORDER BY kr.key_id, p.slug`,
    { keyIds },
  );
}

/** Attaches permissions to a key; those already attached stay as they are. */
export async function insertKeyPermissions(
  q: Queryable,
  { keyId, workspaceId, createdAt, permissionIds }: Links & { readonly permissionIds: readonly string[] },
): Promise<void> {
  await insertOrKeep(
    q,
    'insertKeyPermissions',
    'keys_permissions',
    permissionIds.map((permissionId) => ({
      key_id: keyId,
      permission_id: permissionId,
      workspace_id: workspaceId,
      created_at_m: createdAt,
    })),
    ['key_id', 'permission_id'],
  );
}

/** Attaches roles to a key; those already attached stay as they are. */
export async function insertKeyRoles(
  q: Queryable,
  { keyId, workspaceId, createdAt, roleIds }: Links & { readonly roleIds: readonly string[] },
): Promise<void> {
  await insertOrKeep(
    q,
    'insertKeyRoles',
    'keys_roles',
    roleIds.map((roleId) => ({
      key_id: keyId,
      role_id: roleId,
      workspace_id: workspaceId,
      created_at_m: createdAt,
    })),
    ['key_id', 'role_id'],
  );
}

/** Ids of the permissions attached to a key, whether or not their rows exist. */
export async function listAttachedPermissionIds(q: Queryable, keyId: string): Promise<string[]> {
  const rows = await q.all<{ id: string }>(
    'listAttachedPermissionIds',
    'SELECT permission_id AS id FROM keys_permissions WHERE key_id = :keyId ORDER BY permission_id',
    { keyId },
  );
  return rows.map((row) => row.id);
}

/** Ids of the roles attached to a key, whether or not their rows exist. */
export async function listAttachedRoleIds(q: Queryable, keyId: string): Promise<string[]> {
  const rows = await q.all<{ id: string }>(
    'listAttachedRoleIds',
    'SELECT role_id AS id FROM keys_roles WHERE key_id = :keyId ORDER BY role_id',
    { keyId },
  );
  return rows.map((row) => row.id);
}

export async function deleteKeyPermissions(
  q: Queryable,
  keyId: string,
  permissionIds: readonly string[],
): Promise<void> {
  if (permissionIds.length === 0) return;
  await q.run(
    'deleteKeyPermissions',
    'DELETE FROM keys_permissions WHERE key_id = :keyId AND permission_id IN (:permissionIds)',
    { keyId, permissionIds },
  );
}

export async function deleteKeyRoles(q: Queryable, keyId: string, roleIds: readonly string[]): Promise<void> {
  if (roleIds.length === 0) return;
  await q.run('deleteKeyRoles', 'DELETE FROM keys_roles WHERE key_id = :keyId AND role_id IN (:roleIds)', {
    keyId,
    roleIds,
  });
}
