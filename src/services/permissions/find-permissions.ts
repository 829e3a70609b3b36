import { Fault } from '../../lib/fault.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { findPermissionsBySlugs, type PermissionRow } from '../../storage/sql/queries/permissions.ts';

/**
 * The workspace's permissions with exactly these slugs, in request order, repeats collapsed. Throws a Fault
 * `permission_not_found` naming the first one that does not exist.
 */
export async function findPermissions(
  q: Queryable,
  workspaceId: string,
  slugs: readonly string[],
): Promise<PermissionRow[]> {
  const distinct = [...new Set(slugs)];
  // The column ignores letter case, this does not.
  const stored = await findPermissionsBySlugs(q, workspaceId, distinct);
  const bySlug = new Map(stored.map((permission) => [permission.slug, permission]));
  return distinct.map((slug) => {
    const permission = bySlug.get(slug);
    if (permission === undefined) {
      throw new Fault('unkey:data:permission_not_found', {
        public: `The permission '${slug}' does not exist.`,
      });
    }
    return permission;
  });
}
