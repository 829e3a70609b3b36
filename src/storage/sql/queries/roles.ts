import { chunksOf } from '../../../lib/chunks.ts';
import type { Queryable } from '../database.ts';
import { forShare, forUpdate, insertOrKeep, insertRows, MAX_LISTED, type RowValues } from '../dialect.ts';
import { type IdPage, idPageClause } from '../id-page.ts';
import type { PermissionRow } from './permissions.ts';

export interface RoleRow {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
}

export interface RolePermissionRow extends PermissionRow {
  readonly roleId: string;
}

/** The workspace's roles with these names; the column ignores letter case. */
export function findRolesByNames(
  q: Queryable,
  workspaceId: string,
  names: readonly string[],
): Promise<RoleRow[]> {
  return readRolesByNames(q, 'findRolesByNames', workspaceId, names, '');
}

/** The same with a locking read, which sees the latest commit. */
export function lockRolesByNames(
  q: Queryable,
  workspaceId: string,
  names: readonly string[],
): Promise<RoleRow[]> {
  return readRolesByNames(q, 'lockRolesByNames', workspaceId, names, forUpdate(q));
}

async function readRolesByNames(
  q: Queryable,
  operation: string,
  workspaceId: string,
  names: readonly string[],
  lock: string,
): Promise<RoleRow[]> {
  const rows: RoleRow[] = [];
  for (const listed of chunksOf(names, MAX_LISTED)) {
    const found = await q.all<RoleRow>(
      operation,
      `SELECT id, name, description FROM roles
        WHERE workspace_id = :workspaceId AND name IN (:listed)
        ORDER BY name${lock}`,
      { workspaceId, listed },
    );
    rows.push(...found);
  }
  return rows;
}

/** Permissions of these roles, by slug. */
export function listRolePermissions(q: Queryable, roleIds: readonly string[]): Promise<RolePermissionRow[]> {
  return q.all<RolePermissionRow>(
    'listRolePermissions',
    `SELECT rp.role_id AS roleId, p.id AS id, p.name AS name, p.slug AS slug, p.description AS description
       FROM roles_permissions rp
       JOIN permissions p ON p.id = rp.permission_id
      WHERE rp.role_id IN (:roleIds)
      ORDER BY rp.role_id, p.slug`,
    { roleIds },
  );
}

export interface NewRole extends RoleRow {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly createdAt: number;
}

/** Throws a DuplicateKeyError when the workspace has a role with this name in any letter case. */
export async function insertRole(q: Queryable, role: NewRole): Promise<void> {
  await insertRows(q, 'insertRole', 'roles', [newRow(role)]);
}

/** Inserts the roles whose name is still free in the workspace. Read them again to learn which. */
export async function insertRolesOrKeep(q: Queryable, roles: readonly NewRole[]): Promise<void> {
  await insertOrKeep(q, 'insertRolesOrKeep', 'roles', roles.map(newRow), ['name', 'workspace_id']);
}

function newRow(role: NewRole): RowValues {
  return {
    id: role.id,
    workspace_id: role.workspaceId,
    project_id: role.projectId,
    name: role.name,
    description: role.description,
    created_at_m: role.createdAt,
  };
}

/**
 * The workspace's role with this id, or else the one with this name in any letter case. Two statements in one, so that
 * each finds its index.
 */
export async function findRole(
  q: Queryable,
  workspaceId: string,
  reference: string,
): Promise<RoleRow | undefined> {
  const rows = await q.all<RoleRow>(
    'findRole',
    `SELECT id, name, description FROM roles
      WHERE workspace_id = :workspaceId AND id = :reference
     UNION ALL
     SELECT id, name, description FROM roles
      WHERE workspace_id = :workspaceId AND name = :reference`,
    { workspaceId, reference },
  );
  return rows.find(({ id }) => id === reference) ?? rows[0];
}

/** The workspace's role with this id, locked, so that nobody changes what it holds meanwhile. */
export async function lockRole(
  q: Queryable,
  workspaceId: string,
  roleId: string,
): Promise<RoleRow | undefined> {
  const rows = await q.all<RoleRow>(
    'lockRole',
    `SELECT id, name, description FROM roles
      WHERE id = :roleId AND workspace_id = :workspaceId${forUpdate(q)}`,
    { workspaceId, roleId },
  );
  return rows[0];
}

/**
 * The workspace's roles with these ids, read so that nobody deletes or changes them until the transaction ends; others may
 * do the same.
 */
export async function holdRoles(
  q: Queryable,
  workspaceId: string,
  roleIds: readonly string[],
): Promise<RoleRow[]> {
  const rows: RoleRow[] = [];
  for (const listed of chunksOf(roleIds, MAX_LISTED)) {
    const held = await q.all<RoleRow>(
      'holdRoles',
      `SELECT id, name, description FROM roles
        WHERE id IN (:listed) AND workspace_id = :workspaceId
        ORDER BY id${forShare(q)}`,
      { workspaceId, listed },
    );
    rows.push(...held);
  }
  return rows;
}

/** The workspace's roles by id, from `cursor` on when given, and only those that contain `search`. */
export function listRoles(q: Queryable, workspaceId: string, page: IdPage): Promise<RoleRow[]> {
  const { clause, params } = idPageClause(q, { column: 'workspace_id', parameter: 'workspaceId' }, page, [
    'id',
    'name',
    'description',
  ]);
  return q.all<RoleRow>('listRoles', `SELECT id, name, description FROM roles WHERE ${clause}`, {
    ...params,
    workspaceId,
  });
}

/** Deletes the row alone; its links are the caller's to delete. */
export async function deleteRole(q: Queryable, roleId: string): Promise<void> {
  await q.run('deleteRole', 'DELETE FROM roles WHERE id = :roleId', { roleId });
}
