import type { Queryable } from '../database.ts';
import { forUpdate, insertOrKeep } from '../dialect.ts';

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

function readPermissionsBySlugs(
  q: Queryable,
  operation: string,
  workspaceId: string,
  slugs: readonly string[],
  lock: string,
): Promise<PermissionRow[]> {
  return q.all<PermissionRow>(
    operation,
    `SELECT id, name, slug, description FROM permissions
      WHERE workspace_id = :workspaceId AND slug IN (:slugs)
      ORDER BY slug${lock}`,
    { workspaceId, slugs },
  );
}

/** Inserts the permissions whose slug is still free in the workspace. Read them again to learn which. */
export async function insertPermissionsOrKeep(
  q: Queryable,
  permissions: ReadonlyArray<
    PermissionRow & { readonly workspaceId: string; readonly projectId: string; readonly createdAt: number }
  >,
): Promise<void> {
  await insertOrKeep(
    q,
    'insertPermissionsOrKeep',
    'permissions',
    permissions.map((permission) => ({
      id: permission.id,
      workspace_id: permission.workspaceId,
      project_id: permission.projectId,
      name: permission.name,
      slug: permission.slug,
      description: permission.description,
      created_at_m: permission.createdAt,
    })),
    ['workspace_id', 'slug'],
  );
}
