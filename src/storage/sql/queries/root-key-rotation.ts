// Copies a key under a new id. Values are copied inside the store, so that none is rounded.
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
