import { idsOf } from '../../lib/rows.ts';
import { deleteRoleFromKeys } from '../../storage/sql/queries/key-grants.ts';
import type { PermissionRow } from '../../storage/sql/queries/permissions.ts';
import { deletePermissionsOfRole } from '../../storage/sql/queries/role-permissions.ts';
import {
  deleteRole,
  findRole,
  listRolePermissions,
  listRoles,
  lockRole,
  type RoleRow,
} from '../../storage/sql/queries/roles.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { type Page, type PageRequest, pageOf } from '../page.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import { roleDeleted } from './access-events.ts';
import { roleNotFound } from './access-faults.ts';
import { createRole, type RoleDeps, type RoleSetting } from './create-role.ts';
import { type RolePermissionsSetting, setRolePermissions } from './set-role-permissions.ts';

export interface Role extends RoleRow {
  /** In no order that callers may rely on. */
  readonly permissions: readonly PermissionRow[];
}

/**
 * The roles of a workspace: named sets of permissions. Asks for no permission itself. A role is referred to by id or
 * name; names compare ignoring letter case. Every method throws a Fault `service_unavailable` when the store does not
 * answer.
 */
export interface RoleService {
  /** Makes a role in the default project; yields its id. Throws a Fault `role_already_exists`. */
  create(caller: Caller, setting: RoleSetting): Promise<string>;
  /** Throws a Fault `role_not_found`. */
  find(workspaceId: string, reference: string): Promise<Role>;
  /** One page by id; searches id, name and description. */
  list(workspaceId: string, page: PageRequest): Promise<Page<Role>>;
  /** Deletes a role and takes it from every key; its permissions stay. Throws a Fault `role_not_found`. */
  remove(caller: Caller, reference: string): Promise<void>;
  /**
   * Makes the permissions of a role those given; yields them sorted by the bytes of the requested slugs. Takes the id
   * only. Throws a Fault `role_not_found`.
   */
  setPermissions(caller: Caller, setting: RolePermissionsSetting): Promise<readonly PermissionRow[]>;
}

export function createRoleService(deps: RoleDeps): RoleService {
  const { db } = deps;
  return {
    create: (caller, setting) =>
      reportingStoreFailure('creating a role', () => createRole(deps, caller, setting)),

    find: (workspaceId, reference) =>
      reportingStoreFailure('loading a role', async () => {
        const role = await findRole(db.replica, workspaceId, reference);
        if (role === undefined) throw roleNotFound();
        return { ...role, permissions: await listRolePermissions(db.replica, [role.id]) };
      }),

    list: (workspaceId, { cursor, search, limit }) =>
      reportingStoreFailure('listing roles', async () => {
        const rows = await listRoles(db.replica, workspaceId, { cursor, search, limit: limit + 1 });
        const { items, nextCursor } = pageOf(rows, limit);
        if (items.length === 0) return { items: [], nextCursor };
        const permissions = Map.groupBy(
          await listRolePermissions(db.replica, idsOf(items)),
          ({ roleId }) => roleId,
        );
        return {
          items: items.map((role) => ({ ...role, permissions: permissions.get(role.id) ?? [] })),
          nextCursor,
        };
      }),

    remove: (caller, reference) =>
      reportingStoreFailure('deleting a role', async () => {
        const { workspaceId } = caller.principal;
        // The primary: a role that was just made can be deleted.
        const found = await findRole(db.primary, workspaceId, reference);
        if (found === undefined) throw roleNotFound();
        await db.transaction(async (tx) => {
          const role = await lockRole(tx, workspaceId, found.id);
          if (role === undefined) throw roleNotFound();
          await deletePermissionsOfRole(tx, role.id);
          await deleteRoleFromKeys(tx, role.id);
          await deleteRole(tx, role.id);
          writeCallerEvents(tx, caller, { events: [roleDeleted(role)] }, deps);
        });
      }),

    setPermissions: (caller, setting) =>
      reportingStoreFailure('setting the permissions of a role', () =>
        setRolePermissions(deps, caller, setting),
      ),
  };
}
