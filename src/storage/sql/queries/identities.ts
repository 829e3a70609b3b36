import type { Queryable } from '../database.ts';
import { forUpdate, insertOrKeep } from '../dialect.ts';

export interface IdentityRow {
  readonly id: string;
  readonly externalId: string;
  /** JSON text. */
  readonly meta: string | null;
}

/** Inserts an identity with empty meta unless the workspace has a live one with this external id. */
export async function insertIdentityOrKeep(
  q: Queryable,
  identity: {
    readonly id: string;
    readonly externalId: string;
    readonly workspaceId: string;
    readonly projectId: string;
    readonly createdAt: number;
  },
): Promise<void> {
  await insertOrKeep(
    q,
    'insertIdentityOrKeep',
    'identities',
    [
      {
        id: identity.id,
        external_id: identity.externalId,
        workspace_id: identity.workspaceId,
        project_id: identity.projectId,
        environment: 'default',
        meta: '{}',
        deleted: false,
        created_at: identity.createdAt,
      },
    ],
    ['workspace_id', 'external_id', 'deleted'],
  );
}

/** Id of the live identity, read with a lock so that the latest commit is seen. */
export function lockLiveIdentityByExternalId(
  q: Queryable,
  workspaceId: string,
  externalId: string,
): Promise<string | undefined> {
  return readLiveIdentity(q, 'lockLiveIdentityByExternalId', workspaceId, externalId, forUpdate(q));
}

/** Id of the live identity with this external id, or undefined. */
export function findLiveIdentityByExternalId(
  q: Queryable,
  workspaceId: string,
  externalId: string,
): Promise<string | undefined> {
  return readLiveIdentity(q, 'findLiveIdentityByExternalId', workspaceId, externalId, '');
}

async function readLiveIdentity(
  q: Queryable,
  operation: string,
  workspaceId: string,
  externalId: string,
  lock: string,
): Promise<string | undefined> {
  const rows = await q.all<{ id: string }>(
    operation,
    `SELECT id FROM identities
      WHERE workspace_id = :workspaceId AND external_id = :externalId AND deleted = 0${lock}`,
    { workspaceId, externalId },
  );
  return rows[0]?.id;
}

/** The live ones among the identities with these ids. */
export function findLiveIdentitiesByIds(q: Queryable, ids: readonly string[]): Promise<IdentityRow[]> {
  return q.all<IdentityRow>(
    'findLiveIdentitiesByIds',
    'SELECT id, external_id AS externalId, meta FROM identities WHERE id IN (:ids) AND deleted = 0 ORDER BY id',
    { ids },
  );
}
