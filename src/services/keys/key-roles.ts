// Adding, removing and setting the roles of a key. Each change locks the key first, so that parallel ones take effect
// one after another. Roles are named exactly and never created. Source: the section on key roles of the key management
// chapter.

import { idsOf, without } from '../../lib/rows.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { deleteKeyRoles, insertKeyRoles, listKeyRoles } from '../../storage/sql/queries/key-grants.ts';
import { listRolePermissions, type RoleRow } from '../../storage/sql/queries/roles.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { findRoles } from '../permissions/find-roles.ts';
import { lockRoles } from '../permissions/lock-roles.ts';
import { byName, type RoleView, roleView } from '../permissions/permission-view.ts';
import { roleConnected, roleDisconnected } from './grant-events.ts';
import type { KeyGrantDeps } from './key-permissions.ts';
import { holdKey, type LiveKey } from './live-key.ts';
import { replaceRoles } from './replace-grants.ts';

/**
 * Gives roles to a key, beside those that it has; yields all: those it had, then those given now, each group by name.
 * Nothing happens when it has them all. Throws a Fault: `role_not_found`, or `key_not_found` when the key vanished
 * meanwhile.
 */
export async function addRoles(
  deps: KeyGrantDeps,
  caller: Caller,
  key: LiveKey,
  names: readonly string[],
): Promise<RoleView[]> {
  const { db } = deps;
  const named = await findRoles(db.primary, key.workspaceId, names);
  const before = await listKeyRoles(db.primary, [key.id]);
  if (without(named, before).length === 0) return withPermissions(db.primary, byName(before));

  const roles = await db.transaction(async (tx) => {
    await holdKey(tx, key.id);
    const held = await listKeyRoles(tx, [key.id]);
    const attached = without(await lockRoles(tx, key.workspaceId, names), held);
    await insertKeyRoles(tx, {
      keyId: key.id,
      workspaceId: key.workspaceId,
      createdAt: deps.clock.now(),
      roleIds: idsOf(attached),
    });
    writeCallerEvents(tx, caller, { events: attached.map((role) => roleConnected(key, role)) }, deps);
    return withPermissions(tx, [...byName(held), ...byName(attached)]);
  });
  deps.keyCache.remove(key.hash);
  return roles;
}

/**
 * Takes roles from a key; yields the ones that it still has, by name. Nothing happens when it has none of them. Throws a
 * Fault: `role_not_found`, or `key_not_found` when the key vanished meanwhile.
 */
export async function removeRoles(
  deps: KeyGrantDeps,
  caller: Caller,
  key: LiveKey,
  names: readonly string[],
): Promise<RoleView[]> {
  const { db } = deps;
  const named = await findRoles(db.primary, key.workspaceId, names);
  const before = await listKeyRoles(db.primary, [key.id]);
  if (without(before, named).length === before.length) return withPermissions(db.primary, byName(before));

  const roles = await db.transaction(async (tx) => {
    await holdKey(tx, key.id);
    const held = await listKeyRoles(tx, [key.id]);
    const kept = without(held, named);
    const detached = without(held, kept);
    await deleteKeyRoles(tx, key.id, idsOf(detached));
    const events = detached.map((role) => roleDisconnected(key, role));
    writeCallerEvents(tx, caller, { events }, deps);
    return withPermissions(tx, byName(kept));
  });
  deps.keyCache.remove(key.hash);
  return roles;
}

/**
 * Makes the roles of a key exactly the named ones; yields them, by name. Throws a Fault: `role_not_found`, or
 * `key_not_found` when the key vanished meanwhile.
 */
export async function setRoles(
  deps: KeyGrantDeps,
  caller: Caller,
  key: LiveKey,
  names: readonly string[],
): Promise<RoleView[]> {
  const roles = await deps.db.transaction(async (tx) => {
    await holdKey(tx, key.id);
    const named = await lockRoles(tx, key.workspaceId, names);
    const { attached, detached } = await replaceRoles(tx, key, named, deps.clock.now());
    const events = [
      ...detached.map((role) => roleDisconnected(key, role)),
      ...attached.map((role) => roleConnected(key, role)),
    ];
    writeCallerEvents(tx, caller, { correlationId: deps.ids.next('correlation'), events }, deps);
    return withPermissions(tx, byName(named));
  });
  deps.keyCache.remove(key.hash);
  return roles;
}

async function withPermissions(q: Queryable, roles: readonly RoleRow[]): Promise<RoleView[]> {
  if (roles.length === 0) return [];
  const byRole = Map.groupBy(await listRolePermissions(q, idsOf(roles)), ({ roleId }) => roleId);
  return roles.map((role) => roleView(role, byRole.get(role.id) ?? []));
}
