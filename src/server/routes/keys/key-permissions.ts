import type { Logger } from '../../../lib/logger.ts';
import type { Principal } from '../../../services/auth/principal.ts';
import {
  allOf,
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
  return anyOf(...tuplesOf(place, action), ...resourcesOf(place, action));
}

function tuplesOf({ apiId }: KeyPlace, action: string): PermissionQuery[] {
  return [tuple(`api.*.${action}`), tuple(`api.${apiId}.${action}`)];
}

function resourcesOf({ workspaceId, keyspaceId, keyId }: KeyPlace, action: string): PermissionQuery[] {
  return keyspaceId === null ? [] : [resource(workspaceId, `keyspaces/${keyspaceId}/keys/${keyId}`, action)];
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

/** May create keys in all APIs, in this one, or in this keyspace. */
export function creationPermission({
  workspaceId,
  apiId,
  keyspaceId,
}: Omit<KeyPlace, 'keyId'>): PermissionQuery {
  return anyOf(
    tuple(`api.${apiId}.create_key`),
    tuple('api.*.create_key'),
    ...(keyspaceId === null ? [] : [resource(workspaceId, `keyspaces/${keyspaceId}`, 'create_key')]),
  );
}

/** Lets the principal create a key where another one lives, or refuses it as `authorizeKeyAction` does. */
export function authorizeKeyCreation(principal: Principal, place: KeyPlace, log: Logger): void {
  if (isAuthorized(principal, creationPermission(place))) return;
  authorize(
    principal,
    // Asks for more than the query above, so that it refuses whenever that one did.
    anyOf(tuple('api.*.create_key'), resource(place.workspaceId, 'keyspaces/*', 'create_key')),
    log,
  );
}

/** What tuples name separately and a resource permission to update the key includes. */
export type GrantAction = 'add_permission_to_key' | 'remove_permission_from_key' | 'add_role_to_key';

/**
 * Lets the principal change what a key is granted, or refuses it as `authorizeKeyAction` does: asks for the resource
 * permission to update the key, or for the tuple to update it and one for each of the actions.
 */
export function authorizeGrantChange(
  principal: Principal,
  place: KeyPlace,
  actions: readonly GrantAction[],
  log: Logger,
): void {
  const beside = actions.map((action) => tuple(`rbac.*.${action}`));
  const { workspaceId, keyId } = place;
  const required = anyOf(
    ...resourcesOf(place, 'update_key'),
    allOf(anyOf(...tuplesOf(place, 'update_key')), ...beside),
  );
  if (isAuthorized(principal, required)) return;
  authorize(
    principal,
    // Asks for more than the query above, so that it refuses whenever that one did.
    anyOf(
      resource(workspaceId, `keyspaces/*/keys/${keyId}`, 'update_key'),
      allOf(tuple('api.*.update_key'), ...beside),
    ),
    log,
  );
}

/** Lets the principal create permissions that a request names and the workspace lacks, or refuses it. */
export function authorizePermissionCreation(principal: Principal, log: Logger): void {
  authorize(
    principal,
    anyOf(
      tuple('rbac.*.create_permission'),
      resource(principal.workspaceId, 'rbac/permissions/*', 'create_permission'),
    ),
    log,
  );
}
