import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import { DuplicateKeyError, type Transaction } from '../../storage/sql/database.ts';
import { insertIdentityOrKeep, lockLiveIdentityByExternalId } from '../../storage/sql/queries/identities.ts';

/**
 * Id of the workspace's live identity with this external id, created with empty meta when absent. A soft-deleted
 * namesake is not revived. Concurrent callers agree on one row. Writes no audit event.
 */
export async function ensureIdentity(
  tx: Transaction,
  request: { readonly workspaceId: string; readonly projectId: string; readonly externalId: string },
  deps: { readonly clock: Clock; readonly ids: IdSource },
): Promise<string> {
  await insertIdentityOrKeep(tx, {
    ...request,
    id: deps.ids.next('identity'),
    createdAt: deps.clock.now(),
  });
  const id = await lockLiveIdentityByExternalId(tx, request.workspaceId, request.externalId);
  // Kept, but not for this external id: the fresh id was taken.
  if (id === undefined) throw new DuplicateKeyError('identity id is taken');
  return id;
}
