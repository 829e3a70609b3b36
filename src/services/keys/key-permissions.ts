// Adding, removing and setting the permissions that a key holds by itself. Each change locks the key first, so that
// parallel ones take effect one after another. Source: the section on key permissions of the key management chapter.

import type { Clock } from '../../lib/clock.ts';
import { idsOf, without } from '../../lib/rows.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database, Transaction } from '../../storage/sql/database.ts';
import {
  deleteKeyPermissions,
  insertKeyPermissions,
  listKeyPermissions,
} from '../../storage/sql/queries/key-grants.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { permissionCreatedOnTheWay } from '../permissions/access-events.ts';
import type { EnsuredPermissions } from '../permissions/ensure-permissions.ts';
import { findPermissions } from '../permissions/find-permissions.ts';
import { lockPermissions } from '../permissions/lock-permissions.ts';
import { bySlug, type PermissionView, permissionView } from '../permissions/permission-view.ts';
import type { DefaultProjects } from '../projects/default-project.ts';
import { permissionConnected, permissionDisconnected } from './grant-events.ts';
import type { KeyCache } from './key-cache.ts';
import { holdKey, type LiveKey } from './live-key.ts';
import { replacePermissions } from './replace-grants.ts';

export interface KeyGrantDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly keyCache: KeyCache;
  readonly defaultProjects: DefaultProjects;
}

/** Permissions to give to a key; slugs compare ignoring ASCII case, missing ones are created. */
export interface GivenPermissions {
  readonly slugs: readonly string[];
  /** Called before anything is created; throws to refuse that, and nothing changes. */
  authorizeCreate(): void;
}

/**
 * Attaches permissions to a key, beside those that it has; yields all: those it had, those attached now, those created
 * now, each group by slug. Throws a Fault `key_not_found` when the key vanished meanwhile, or what `authorizeCreate` does.
 */
export async function addPermissions(
  deps: KeyGrantDeps,
  caller: Caller,
  key: LiveKey,
  given: GivenPermissions,
): Promise<PermissionView[]> {
  const projectId = await deps.defaultProjects.resolve(key.workspaceId);
  const permissions = await deps.db.transaction(async (tx) => {
    await holdKey(tx, key.id);
    const before = await listKeyPermissions(tx, [key.id]);
    const { all, created } = await ensure(tx, deps, { key, projectId, given });
    const attached = without(all, before);
    await insertKeyPermissions(tx, {
      keyId: key.id,
      workspaceId: key.workspaceId,
      createdAt: deps.clock.now(),
      permissionIds: idsOf(attached),
    });
    const events = [
      ...created.map(permissionCreatedOnTheWay),
      ...attached.map((permission) => permissionConnected(key, permission)),
    ];
    writeCallerEvents(tx, caller, { correlationId: deps.ids.next('correlation'), events }, deps);
    const groups = [before, without(attached, created), created];
    return groups.flatMap((group) => bySlug(group).map(permissionView));
  });
  deps.keyCache.remove(key.hash);
  return permissions;
}

/**
 * Detaches permissions from a key; yields the ones that it still has, by slug. Slugs compare exactly. Nothing happens
 * when none is attached. Throws a Fault: `permission_not_found` for a slug that the workspace does not have, or
 * `key_not_found` when the key vanished meanwhile.
 */
export async function removePermissions(
  deps: KeyGrantDeps,
  caller: Caller,
  key: LiveKey,
  slugs: readonly string[],
): Promise<PermissionView[]> {
  const named = await findPermissions(deps.db.primary, key.workspaceId, slugs);
  const before = await listKeyPermissions(deps.db.primary, [key.id]);
  if (without(before, named).length === before.length) return bySlug(before).map(permissionView);

  const remaining = await deps.db.transaction(async (tx) => {
    await holdKey(tx, key.id);
    const attached = await listKeyPermissions(tx, [key.id]);
    const kept = without(attached, named);
    const detached = without(attached, kept);
    await deleteKeyPermissions(tx, key.id, idsOf(detached));
    const events = detached.map((permission) => permissionDisconnected(key, permission));
    writeCallerEvents(tx, caller, { events }, deps);
    return bySlug(kept).map(permissionView);
  });
  deps.keyCache.remove(key.hash);
  return remaining;
}

/**
 * Makes the permissions of a key exactly the given ones; yields them, by slug. Throws a Fault `key_not_found` when the
 * key vanished meanwhile, or what `authorizeCreate` does.
 */
export async function setPermissions(
  deps: KeyGrantDeps,
  caller: Caller,
  key: LiveKey,
  given: GivenPermissions,
): Promise<PermissionView[]> {
  const projectId = await deps.defaultProjects.resolve(key.workspaceId);
  const permissions = await deps.db.transaction(async (tx) => {
    await holdKey(tx, key.id);
    const { all, created } = await ensure(tx, deps, { key, projectId, given });
    const { attached, detached } = await replacePermissions(tx, key, all, deps.clock.now());
    const events = [
      ...detached.map((permission) => permissionDisconnected(key, permission)),
      ...created.map(permissionCreatedOnTheWay),
      ...attached.map((permission) => permissionConnected(key, permission)),
    ];
    writeCallerEvents(tx, caller, { correlationId: deps.ids.next('correlation'), events }, deps);
    return bySlug(all).map(permissionView);
  });
  deps.keyCache.remove(key.hash);
  return permissions;
}

function ensure(
  tx: Transaction,
  deps: KeyGrantDeps,
  { key, projectId, given }: { key: LiveKey; projectId: string; given: GivenPermissions },
): Promise<EnsuredPermissions> {
  const { workspaceId } = key;
  const beforeCreate = () => given.authorizeCreate();
  return lockPermissions(tx, { workspaceId, projectId, slugs: given.slugs, beforeCreate }, deps);
}
