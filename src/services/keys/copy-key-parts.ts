import { idsOf } from '../../lib/rows.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import {
  insertKeyPermissions,
  insertKeyRoles,
  listAttachedPermissions,
  listAttachedRoles,
} from '../../storage/sql/queries/key-grants.ts';
import { insertKeyRatelimits, listKeyRatelimits } from '../../storage/sql/queries/ratelimits.ts';
import { decodeLimits } from '../ratelimit/stored-limits.ts';

/**
 * Gives a new key the direct permissions, roles and limits of another one of the same workspace; limits get ids of their
 * own. `now` in unix ms.
 */
export async function copyKeyParts(
  tx: Transaction,
  copy: {
    readonly sourceId: string;
    readonly keyId: string;
    readonly workspaceId: string;
    readonly now: number;
  },
  ids: IdSource,
): Promise<void> {
  const { sourceId, keyId, workspaceId, now: createdAt } = copy;
  const of = { keyId, workspaceId, createdAt };
  // Read and written back: to copy them inside the store would lock gaps between keys, in which parallel copies deadlock.
  const permissionIds = idsOf(await listAttachedPermissions(tx, sourceId));
  await insertKeyPermissions(tx, { ...of, permissionIds });
  const roleIds = idsOf(await listAttachedRoles(tx, sourceId));
  await insertKeyRoles(tx, { ...of, roleIds });
  const limits = decodeLimits(await listKeyRatelimits(tx, [sourceId]));
  await insertKeyRatelimits(
    tx,
    limits.map((limit) => ({ ...limit, ...of, id: ids.next('ratelimit') })),
  );
}
