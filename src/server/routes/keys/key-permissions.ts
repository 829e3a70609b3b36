import type { Logger } from '../../../lib/logger.ts';
import type { Principal } from '../../../services/auth/principal.ts';
import {
  anyOf,
  authorize,
  isAuthorized,
  type PermissionQuery,
  resource,
  tuple,
} from '../../../services/rbac/query.ts';

/** Where a key lives; `keyId` may be `*` for what concerns all keys of the keyspace. */
export interface KeyPlace {
  readonly workspaceId: string;
  readonly apiId: string;
  /** null for an API without a keyspace: no resource permission can then name the place. */
  readonly keyspaceId: string | null;
  readonly keyId: string;
}

/** The place of a stored key. */
export function placeOf(key: {
  readonly id: string;
  readonly workspaceId: string;
  readonly keyspaceId: string;
  readonly api: { readonly id: string };
}): KeyPlace {
  return { workspaceId: key.workspaceId, apiId: key.api.id, keyspaceId: key.keyspaceId, keyId: key.id };
}

/** May do `action` to keys in all APIs, in this one, or to this key. */
export function keyPermission(place: KeyPlace, action: string): PermissionQuery {
  const { workspaceId, apiId, keyspaceId, keyId } = place;
  return anyOf(
    tuple(`api.*.${action}`),
    tuple(`api.${apiId}.${action}`),
    ...(keyspaceId === null ? [] : [resource(workspaceId, `keyspaces/${keyspaceId}/keys/${keyId}`, action)]),
  );
}

/**
 * Lets the principal pass or refuses it with a Fault `insufficient_permissions` that names only ids which the request
 * brought along: the API and the keyspace of a key are not among them.
 */
export function authorizeKeyAction(principal: Principal, place: KeyPlace, action: string, log: Logger): void {
  if (isAuthorized(principal, keyPermission(place, action))) return;
  authorize(
    principal,
    // Asks for more than the query above, so that it refuses whenever that one did.
    anyOf(tuple(`api.*.${action}`), resource(place.workspaceId, `keyspaces/*/keys/${place.keyId}`, action)),
    log,
  );
}
