import type { Clock } from '../../lib/clock.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { IdSource } from '../../lib/uid.ts';
import { type Database, DuplicateKeyError, type Transaction } from '../../storage/sql/database.ts';
import { findLiveIdentityByExternalId, insertIdentity } from '../../storage/sql/queries/identities.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { withFreshIds } from '../fresh-ids.ts';
import { distinctLimits, type RateLimitSetting } from '../keys/rate-limit-settings.ts';
import { ensureDefaultProject } from '../projects/default-project.ts';
import { identityEvent, limitEvents } from './identity-events.ts';
import { identityAlreadyExists } from './identity-faults.ts';
import { addLimits } from './identity-limits.ts';
import { serializeIdentityMeta } from './identity-meta.ts';

export interface NewIdentityRequest {
  readonly externalId: string;
  readonly meta?: JsonObject;
  /** Of a repeated name the last bounds count. */
  readonly ratelimits?: readonly RateLimitSetting[];
}

export interface CreateDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/**
 * Stores a new identity with its limits in the workspace's default project; yields its id. Throws a Fault:
 * `invalid_input` (meta), or `identity_already_exists` when a live identity has the external id. Then nothing is stored.
 */
export async function createIdentity(
  deps: CreateDeps,
  caller: Caller,
  request: NewIdentityRequest,
): Promise<string> {
  const { db } = deps;
  const { externalId } = request;
  const meta = serializeIdentityMeta(request.meta ?? {});
  return withFreshIds(async () => {
    try {
      return await db.transaction((tx) => storeIdentity(tx, deps, caller, { ...request, meta }));
    } catch (error) {
      // Which unique key it was the store does not tell. Asked outside the transaction: those who lost to the same
      // winner all hold its row, and a lock that they wait for would be a deadlock.
      if (!(error instanceof DuplicateKeyError)) throw error;
      const holder = await findLiveIdentityByExternalId(db.primary, caller.principal.workspaceId, externalId);
      throw holder === undefined ? error : identityAlreadyExists(externalId);
    }
  });
}

async function storeIdentity(
  tx: Transaction,
  deps: CreateDeps,
  caller: Caller,
  { externalId, meta, ratelimits = [] }: Omit<NewIdentityRequest, 'meta'> & { readonly meta: string },
): Promise<string> {
  const { workspaceId } = caller.principal;
  const projectId = await ensureDefaultProject(tx, workspaceId, deps);
  const id = deps.ids.next('identity');
  const identity = { id, externalId };
  await insertIdentity(tx, { ...identity, workspaceId, projectId, meta, createdAt: deps.clock.now() });
  const limits = await addLimits(tx, deps, { workspaceId, identityId: id }, distinctLimits(ratelimits));
  writeCallerEvents(
    tx,
    caller,
    {
      correlationId: deps.ids.next('correlation'),
      events: [identityEvent('create', identity), ...limitEvents('create', identity, limits)],
    },
    deps,
  );
  return id;
}
