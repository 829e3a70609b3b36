import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import { type Database, DuplicateKeyError } from '../../storage/sql/database.ts';
import { deletePermissionFromKeys } from '../../storage/sql/queries/key-grants.ts';
import {
  deletePermission,
  findPermission,
  insertPermission,
  listPermissions,
  lockPermissionsBySlugs,
  type PermissionRow,
} from '../../storage/sql/queries/permissions.ts';
import { deletePermissionFromRoles } from '../../storage/sql/queries/role-permissions.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { type Page, type PageRequest, pageOf } from '../page.ts';
import { ensureDefaultProject } from '../projects/default-project.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import { permissionCreated, permissionDeleted, permissionMeta } from './access-events.ts';
import { permissionExists, permissionNotFound } from './access-faults.ts';

export interface PermissionSetting {
  readonly name: string;
  readonly slug: string;
  /** Empty counts as none. */
  readonly description: string | undefined;
}

/**
 * The permissions that a workspace grants to its keys and roles. Asks for no permission itself. A permission is referred
 * to by id or slug; slugs compare ignoring letter case. Every method throws a Fault `service_unavailable` when the store
 * does not answer.
 */
export interface PermissionService {
  /** Makes a permission in the default project; yields its id. Throws a Fault `permission_already_exists`. */
  create(caller: Caller, setting: PermissionSetting): Promise<string>;
  /** Throws a Fault `permission_not_found`. */
  find(workspaceId: string, reference: string): Promise<PermissionRow>;
  /** One page by id; searches id, name, slug and description. */
  list(workspaceId: string, page: PageRequest): Promise<Page<PermissionRow>>;
  /** Deletes a permission and takes it from every role and key. Throws a Fault `permission_not_found`. */
  remove(caller: Caller, reference: string): Promise<void>;
}

export interface PermissionServiceDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
}

export function createPermissionService(deps: PermissionServiceDeps): PermissionService {
  const { db, clock, ids } = deps;
  return {
    create: (caller, { name, slug, description }) =>
      reportingStoreFailure('creating a permission', () =>
        db.transaction(async (tx) => {
          const { workspaceId } = caller.principal;
          const projectId = await ensureDefaultProject(tx, workspaceId, deps);
          const permission = { id: ids.next('permission'), name, slug, description: description || null };
          try {
            await insertPermission(tx, { ...permission, workspaceId, projectId, createdAt: clock.now() });
          } catch (error) {
            throw error instanceof DuplicateKeyError ? permissionExists(slug) : error;
          }
          const event = permissionCreated(permission, permissionMeta(permission));
          writeCallerEvents(tx, caller, { events: [event] }, deps);
          return permission.id;
        }),
      ),

    find: (workspaceId, reference) =>
      reportingStoreFailure('loading a permission', async () => {
        const permission = await findPermission(db.replica, workspaceId, reference);
        if (permission === undefined) throw permissionNotFound();
        return permission;
      }),

    list: (workspaceId, { cursor, search, limit }) =>
      reportingStoreFailure('listing permissions', async () =>
        pageOf(await listPermissions(db.replica, workspaceId, { cursor, search, limit: limit + 1 }), limit),
      ),

    remove: (caller, reference) =>
      reportingStoreFailure('deleting a permission', async () => {
        const { workspaceId } = caller.principal;
        // The primary: a permission that was just made can be deleted.
        const found = await findPermission(db.primary, workspaceId, reference);
        if (found === undefined) throw permissionNotFound();
        await db.transaction(async (tx) => {
          // By slug, as those who link it lock it: two who lock one row by different indexes can wait for each other.
          const [permission] = await lockPermissionsBySlugs(tx, workspaceId, [found.slug]);
          if (permission?.id !== found.id) throw permissionNotFound();
          await deletePermissionFromRoles(tx, permission.id);
          await deletePermissionFromKeys(tx, permission.id);
          await deletePermission(tx, permission.id);
          writeCallerEvents(tx, caller, { events: [permissionDeleted(permission)] }, deps);
        });
      }),
  };
}
