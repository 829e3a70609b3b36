import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database } from '../../storage/sql/database.ts';
import { listIdentities } from '../../storage/sql/queries/identities.ts';
import type { Caller } from '../audit/audit-log.ts';
import { type Page, type PageRequest, pageOf } from '../page.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import { createIdentity, type NewIdentityRequest } from './create-identity.ts';
import { deleteIdentity } from './delete-identity.ts';
import { findIdentity } from './find-identity.ts';
import { completeIdentities, completeIdentity, type StoredIdentity } from './stored-identity.ts';
import { type IdentityChange, updateIdentity } from './update-identity.ts';

/**
 * The users and organisations behind keys. Asks for no permission: that is the operation's. An identity is referred to
 * by id or external id, letter by letter. Verification sees a change when the cached keys of the identity are loaded
 * anew. Every method throws a Fault `service_unavailable` when the store does not answer.
 */
export interface IdentityService {
  /** Makes an identity; yields its id. Throws as `createIdentity` does. */
  create(caller: Caller, request: NewIdentityRequest): Promise<string>;
  /** Throws a Fault `identity_not_found`. */
  find(workspaceId: string, reference: string): Promise<StoredIdentity>;
  /** One page by id; searches id and external id. */
  list(workspaceId: string, page: PageRequest): Promise<Page<StoredIdentity>>;
  /** Changes an identity; yields it as it is then. Throws as `updateIdentity` does. */
  update(caller: Caller, reference: string, change: IdentityChange): Promise<StoredIdentity>;
  /** Deletes an identity softly. Throws as `deleteIdentity` does. */
  remove(caller: Caller, reference: string): Promise<void>;
}

export interface IdentityServiceDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
}

export function createIdentityService(deps: IdentityServiceDeps): IdentityService {
  const { db, log } = deps;
  return {
    create: (caller, request) =>
      reportingStoreFailure('creating an identity', () => createIdentity(deps, caller, request)),

    find: (workspaceId, reference) =>
      reportingStoreFailure('loading an identity', async () =>
        completeIdentity(db.replica, await findIdentity(db.replica, workspaceId, reference), log),
      ),

    list: (workspaceId, { cursor, search, limit }) =>
      reportingStoreFailure('listing identities', async () => {
        const rows = await listIdentities(db.replica, workspaceId, { cursor, search, limit: limit + 1 });
        const { items, nextCursor } = pageOf(rows, limit);
        return { items: await completeIdentities(db.replica, items, log), nextCursor };
      }),

    update: (caller, reference, change) =>
      reportingStoreFailure('updating an identity', () => updateIdentity(deps, caller, reference, change)),

    remove: (caller, reference) =>
      reportingStoreFailure('deleting an identity', () => deleteIdentity(deps, caller, reference)),
  };
}
