import type { Queryable } from '../database.ts';
import { insertRows } from '../dialect.ts';

/** An API with its keyspace, deleted or not. */
export interface ApiRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly deleteProtection: number | null;
  readonly deletedAt: number | null;
  readonly keyspaceId: string | null;
  /** null when the keyspace has no row. */
  readonly keyspaceRowId: string | null;
  readonly keyspaceDeletedAt: number | null;
  readonly storeEncryptedKeys: number | null;
  readonly defaultPrefix: string | null;
  readonly defaultBytes: number | null;
}

/** The API with this id, in whatever workspace and state, or undefined. */
export async function findApiById(q: Queryable, id: string): Promise<ApiRow | undefined> {
  const rows = await q.all<ApiRow>(
    'findApiById',
    `SELECT a.id AS id, a.workspace_id AS workspaceId, a.name AS name,
            a.delete_protection AS deleteProtection, a.deleted_at_m AS deletedAt,
            a.key_auth_id AS keyspaceId, ka.id AS keyspaceRowId, ka.deleted_at_m AS keyspaceDeletedAt,
            ka.store_encrypted_keys AS storeEncryptedKeys, ka.default_prefix AS defaultPrefix,
            ka.default_bytes AS defaultBytes
       FROM apis a
       LEFT JOIN key_auth ka ON ka.id = a.key_auth_id
      WHERE a.id = :id`,
    { id },
  );
  return rows[0];
}

export async function insertApi(
  q: Queryable,
  api: {
    readonly id: string;
    readonly name: string;
    readonly workspaceId: string;
    readonly projectId: string;
    readonly keyspaceId: string;
    readonly createdAt: number;
  },
): Promise<void> {
  await insertRows(q, 'insertApi', 'apis', [
    {
      id: api.id,
      name: api.name,
      workspace_id: api.workspaceId,
      project_id: api.projectId,
      ip_whitelist: null,
      auth_type: 'key',
      key_auth_id: api.keyspaceId,
      created_at_m: api.createdAt,
      delete_protection: false,
    },
  ]);
}

/** Marks the API deleted at `now` (unix ms); false when it already was, or does not exist. */
export async function softDeleteApi(q: Queryable, id: string, now: number): Promise<boolean> {
  const { affectedRows } = await q.run(
    'softDeleteApi',
    'UPDATE apis SET deleted_at_m = :now WHERE id = :id AND deleted_at_m IS NULL',
    { id, now },
  );
  return affectedRows > 0;
}
