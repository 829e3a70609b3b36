import type { Queryable } from '../database.ts';
import { insertRows } from '../dialect.ts';

/** Inserts a keyspace without defaults of its own: no prefix, the product's key length, no stored ciphertexts. */
export async function insertKeyspace(
  q: Queryable,
  keyspace: {
    readonly id: string;
    readonly workspaceId: string;
    readonly projectId: string;
    readonly createdAt: number;
  },
): Promise<void> {
  await insertRows(q, 'insertKeyspace', 'key_auth', [
    {
      id: keyspace.id,
      workspace_id: keyspace.workspaceId,
      project_id: keyspace.projectId,
      created_at_m: keyspace.createdAt,
      store_encrypted_keys: false,
      default_prefix: null,
      default_bytes: null,
      size_approx: 0,
      size_last_updated_at: 0,
    },
  ]);
}
