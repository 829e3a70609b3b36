import { compareBytes } from '../../lib/byte-order.ts';
import { idsOf } from '../../lib/rows.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import {
  insertKeyPermissions,
  insertKeyRoles,
  listAttachedPermissions,
  listAttachedRoles,
} from '../../storage/sql/queries/key-grants.ts';
import { holdPermissionsBySlugs } from '../../storage/sql/queries/permissions.ts';
import { insertKeyRatelimits, listKeyRatelimits } from '../../storage/sql/queries/ratelimits.ts';
import { holdRoles } from '../../storage/sql/queries/roles.ts';
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
  // What is being deleted meanwhile is not copied; what is, cannot be deleted before the copy is there.
  const slugs = (await listAttachedPermissions(tx, sourceId)).flatMap(({ slug }) => slug ?? []);
  const permissionIds = idsOf(await holdPermissionsBySlugs(tx, workspaceId, slugs.sort(compareBytes)));
  await insertKeyPermissions(tx, { ...of, permissionIds });
  const attachedRoles = idsOf(await listAttachedRoles(tx, sourceId));
  const roleIds = idsOf(await holdRoles(tx, workspaceId, attachedRoles.sort()));
  await insertKeyRoles(tx, { ...of, roleIds });
  const limits = decodeLimits(await listKeyRatelimits(tx, [sourceId]));
  await insertKeyRatelimits(
    tx,
    limits.map((limit) => ({ ...limit, ...of, id: ids.next('ratelimit') })),
  );
}
