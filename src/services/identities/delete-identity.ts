import type { Clock } from '../../lib/clock.ts';
import { idsOf } from '../../lib/rows.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database, Transaction } from '../../storage/sql/database.ts';
import {
  deleteIdentity as deleteIdentityRow,
  findDeletedIdentity,
  lockLiveIdentity,
  softDeleteIdentity,
} from '../../storage/sql/queries/identities.ts';
import { deleteRatelimits, listIdentityRatelimits } from '../../storage/sql/queries/ratelimits.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { findIdentity } from './find-identity.ts';
import { identityEvent, limitEvents } from './identity-events.ts';

export interface DeleteDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/**
 * Soft-deletes the identity with this id or external id; its limits stay stored, its keys stay valid without it. The
 * one deleted before under the same external id goes for good. Throws a Fault `identity_not_found`; of two deletions
 * that meet both succeed, and one is audited.
 */
export async function deleteIdentity(deps: DeleteDeps, caller: Caller, reference: string): Promise<void> {
  // The primary: a deletion that was just answered must be seen.
  const { id } = await findIdentity(deps.db.primary, caller.principal.workspaceId, reference);
  await deps.db.transaction((tx) => removeIdentity(tx, deps, caller, id));
}

async function removeIdentity(tx: Transaction, deps: DeleteDeps, caller: Caller, id: string): Promise<void> {
  const identity = await lockLiveIdentity(tx, id);
  if (identity === undefined) return;
  // No lock is needed: only who holds the live row's can add or remove a deleted one of its external id.
  const predecessor = await findDeletedIdentity(tx, caller.principal.workspaceId, identity.externalId);
  const rows = await listIdentityRatelimits(tx, predecessor === undefined ? [id] : [id, predecessor]);
  const limits = Map.groupBy(rows, ({ ownerId }) => ownerId);

  if (predecessor !== undefined) {
    await deleteRatelimits(tx, idsOf(limits.get(predecessor) ?? []));
    await deleteIdentityRow(tx, predecessor);
  }
  await softDeleteIdentity(tx, id, deps.clock.now());
  writeCallerEvents(
    tx,
    caller,
    {
      correlationId: deps.ids.next('correlation'),
      events: [identityEvent('delete', identity), ...limitEvents('delete', identity, limits.get(id) ?? [])],
    },
    deps,
  );
}
