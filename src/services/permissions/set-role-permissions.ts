import { idsOf, without } from '../../lib/rows.ts';
import type { PermissionRow } from '../../storage/sql/queries/permissions.ts';
import {
  deleteHeldPermissions,
  insertRolePermissions,
  listHeldPermissions,
} from '../../storage/sql/queries/role-permissions.ts';
import { lockRole } from '../../storage/sql/queries/roles.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { ensureDefaultProject } from '../projects/default-project.ts';
import { permissionCreated, permissionGiven, permissionTaken } from './access-events.ts';
import { roleNotFound } from './access-faults.ts';
import type { RoleDeps, RoleSetting } from './create-role.ts';
import { lockSortedPermissions } from './lock-permissions.ts';

export interface RolePermissionsSetting
  extends Pick<RoleSetting, 'permissions' | 'beforeCreatingPermissions'> {
  readonly roleId: string;
}

/**
 * Makes the permissions of a role those given, in one transaction, and yields them sorted by the bytes of the requested
 * slugs. Throws a Fault `role_not_found`.
 */
export function setRolePermissions(
  deps: RoleDeps,
  caller: Caller,
  setting: RolePermissionsSetting,
): Promise<readonly PermissionRow[]> {
  const { workspaceId } = caller.principal;
  return deps.db.transaction(async (tx) => {
    // First of all: the plain reads below then see what concurrent calls for this role have committed.
    const role = await lockRole(tx, workspaceId, setting.roleId);
    if (role === undefined) throw roleNotFound();
    const projectId = await ensureDefaultProject(tx, workspaceId, deps);
    const { all, created } = await lockSortedPermissions(
      tx,
      {
        workspaceId,
        projectId,
        slugs: setting.permissions,
        beforeCreate: setting.beforeCreatingPermissions,
      },
      deps,
    );

    // Not locked one by one: the role's lock guards its links, and locking them would lock the gap to the next role's,
    // in which concurrent calls for other roles insert.
    const held = await listHeldPermissions(tx, role.id);
    const surplus = without(held, all);
    const lacking = without(all, held);
    await deleteHeldPermissions(tx, surplus);
    await insertRolePermissions(tx, {
      roleId: role.id,
      workspaceId,
      permissionIds: idsOf(lacking),
      createdAt: deps.clock.now(),
    });

    writeCallerEvents(
      tx,
      caller,
      {
        correlationId: deps.ids.next('correlation'),
        events: [
          ...created.map((permission) => permissionCreated(permission)),
          ...surplus.map((permission) => permissionTaken(role, permission)),
          ...lacking.map((permission) => permissionGiven(role, permission)),
        ],
      },
      deps,
    );
    return all;
  });
}
