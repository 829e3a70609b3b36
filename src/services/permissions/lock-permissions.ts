import { distinctIgnoringCase } from '../../lib/ascii-case.ts';
import { compareBytes } from '../../lib/byte-order.ts';
import type { Clock } from '../../lib/clock.ts';
import { without } from '../../lib/rows.ts';
import type { IdSource } from '../../lib/uid.ts';
import { DatabaseError, type Transaction } from '../../storage/sql/database.ts';
import { lockPermissionsBySlugs } from '../../storage/sql/queries/permissions.ts';
import { type EnsuredPermissions, ensurePermissions } from './ensure-permissions.ts';

/**
 * The workspace's permissions with these slugs, sorted by the bytes of the requested spelling, and locked: none can be
 * deleted before the transaction ends, so that links to them find their other end. Missing ones are created with the
 * slug as their name; `beforeCreate` is called once before that and may throw to refuse it. Writes no audit event.
 */
export async function lockPermissions(
  tx: Transaction,
  request: {
    readonly workspaceId: string;
    readonly projectId: string;
    readonly slugs: readonly string[];
    readonly beforeCreate: () => void;
  },
  deps: { readonly clock: Clock; readonly ids: IdSource },
): Promise<EnsuredPermissions> {
  const slugs = distinctIgnoringCase(request.slugs).sort(compareBytes);
  const ensured = await ensurePermissions(tx, { ...request, slugs }, deps);
  // Only now that every slug has its row: locking what is not there locks the gap, in which nobody else could create it.
  const locked = await lockPermissionsBySlugs(tx, request.workspaceId, slugs);
  if (without(ensured.all, locked).length > 0) {
    // The transaction's next attempt finds it missing, or made anew.
    throw new DatabaseError('a permission was deleted while it was being linked', { contention: true });
  }
  return ensured;
}
