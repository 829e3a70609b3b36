import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import {
  findLiveIdentitiesByExternalIds,
  type IdentityKey,
  insertIdentitiesOrKeep,
  lockLiveIdentitiesByExternalIds,
} from '../../storage/sql/queries/identities.ts';
import { ensureRows } from '../ensure-rows.ts';

/** `ensureIdentity` for many: the workspace's live identities with these external ids, by external id. */
export function ensureIdentities(
  tx: Transaction,
  request: {
    readonly workspaceId: string;
    readonly projectId: string;
    readonly externalIds: Iterable<string>;
  },
  { clock, ids }: { readonly clock: Clock; readonly ids: IdSource },
): Promise<ReadonlyMap<string, IdentityKey>> {
  const { workspaceId, projectId } = request;
  return ensureRows(request.externalIds, {
    fold: (externalId) => externalId,
    textOf: ({ externalId }) => externalId,
    find: (externalIds) => findLiveIdentitiesByExternalIds(tx, workspaceId, externalIds),
    insertOrKeep(externalIds) {
      const createdAt = clock.now();
      return insertIdentitiesOrKeep(
        tx,
        externalIds.map((externalId) => ({
          id: ids.next('identity'),
          externalId,
          workspaceId,
          projectId,
          createdAt,
        })),
      );
    },
    lock: (externalIds) => lockLiveIdentitiesByExternalIds(tx, workspaceId, externalIds),
  });
}
