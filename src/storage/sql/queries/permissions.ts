import { chunksOf } from '../../../lib/chunks.ts';
import type { Queryable } from '../database.ts';
import { forShare, forUpdate, insertOrKeep, insertRows, MAX_LISTED } from '../dialect.ts';
import { type IdPage, idPageClause } from '../id-page.ts';

export interface PermissionRow {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly description: string | null;
}

/** The workspace's permissions with these slugs; the column ignores letter case. */
export function findPermissionsBySlugs(
  q: Queryable,
  workspaceId: string,
  slugs: readonly string[],
): Promise<PermissionRow[]> {
  return readPermissionsBySlugs(q, 'findPermissionsBySlugs', workspaceId, slugs, '');
}

/** The same with a locking read, which sees the latest commit. */
export function lockPermissionsBySlugs(
  q: Queryable,
  workspaceId: string,
  slugs: readonly string[],
): Promise<PermissionRow[]> {
  return readPermissionsBySlugs(q, 'lockPermissionsBySlugs', workspaceId, slugs, forUpdate(q));
}

/** The same with a read that lets nobody delete or change them until the transaction ends, and others do the same. */
export function holdPermissionsBySlugs(
  q: Queryable,
  workspaceId: string,
  slugs: readonly string[],
): Promise<PermissionRow[]> {
  return readPermissionsBySlugs(q, 'holdPermissionsBySlugs', workspaceId, slugs, forShare(q));
}

async function readPermissionsBySlugs(
  q: Queryable,
  operation: string,
  workspaceId: string,
  slugs: readonly string[],
  lock: string,
): Promise<PermissionRow[]> {
  const rows: PermissionRow[] = [];
  for (const listed of chunksOf(slugs, MAX_LISTED)) {
    const found = await q.all<PermissionRow>(
      operation,
      `SELECT id, name, slug, description FROM permissions
        WHERE workspace_id = :workspaceId AND slug IN (:listed)
        ORDER BY slug${lock}`,
      { workspaceId, listed },
    );
    rows.push(...found);
  }
  return rows;
}

export interface NewPermission extends PermissionRow {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly createdAt: number;
}

/** Throws a DuplicateKeyError when the workspace has a permission with this slug in any letter case. */
export async function insertPermission(q: Queryable, permission: NewPermission): Promise<void> {
  await insertRows(q, 'insertPermission', 'permissions', [permissionColumns(permission)]);
}

/** Inserts the permissions whose slug is still free in the workspace. Read them again to learn which. */
export async function insertPermissionsOrKeep(
  q: Queryable,
  permissions: readonly NewPermission[],
): Promise<void> {
  await insertOrKeep(q, 'insertPermissionsOrKeep', 'permissions', permissions.map(permissionColumns), [
    'workspace_id',
    'slug',
  ]);
}

function permissionColumns(permission: NewPermission) {
  return {
    id: permission.id,
    workspace_id: permission.workspaceId,
    project_id: permission.projectId,
    name: permission.name,
    slug: permission.slug,
    description: permission.description,
    created_at_m: permission.createdAt,
  };
}

/**
 * The workspace's permission with this id, or else the one with this slug in any letter case. Two statements in one, so
 * that each finds its index.
 */
export async function findPermission(
  q: Queryable,
  workspaceId: string,
  reference: string,
): Promise<PermissionRow | undefined> {
  const rows = await q.all<PermissionRow>(
    'findPermission',
    `SELECT id, name, slug, description FROM permissions
      WHERE workspace_id = :workspaceId AND id = :reference
     UNION ALL
     SELECT id, name, slug, description FROM permissions
      WHERE workspace_id = :workspaceId AND slug = :reference`,
    { workspaceId, reference },
  );
  return rows.find(({ id }) => id === reference) ?? rows[0];
}

/** The workspace's permissions by id, from `cursor` on when given, and only those that contain `search`. */
export function listPermissions(q: Queryable, workspaceId: string, page: IdPage): Promise<PermissionRow[]> {
  const { clause, params } = idPageClause(q, { column: 'workspace_id', parameter: 'workspaceId' }, page, [
    'id',
    'name',
    'slug',
    'description',
  ]);
  return q.all<PermissionRow>(
    'listPermissions',
    `SELECT id, name, slug, description FROM permissions WHERE ${clause}`,
    { ...params, workspaceId },
  );
}

/** Deletes the row alone; its links are the caller's to delete. */
export async function deletePermission(q: Queryable, permissionId: string): Promise<void> {
  await q.run('deletePermission', 'DELETE FROM permissions WHERE id = :permissionId', { permissionId });
}
