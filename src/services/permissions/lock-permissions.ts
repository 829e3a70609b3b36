// Permissions that are about to be linked: none of them can be deleted before the transaction ends, so that every link
// finds its other end. Others may link the same ones meanwhile.

import { distinctIgnoringCase } from '../../lib/ascii-case.ts';
import { compareBytes } from '../../lib/byte-order.ts';
import type { Clock } from '../../lib/clock.ts';
import { without } from '../../lib/rows.ts';
import type { IdSource } from '../../lib/uid.ts';
import { DatabaseError, type Transaction } from '../../storage/sql/database.ts';
import { holdPermissionsBySlugs } from '../../storage/sql/queries/permissions.ts';
import { type EnsuredPermissions, ensurePermissions } from './ensure-permissions.ts';

interface Linking {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly slugs: Iterable<string>;
  /** Called once before a permission is created; may throw to refuse it. */
  readonly beforeCreate?: () => void;
  /** Yields the description of a new permission; without it there is none. */
  readonly describe?: (slug: string) => string;
}

/**
 * The workspace's permissions with these slugs, in their order, repeats collapsed, and locked. Missing ones are created
 * with the slug as their name. Writes no audit event.
 */
export async function lockPermissions(
  tx: Transaction,
  request: Linking,
  deps: { readonly clock: Clock; readonly ids: IdSource },
): Promise<EnsuredPermissions> {
  const ensured = await ensurePermissions(tx, request, deps);
  // By the stored slug and sorted, so that concurrent requests take their locks in one order. Only now that every slug
  // has its row: locking what is not there locks the gap, in which nobody else could create it.
  const slugs = ensured.all.map(({ slug }) => slug).sort(compareBytes);
  const held = await holdPermissionsBySlugs(tx, request.workspaceId, slugs);
  if (without(ensured.all, held).length > 0) {
    // The transaction's next attempt finds it missing, or made anew.
    throw new DatabaseError('a permission was deleted while it was being linked', { contention: true });
  }
  return ensured;
}

/** The same, sorted by the bytes of the requested spelling. */
export function lockSortedPermissions(
  tx: Transaction,
  request: Linking,
  deps: { readonly clock: Clock; readonly ids: IdSource },
): Promise<EnsuredPermissions> {
  const slugs = distinctIgnoringCase(request.slugs).sort(compareBytes);
  return lockPermissions(tx, { ...request, slugs }, deps);
}
