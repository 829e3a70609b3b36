// Root keys are rows of `keys` with `for_workspace_id` set; their grants are permissions of the root workspace.
import type { Queryable } from '../database.ts';
import { forUpdate } from '../dialect.ts';

/** Holds the API's row until the transaction ends: bootstraps of one installation go one after another. */
export async function lockApi(q: Queryable, id: string): Promise<void> {
  await q.all('lockApi', `SELECT id FROM apis WHERE id = :id${forUpdate(q)}`, { id });
}

export interface WorkspaceRow {
  readonly id: string;
  readonly slug: string;
}

/** The live workspace with this id, or else with this slug. */
export async function findWorkspace(q: Queryable, idOrSlug: string): Promise<WorkspaceRow | undefined> {
  const rows = await q.all<WorkspaceRow>(
    'findWorkspace',
    'SELECT id, slug FROM workspaces WHERE (id = :idOrSlug OR slug = :idOrSlug) AND deleted_at_m IS NULL',
    { idOrSlug },
  );
  return rows.find((row) => row.id === idOrSlug) ?? rows[0];
}

/** Holds the workspaces' rows until the transaction ends: changes to the set of their root keys go one after another. */
export async function lockWorkspaces(q: Queryable, ids: readonly string[]): Promise<void> {
  await q.all('lockWorkspaces', `SELECT id FROM workspaces WHERE id IN (:ids) ORDER BY id${forUpdate(q)}`, {
    ids: [...ids],
  });
}

export interface RootKeyRow {
  readonly id: string;
  readonly name: string | null;
  readonly start: string;
  /** The workspace that the key acts for. */
  readonly workspaceId: string;
  readonly workspaceSlug: string | null;
  readonly enabled: number;
  readonly createdAt: number;
  /** As the column holds it; `fromDateTime` makes it unix ms. */
  readonly expires: string | null;
  /** 0 when never seen. */
  readonly lastUsedAt: number;
  readonly deletedAt: number | null;
}

const ROOT_KEYS = `SELECT k.id, k.name, k.start, k.for_workspace_id AS workspaceId, w.slug AS workspaceSlug, k.enabled,
                          k.created_at_m AS createdAt, k.expires, k.last_used_at AS lastUsedAt,
                          k.deleted_at_m AS deletedAt
                     FROM \`keys\` k LEFT JOIN workspaces w ON w.id = k.for_workspace_id
                    WHERE k.workspace_id = :rootWorkspaceId AND k.for_workspace_id IS NOT NULL`;

/** Every root key of the installation, deleted ones included, oldest first. */
export function listAllRootKeyRows(q: Queryable, rootWorkspaceId: string): Promise<RootKeyRow[]> {
  return q.all<RootKeyRow>('listAllRootKeyRows', `${ROOT_KEYS} ORDER BY k.pk`, { rootWorkspaceId });
}

/** The root keys that act for these workspaces, deleted ones included, oldest first. */
export function listRootKeyRows(
  q: Queryable,
  rootWorkspaceId: string,
  workspaceIds: readonly string[],
): Promise<RootKeyRow[]> {
  return q.all<RootKeyRow>(
    'listRootKeyRows',
    `${ROOT_KEYS} AND k.for_workspace_id IN (:workspaceIds) ORDER BY k.pk`,
    { rootWorkspaceId, workspaceIds: [...workspaceIds] },
  );
}

/** The root keys with these ids, deleted ones included; ids of other keys yield nothing. */
export function findRootKeyRows(
  q: Queryable,
  rootWorkspaceId: string,
  ids: readonly string[],
): Promise<RootKeyRow[]> {
  return q.all<RootKeyRow>('findRootKeyRows', `${ROOT_KEYS} AND k.id IN (:ids) ORDER BY k.pk`, {
    rootWorkspaceId,
    ids: [...ids],
  });
}

/** Holds the keys' rows until the transaction ends. */
export async function lockKeys(q: Queryable, ids: readonly string[]): Promise<void> {
  await q.all('lockKeys', `SELECT id FROM \`keys\` WHERE id IN (:ids) ORDER BY id${forUpdate(q)}`, {
    ids: [...ids],
  });
}

/** Whose key has this hash, deleted or not; hashes are unique over both. */
export async function findKeyIdByHash(q: Queryable, hash: string): Promise<string | undefined> {
  const rows = await q.all<{ id: string }>('findKeyIdByHash', 'SELECT id FROM `keys` WHERE hash = :hash', {
    hash,
  });
  return rows[0]?.id;
}

/** Marks the keys deleted at `now`; those that are already keep their time. */
export async function softDeleteKeys(q: Queryable, ids: readonly string[], now: number): Promise<void> {
  await q.run(
    'softDeleteKeys',
    'UPDATE `keys` SET deleted_at_m = :now WHERE id IN (:ids) AND deleted_at_m IS NULL',
    { ids: [...ids], now },
  );
}
