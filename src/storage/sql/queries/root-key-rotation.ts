// Copies a key and its links under a new id. Values are copied inside the store, so that none is rounded.
import type { Queryable } from '../database.ts';

export interface NewKeyMaterial {
  readonly id: string;
  readonly hash: string;
  readonly start: string;
}

/** Inserts `key` as a copy of the key `sourceId`. @throws DuplicateKeyError when its id is taken. */
export async function copyKey(
  q: Queryable,
  sourceId: string,
  key: NewKeyMaterial,
  now: number,
): Promise<void> {
  await q.run(
    'copyKey',
    `INSERT INTO \`keys\` (id, hash, start, created_at_m, key_auth_id, workspace_id, for_workspace_id, name, identity_id,
                           meta, expires, refill_day, refill_amount, last_refill_at, enabled, remaining_requests)
     SELECT :id, :hash, :start, :now, key_auth_id, workspace_id, for_workspace_id, name, identity_id,
            meta, expires, refill_day, refill_amount, last_refill_at, enabled, remaining_requests
       FROM \`keys\` WHERE id = :sourceId`,
    { ...key, sourceId, now },
  );
}

/** Links the permissions and roles of one key to another. */
export async function copyKeyLinks(
  q: Queryable,
  sourceId: string,
  keyId: string,
  now: number,
): Promise<void> {
  await q.run(
    'copyKeyPermissions',
    `INSERT INTO keys_permissions (key_id, permission_id, workspace_id, created_at_m)
     SELECT :keyId, permission_id, workspace_id, :now FROM keys_permissions WHERE key_id = :sourceId`,
    { keyId, sourceId, now },
  );
  await q.run(
    'copyKeyRoles',
    `INSERT INTO keys_roles (key_id, role_id, workspace_id, created_at_m)
     SELECT :keyId, role_id, workspace_id, :now FROM keys_roles WHERE key_id = :sourceId`,
    { keyId, sourceId, now },
  );
}
