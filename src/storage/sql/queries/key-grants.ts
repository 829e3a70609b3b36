// Links between keys and their permissions and roles.

import { chunksOf } from '../../../lib/chunks.ts';
import type { Queryable } from '../database.ts';
import { deleteMatching } from '../delete-by-pk.ts';
import { insertOrKeep, MAX_LISTED } from '../dialect.ts';
import { type KeySelection, rowsOfKeys } from '../key-selection.ts';
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
export function listKeyRoles(q: Queryable, keys: KeySelection): Promise<KeyRoleRow[]> {
  const { from, where, params } = rowsOfKeys(q, keys, 'keys_roles kr', 'kr.key_id');
  return q.all<KeyRoleRow>(
    'listKeyRoles',
    `SELECT kr.key_id AS keyId, r.id AS id, r.name AS name, r.description AS description
       FROM ${from}
       JOIN roles r ON r.id = kr.role_id
      WHERE ${where}
      ORDER BY kr.key_id, r.name`,
    params,
  );
}

/** Permissions attached to these keys themselves, by slug. */
export function listKeyPermissions(q: Queryable, keys: KeySelection): Promise<KeyPermissionRow[]> {
  const { from, where, params } = rowsOfKeys(q, keys, 'keys_permissions kp', 'kp.key_id');
  return q.all<KeyPermissionRow>(
    'listKeyPermissions',
    `SELECT kp.key_id AS keyId, p.id AS id, p.name AS name, p.slug AS slug, p.description AS description
       FROM ${from}
       JOIN permissions p ON p.id = kp.permission_id
      WHERE ${where}
      ORDER BY kp.key_id, p.slug`,
    params,
  );
}

/** Permissions that these keys hold through roles, by slug; one row per role that holds it. */
export function listKeyRolePermissions(q: Queryable, keys: KeySelection): Promise<KeyPermissionRow[]> {
  const { from, where, params } = rowsOfKeys(q, keys, 'keys_roles kr', 'kr.key_id');
  return q.all<KeyPermissionRow>(
    'listKeyRolePermissions',
    `SELECT kr.key_id AS keyId, p.id AS id, p.name AS name, p.slug AS slug, p.description AS description
       FROM ${from}
       JOIN roles_permissions rp ON rp.role_id = kr.role_id
       JOIN permissions p ON p.id = rp.permission_id
      WHERE ${where}
      ORDER BY kr.key_id, p.slug`,
    params,
  );
}

/** Attaches permissions to a key; those already attached stay as they are. */
export async function insertKeyPermissions(
  q: Queryable,
  { permissionIds, ...of }: Links & { readonly permissionIds: readonly string[] },
): Promise<void> {
  await insertPermissionLinks(
    q,
    permissionIds.map((permissionId) => ({ ...of, permissionId })),
  );
}

/** Attaches permissions to keys; links that are there stay as they are. */
export async function insertPermissionLinks(
  q: Queryable,
  links: ReadonlyArray<Links & { readonly permissionId: string }>,
): Promise<void> {
  await insertOrKeep(
    q,
    'insertKeyPermissions',
    'keys_permissions',
    links.map((link) => ({
      key_id: link.keyId,
      permission_id: link.permissionId,
      workspace_id: link.workspaceId,
      created_at_m: link.createdAt,
    })),
    ['key_id', 'permission_id'],
  );
}

/** Attaches roles to a key; those already attached stay as they are. */
export async function insertKeyRoles(
  q: Queryable,
  { roleIds, ...of }: Links & { readonly roleIds: readonly string[] },
): Promise<void> {
  await insertRoleLinks(
    q,
    roleIds.map((roleId) => ({ ...of, roleId })),
  );
}

/** Attaches roles to keys; links that are there stay as they are. */
export async function insertRoleLinks(
  q: Queryable,
  links: ReadonlyArray<Links & { readonly roleId: string }>,
): Promise<void> {
  await insertOrKeep(
    q,
    'insertKeyRoles',
    'keys_roles',
    links.map((link) => ({
      key_id: link.keyId,
      role_id: link.roleId,
      workspace_id: link.workspaceId,
      created_at_m: link.createdAt,
    })),
    ['key_id', 'role_id'],
  );
}

/** A permission attached to a key; `name` and `slug` are null when it exists no more. */
export interface AttachedPermissionRow {
  readonly id: string;
  readonly name: string | null;
  readonly slug: string | null;
}

/** A role attached to a key; `name` is null when it exists no more. */
export interface AttachedRoleRow {
  readonly id: string;
  readonly name: string | null;
}

/** Every permission attached to a key itself, also those whose row is gone. */
export function listAttachedPermissions(q: Queryable, keyId: string): Promise<AttachedPermissionRow[]> {
  return q.all<AttachedPermissionRow>(
    'listAttachedPermissions',
    `SELECT kp.permission_id AS id, p.name AS name, p.slug AS slug
       FROM keys_permissions kp
       LEFT JOIN permissions p ON p.id = kp.permission_id
      WHERE kp.key_id = :keyId
      ORDER BY kp.permission_id`,
    { keyId },
  );
}

/** Every role attached to a key, also those whose row is gone. */
export function listAttachedRoles(q: Queryable, keyId: string): Promise<AttachedRoleRow[]> {
  return q.all<AttachedRoleRow>(
    'listAttachedRoles',
    `SELECT kr.role_id AS id, r.name AS name
       FROM keys_roles kr
       LEFT JOIN roles r ON r.id = kr.role_id
      WHERE kr.key_id = :keyId
      ORDER BY kr.role_id`,
    { keyId },
  );
}

/** Detaches permissions from a key; those not attached are passed over. */
export async function deleteKeyPermissions(
  q: Queryable,
  keyId: string,
  permissionIds: readonly string[],
): Promise<void> {
  for (const ids of chunksOf(permissionIds, MAX_LISTED)) {
    await q.run(
      'deleteKeyPermissions',
      'DELETE FROM keys_permissions WHERE key_id = :keyId AND permission_id IN (:ids)',
      { keyId, ids },
    );
  }
}

/** Detaches roles from a key; those not attached are passed over. */
export async function deleteKeyRoles(q: Queryable, keyId: string, roleIds: readonly string[]): Promise<void> {
  for (const ids of chunksOf(roleIds, MAX_LISTED)) {
    await q.run('deleteKeyRoles', 'DELETE FROM keys_roles WHERE key_id = :keyId AND role_id IN (:ids)', {
      keyId,
      ids,
    });
  }
}

/** Takes a permission from every key that holds it directly. No index leads from a permission to its keys. */
export async function deletePermissionFromKeys(q: Queryable, permissionId: string): Promise<void> {
  await deleteMatching(q, 'deletePermissionFromKeys', 'keys_permissions', 'permission_id = :permissionId', {
    permissionId,
  });
}

/** Takes a role from every key that has it. */
export async function deleteRoleFromKeys(q: Queryable, roleId: string): Promise<void> {
  await deleteMatching(q, 'deleteRoleFromKeys', 'keys_roles', 'role_id = :roleId', { roleId });
}
