// What the deprecated deploy.createDeployment names: an app by slugs alone, and a keyspace.

import type { Queryable } from '../database.ts';

/** The workspace's app with these slugs in any letter case, or undefined. */
export async function findAppBySlugs(
  q: Queryable,
  workspaceId: string,
  slugs: { readonly project: string; readonly app: string },
): Promise<{ readonly projectId: string; readonly appId: string } | undefined> {
  const rows = await q.all<{ projectId: string; appId: string }>(
    'findAppBySlugs',
    `SELECT p.id AS projectId, a.id AS appId
       FROM projects p
       JOIN apps a ON a.project_id = p.id AND a.workspace_id = p.workspace_id
      WHERE p.workspace_id = :workspaceId AND p.slug = :project AND a.slug = :app`,
    { workspaceId, project: slugs.project, app: slugs.app },
  );
  return rows[0];
}

/** Whether the workspace has this keyspace, deleted or not. */
export async function hasKeyspace(q: Queryable, workspaceId: string, id: string): Promise<boolean> {
  const rows = await q.all<{ id: string }>(
    'hasKeyspace',
    'SELECT id FROM key_auth WHERE id = :id AND workspace_id = :workspaceId',
    { id, workspaceId },
  );
  return rows.length > 0;
}
