import type { Queryable } from '../database.ts';

export interface RoleRow {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
}

/** The workspace's roles with these names; the column ignores letter case. */
export function findRolesByNames(
  q: Queryable,
  workspaceId: string,
  names: readonly string[],
): Promise<RoleRow[]> {
  return q.all<RoleRow>(
    'findRolesByNames',
    `SELECT id, name, description FROM roles
      WHERE workspace_id = :workspaceId AND name IN (:names)
      ORDER BY name`,
    { workspaceId, names },
  );
}
