// Roles that are about to be linked: none of them can be deleted before the transaction ends.

import { idsOf, without } from '../../lib/rows.ts';
import { DatabaseError, type Transaction } from '../../storage/sql/database.ts';
import { holdRoles, type RoleRow } from '../../storage/sql/queries/roles.ts';
import { findRoles } from './find-roles.ts';

/**
 * The workspace's roles with exactly these names, in their order, repeats collapsed, and locked. Throws a Fault
 * `role_not_found` naming the first one that does not exist.
 */
export async function lockRoles(
  tx: Transaction,
  workspaceId: string,
  names: readonly string[],
): Promise<readonly RoleRow[]> {
  return lockFoundRoles(tx, workspaceId, await findRoles(tx, workspaceId, names));
}

/** Locks roles that were read in the transaction; yields them as given. */
export async function lockFoundRoles<Roles extends readonly RoleRow[]>(
  tx: Transaction,
  workspaceId: string,
  roles: Roles,
): Promise<Roles> {
  // By id, as those who delete them lock them, and sorted, so that all take their locks in one order.
  const held = await holdRoles(tx, workspaceId, idsOf(roles).sort());
  if (without(roles, held).length > 0) {
    // The transaction's next attempt finds it missing, or made anew.
    throw new DatabaseError('a role was deleted while it was being linked', { contention: true });
  }
  return roles;
}
