import type { Queryable } from '../../storage/sql/database.ts';
import { findLiveIdentities, type IdentityRow } from '../../storage/sql/queries/identities.ts';
import { identityNotFound } from './identity-faults.ts';

/** The longest external id that the column holds is 256 characters, of at most two code units each. */
const MAX_LENGTH = 512;

/**
 * The workspace's live identity with this id or, if no id is equal, this external id; both compare exactly. Throws a
 * Fault `identity_not_found`.
 */
export async function findIdentity(
  q: Queryable,
  workspaceId: string,
  reference: string,
): Promise<IdentityRow> {
  if (reference.length > MAX_LENGTH) throw identityNotFound();
  const rows = await findLiveIdentities(q, workspaceId, reference);
  // Compared once more: collations of MySQL hold some different spellings for equal.
  const found =
    rows.find(({ id }) => id === reference) ?? rows.find(({ externalId }) => externalId === reference);
  if (found === undefined) throw identityNotFound();
  return found;
}
