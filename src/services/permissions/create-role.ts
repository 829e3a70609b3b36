import type { Clock } from '../../lib/clock.ts';
import { idsOf } from '../../lib/rows.ts';
import type { IdSource } from '../../lib/uid.ts';
import { type Database, DuplicateKeyError } from '../../storage/sql/database.ts';
import { insertRolePermissions } from '../../storage/sql/queries/role-permissions.ts';
import { insertRole } from '../../storage/sql/queries/roles.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { ensureDefaultProject } from '../projects/default-project.ts';
import { permissionCreatedOnTheWay, permissionGiven, roleCreated } from './access-events.ts';
import { roleExists } from './access-faults.ts';
import { lockSortedPermissions } from './lock-permissions.ts';

export interface RoleSetting {
  readonly name: string;
  /** Empty counts as none. */
  readonly description: string | undefined;
  /** Slugs of the permissions that it holds; missing ones are created. */
  readonly permissions: readonly string[];
  /** Called once before a permission is created; may throw to refuse it. */
  readonly beforeCreatingPermissions: () => void;
}

export interface RoleDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** Makes a role and what it holds in one transaction; yields its id. Throws a Fault `role_already_exists`. */
export function createRole(deps: RoleDeps, caller: Caller, setting: RoleSetting): Promise<string> {
  const { db, clock, ids } = deps;
  const { workspaceId } = caller.principal;
  return db.transaction(async (tx) => {
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

    const createdAt = clock.now();
    const role = { id: ids.next('role'), name: setting.name, description: setting.description || null };
    try {
      await insertRole(tx, { ...role, workspaceId, projectId, createdAt });
    } catch (error) {
      throw error instanceof DuplicateKeyError ? roleExists(role.name) : error;
    }
    await insertRolePermissions(tx, {
      roleId: role.id,
      workspaceId,
      permissionIds: idsOf(all),
      createdAt,
    });

    const events = [
      roleCreated(role),
      ...created.map(permissionCreatedOnTheWay),
      ...all.map((permission) => permissionGiven(role, permission)),
    ];
    writeCallerEvents(tx, caller, { events }, deps);
    return role.id;
  });
}
