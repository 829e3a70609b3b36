import type { Database } from '../../storage/sql/database.ts';
import { listKeyPermissions, listKeyRolePermissions } from '../../storage/sql/queries/key-grants.ts';
import { listAllRootKeyRows, listRootKeyRows } from '../../storage/sql/queries/root-keys.ts';
import { type RootKey, toRootKey } from './root-key.ts';
import { findRootSide } from './root-side.ts';
import { resolveWorkspace } from './workspace.ts';

export interface ListRootKeysRequest {
  /** Id or slug; every workspace unless given. */
  readonly workspace?: string;
  /** Revoked keys as well. */
  readonly includeRevoked?: boolean;
  readonly rootApiId?: string;
}

export interface ListedRootKey extends RootKey {
  /** How many distinct permissions the key has, directly and through roles. */
  readonly permissionCount: number;
}

/**
 * The root keys of one workspace or of all, oldest first.
 * @throws Fault `workspace_not_found`, `api_not_found` without a root API
 */
export async function listRootKeys(
  deps: { readonly db: Database },
  request: ListRootKeysRequest = {},
): Promise<ListedRootKey[]> {
  const q = deps.db.primary;
  const root = await findRootSide(q, request.rootApiId);
  const rows =
    request.workspace === undefined
      ? await listAllRootKeyRows(q, root.workspaceId)
      : await listRootKeyRows(q, root.workspaceId, [(await resolveWorkspace(q, request.workspace)).id]);
  const keys = rows.map(toRootKey).filter((key) => request.includeRevoked === true || key.deletedAt === null);

  const ids = keys.map((key) => key.id);
  const permissions = new Map<string, Set<string>>(ids.map((id) => [id, new Set()]));
  for (const grant of [...(await listKeyPermissions(q, ids)), ...(await listKeyRolePermissions(q, ids))]) {
    permissions.get(grant.keyId)?.add(grant.id);
  }
  return keys.map((key) => ({ ...key, permissionCount: permissions.get(key.id)?.size ?? 0 }));
}
