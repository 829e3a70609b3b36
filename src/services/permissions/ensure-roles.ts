import { foldAsciiCase } from '../../lib/ascii-case.ts';
import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import {
  findRolesByNames,
  insertRolesOrKeep,
  lockRolesByNames,
  type RoleRow,
} from '../../storage/sql/queries/roles.ts';
import { ensureRows } from '../ensure-rows.ts';

/**
 * The workspace's roles with these names, by name with its ASCII case folded, the missing ones created without a
 * description or permissions. Concurrent callers agree on one row per name. Writes no audit event.
 */
export function ensureRoles(
  tx: Transaction,
  request: {
    readonly workspaceId: string;
    readonly projectId: string;
    readonly names: Iterable<string>;
  },
  { clock, ids }: { readonly clock: Clock; readonly ids: IdSource },
): Promise<ReadonlyMap<string, RoleRow>> {
  const { workspaceId, projectId } = request;
  return ensureRows<RoleRow>(request.names, {
    fold: foldAsciiCase,
    textOf: ({ name }) => name,
    find: (names) => findRolesByNames(tx, workspaceId, names),
    insertOrKeep(names) {
      const createdAt = clock.now();
      return insertRolesOrKeep(
        tx,
        names.map((name) => ({
          id: ids.next('role'),
          name,
          description: null,
          workspaceId,
          projectId,
          createdAt,
        })),
      );
    },
    lock: (names) => lockRolesByNames(tx, workspaceId, names),
  });
}
