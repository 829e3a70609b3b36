import { Fault } from '../../lib/fault.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { findRolesByNames, type RoleRow } from '../../storage/sql/queries/roles.ts';

/**
 * The workspace's roles with exactly these names, in request order, repeats collapsed. Throws a Fault `role_not_found`
 * naming the first one that does not exist; roles are never created on the way.
 */
export async function findRoles(
  q: Queryable,
  workspaceId: string,
  names: readonly string[],
): Promise<RoleRow[]> {
  const distinct = [...new Set(names)];
  if (distinct.length === 0) return [];
  // The column ignores letter case, role names here do not.
  const byName = new Map((await findRolesByNames(q, workspaceId, distinct)).map((role) => [role.name, role]));
  return distinct.map((name) => {
    const role = byName.get(name);
    if (role === undefined) {
      throw new Fault('unkey:data:role_not_found', { public: `The role '${name}' does not exist.` });
    }
    return role;
  });
}
