// Names of what analytics rows know by id.
import type { Queryable } from '../database.ts';

export interface NamedRow {
  readonly id: string;
  readonly name: string;
}

/** Those of these keys of the workspace that have a name, deleted or not. At most `MAX_LISTED` ids. */
export function findKeyNames(
  q: Queryable,
  workspaceId: string,
  keyIds: readonly string[],
): Promise<NamedRow[]> {
  return q.all<NamedRow>(
    'findKeyNames',
    `SELECT id, name FROM \`keys\`
      WHERE workspace_id = :workspaceId AND id IN (:keyIds) AND name IS NOT NULL AND name <> ''`,
    { workspaceId, keyIds: [...keyIds] },
  );
}

/** The names of the workspace's APIs, deleted or not, by keyspace. At most `MAX_LISTED` ids. */
export function findApiNamesByKeyspace(
  q: Queryable,
  workspaceId: string,
  keyspaceIds: readonly string[],
): Promise<NamedRow[]> {
  return q.all<NamedRow>(
    'findApiNamesByKeyspace',
    `SELECT key_auth_id AS id, name FROM apis
      WHERE workspace_id = :workspaceId AND key_auth_id IN (:keyspaceIds)`,
    { workspaceId, keyspaceIds: [...keyspaceIds] },
  );
}
