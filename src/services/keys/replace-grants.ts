// Making the list of a key's permissions or roles another one. Lock the key first: what is read here is what others
// replace as well.

import { idsOf, without } from '../../lib/rows.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import {
  type AttachedPermissionRow,
  type AttachedRoleRow,
  deleteKeyPermissions,
  deleteKeyRoles,
  insertKeyPermissions,
  insertKeyRoles,
  listAttachedPermissions,
  listAttachedRoles,
} from '../../storage/sql/queries/key-grants.ts';
import type { PermissionRow } from '../../storage/sql/queries/permissions.ts';
import type { RoleRow } from '../../storage/sql/queries/roles.ts';

interface Owner {
  readonly id: string;
  readonly workspaceId: string;
}

/** What replacing a list changed of it. */
export interface Replaced<Wanted, Stored> {
  readonly attached: readonly Wanted[];
  readonly detached: readonly Stored[];
}

/** Makes the key's own permissions exactly the wanted ones; links that stay are not touched. `now` in unix ms. */
export async function replacePermissions(
  tx: Transaction,
  key: Owner,
  wanted: readonly PermissionRow[],
  now: number,
): Promise<Replaced<PermissionRow, AttachedPermissionRow>> {
  const stored = await listAttachedPermissions(tx, key.id);
  const attached = without(wanted, stored);
  const detached = without(stored, wanted);
  await deleteKeyPermissions(tx, key.id, idsOf(detached));
  await insertKeyPermissions(tx, {
    keyId: key.id,
    workspaceId: key.workspaceId,
    createdAt: now,
    permissionIds: idsOf(attached),
  });
  return { attached, detached };
}

/** The same for the key's roles. */
export async function replaceRoles(
  tx: Transaction,
  key: Owner,
  wanted: readonly RoleRow[],
  now: number,
): Promise<Replaced<RoleRow, AttachedRoleRow>> {
  const stored = await listAttachedRoles(tx, key.id);
  const attached = without(wanted, stored);
  const detached = without(stored, wanted);
  await deleteKeyRoles(tx, key.id, idsOf(detached));
  await insertKeyRoles(tx, {
    keyId: key.id,
    workspaceId: key.workspaceId,
    createdAt: now,
    roleIds: idsOf(attached),
  });
  return { attached, detached };
}
