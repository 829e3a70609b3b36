import type { Queryable } from '../database.ts';
import { byteEqual, forUpdate, insertRows } from '../dialect.ts';

/** Id of the workspace's project with exactly this slug, or undefined. */
export function findProjectBySlug(
  q: Queryable,
  workspaceId: string,
  slug: string,
): Promise<string | undefined> {
  return readProjectBySlug(q, 'findProjectBySlug', workspaceId, slug, '');
}

/** The same with a locking read, which sees the latest commit. */
export function lockProjectBySlug(
  q: Queryable,
  workspaceId: string,
  slug: string,
): Promise<string | undefined> {
  return readProjectBySlug(q, 'lockProjectBySlug', workspaceId, slug, forUpdate(q));
}

async function readProjectBySlug(
  q: Queryable,
  operation: string,
  workspaceId: string,
  slug: string,
  lock: string,
): Promise<string | undefined> {
  const rows = await q.all<{ id: string }>(
    operation,
    `SELECT id FROM projects WHERE workspace_id = :workspaceId AND ${byteEqual(q, 'slug', 'slug')}${lock}`,
    { workspaceId, slug },
  );
  return rows[0]?.id;
}

/** Throws a DuplicateKeyError when the workspace has a project with this slug in any letter case. */
export async function insertProject(
  q: Queryable,
  project: {
    readonly id: string;
    readonly workspaceId: string;
    readonly name: string;
    readonly slug: string;
    readonly deleteProtection: boolean;
    readonly createdAt: number;
  },
): Promise<void> {
  await insertRows(q, 'insertProject', 'projects', [
    {
      id: project.id,
      workspace_id: project.workspaceId,
      name: project.name,
      slug: project.slug,
      depot_project_id: null,
      delete_protection: project.deleteProtection,
      created_at: project.createdAt,
    },
  ]);
}
