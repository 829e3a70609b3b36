import type { Clock } from '../../lib/clock.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database, Transaction } from '../../storage/sql/database.ts';
import { lockLiveIdentity, updateIdentityMeta } from '../../storage/sql/queries/identities.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import type { RateLimitSetting } from '../keys/rate-limit-settings.ts';
import { findIdentity } from './find-identity.ts';
import { identityEvent, limitEvents } from './identity-events.ts';
import { identityNotFound } from './identity-faults.ts';
import { refuseRepeatedNames, replaceLimits } from './identity-limits.ts';
import { serializeIdentityMeta } from './identity-meta.ts';
import { completeIdentity, type StoredIdentity } from './stored-identity.ts';

/** What to change of an identity: what is left out stays, what is given replaces. */
export interface IdentityChange {
  /** `{}` clears. */
  readonly meta?: JsonObject;
  /** `[]` removes all. */
  readonly ratelimits?: readonly RateLimitSetting[];
}

export interface UpdateDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
}

/**
 * Changes the identity with this id or external id in one transaction; yields it as it is then, its limits in the order
 * of the request when that gave any. Throws a Fault: `invalid_input` (repeated names, meta) or `identity_not_found`.
 */
export async function updateIdentity(
  deps: UpdateDeps,
  caller: Caller,
  reference: string,
  change: IdentityChange,
): Promise<StoredIdentity> {
  if (change.ratelimits !== undefined) refuseRepeatedNames(change.ratelimits);
  const meta = change.meta === undefined ? undefined : serializeIdentityMeta(change.meta);
  // The primary: an identity that was just created must be found.
  const { id } = await findIdentity(deps.db.primary, caller.principal.workspaceId, reference);
  return deps.db.transaction((tx) => applyChange(tx, deps, caller, { id, change, meta }));
}

async function applyChange(
  tx: Transaction,
  deps: UpdateDeps,
  caller: Caller,
  { id, change, meta }: { id: string; change: IdentityChange; meta: string | undefined },
): Promise<StoredIdentity> {
  const row = await lockLiveIdentity(tx, id);
  if (row === undefined) throw identityNotFound();
  // Only under the lock are these the limits that a concurrent update left behind.
  const before = await completeIdentity(tx, row, deps.log);

  if (meta !== undefined) await updateIdentityMeta(tx, { id, meta, now: deps.clock.now() });
  const limits =
    change.ratelimits === undefined
      ? undefined
      : await replaceLimits(
          tx,
          deps,
          { workspaceId: caller.principal.workspaceId, identityId: id },
          { stored: before.ratelimits, settings: change.ratelimits },
        );

  writeCallerEvents(
    tx,
    caller,
    {
      correlationId: deps.ids.next('correlation'),
      events: [
        identityEvent('update', before),
        ...limitEvents('delete', before, limits?.removed ?? []),
        ...limitEvents('update', before, limits?.kept ?? []),
        ...limitEvents('create', before, limits?.created ?? []),
      ],
    },
    deps,
  );
  return {
    ...before,
    meta: change.meta ?? before.meta,
    ratelimits: limits?.ratelimits ?? before.ratelimits,
  };
}
