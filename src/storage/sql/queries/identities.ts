import { chunksOf } from '../../../lib/chunks.ts';
import type { Queryable, SqlValue } from '../database.ts';
import { forUpdate, insertOrKeep, insertRows, MAX_LISTED } from '../dialect.ts';
import { type IdPage, idPageClause } from '../id-page.ts';

export interface IdentityRow {
  readonly id: string;
  readonly externalId: string;
  /** JSON text. */
  readonly meta: string | null;
}

export interface NewIdentity {
  readonly id: string;
  readonly externalId: string;
  readonly workspaceId: string;
  readonly projectId: string;
  readonly createdAt: number;
}

const IDENTITY_COLUMNS = 'id, external_id AS externalId, meta';

/** Inserts an identity with empty meta unless the workspace has a live one with this external id. */
export async function insertIdentityOrKeep(q: Queryable, identity: NewIdentity): Promise<void> {
  await insertIdentitiesOrKeep(q, [identity]);
}

/** The same for many. */
export async function insertIdentitiesOrKeep(
  q: Queryable,
  identities: readonly NewIdentity[],
): Promise<void> {
  await insertOrKeep(
    q,
    'insertIdentitiesOrKeep',
    'identities',
    identities.map((identity) => newRow(identity, '{}')),
    ['workspace_id', 'external_id', 'deleted'],
  );
}

/** Throws a DuplicateKeyError when the workspace has a live identity with this external id. `meta` is JSON text. */
export async function insertIdentity(
  q: Queryable,
  identity: NewIdentity & { readonly meta: string },
): Promise<void> {
  await insertRows(q, 'insertIdentity', 'identities', [newRow(identity, identity.meta)]);
}

function newRow(identity: NewIdentity, meta: string): Record<string, SqlValue> {
  return {
    id: identity.id,
    external_id: identity.externalId,
    workspace_id: identity.workspaceId,
    project_id: identity.projectId,
    environment: 'default',
    meta,
    deleted: false,
    created_at: identity.createdAt,
  };
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

export type IdentityKey = Pick<IdentityRow, 'id' | 'externalId'>;

/** Ids of the workspace's live identities with these external ids. */
export function findLiveIdentitiesByExternalIds(
  q: Queryable,
  workspaceId: string,
  externalIds: readonly string[],
): Promise<IdentityKey[]> {
  return readLiveIdentities(q, 'findLiveIdentitiesByExternalIds', workspaceId, externalIds, '');
}

/** The same with a locking read, which sees the latest commit. */
export function lockLiveIdentitiesByExternalIds(
  q: Queryable,
  workspaceId: string,
  externalIds: readonly string[],
): Promise<IdentityKey[]> {
  return readLiveIdentities(q, 'lockLiveIdentitiesByExternalIds', workspaceId, externalIds, forUpdate(q));
}

async function readLiveIdentities(
  q: Queryable,
  operation: string,
  workspaceId: string,
  externalIds: readonly string[],
  lock: string,
): Promise<IdentityKey[]> {
  const rows: IdentityKey[] = [];
  for (const listed of chunksOf(externalIds, MAX_LISTED)) {
    const found = await q.all<IdentityKey>(
      operation,
      `SELECT id, external_id AS externalId FROM identities
        WHERE workspace_id = :workspaceId AND external_id IN (:listed) AND deleted = 0
        ORDER BY external_id${lock}`,
      { workspaceId, listed },
    );
    rows.push(...found);
  }
  return rows;
}

/** The live ones among the identities with these ids. */
export function findLiveIdentitiesByIds(q: Queryable, ids: readonly string[]): Promise<IdentityRow[]> {
  return q.all<IdentityRow>(
    'findLiveIdentitiesByIds',
    `SELECT ${IDENTITY_COLUMNS} FROM identities WHERE id IN (:ids) AND deleted = 0 ORDER BY id`,
    { ids },
  );
}

/** The workspace's live identities with this id or external id: two when the external id of one is the id of the other. */
export function findLiveIdentities(q: Queryable, workspaceId: string, value: string): Promise<IdentityRow[]> {
  // Each branch has an index of its own: the id's, and the one of workspace and external id.
  return q.all<IdentityRow>(
    'findLiveIdentities',
    `SELECT ${IDENTITY_COLUMNS} FROM identities
      WHERE (id = :value OR (workspace_id = :workspaceId AND external_id = :value AND deleted = 0))
        AND workspace_id = :workspaceId AND deleted = 0
      ORDER BY id`,
    { workspaceId, value },
  );
}

/** The identity if it is live, locked until the transaction ends. */
export async function lockLiveIdentity(q: Queryable, id: string): Promise<IdentityRow | undefined> {
  const rows = await q.all<IdentityRow>(
    'lockLiveIdentity',
    `SELECT ${IDENTITY_COLUMNS} FROM identities WHERE id = :id AND deleted = 0${forUpdate(q)}`,
    { id },
  );
  return rows[0];
}

/** The workspace's live identities by id, from `cursor` on when given, and only those that contain `search`. */
export function listIdentities(q: Queryable, workspaceId: string, page: IdPage): Promise<IdentityRow[]> {
  const { clause, params } = idPageClause(q, { column: 'workspace_id', parameter: 'workspaceId' }, page, [
    'id',
    'external_id',
  ]);
  return q.all<IdentityRow>(
    'listIdentities',
    `SELECT ${IDENTITY_COLUMNS} FROM identities WHERE deleted = 0 AND ${clause}`,
    { ...params, workspaceId },
  );
}

/** Replaces the meta (JSON text) of an identity; `now` in unix ms. */
export async function updateIdentityMeta(
  q: Queryable,
  change: { readonly id: string; readonly meta: string; readonly now: number },
): Promise<void> {
  await q.run('updateIdentityMeta', 'UPDATE identities SET meta = :meta, updated_at = :now WHERE id = :id', {
    ...change,
  });
}

/** Id of the soft-deleted identity with this external id, of which there is at most one. */
export async function findDeletedIdentity(
  q: Queryable,
  workspaceId: string,
  externalId: string,
): Promise<string | undefined> {
  const rows = await q.all<{ id: string }>(
    'findDeletedIdentity',
    `SELECT id FROM identities
      WHERE workspace_id = :workspaceId AND external_id = :externalId AND deleted = 1`,
    { workspaceId, externalId },
  );
  return rows[0]?.id;
}

/**
 * Marks an identity deleted; `now` in unix ms. Throws a DuplicateKeyError when a deleted one of its workspace has the
 * same external id.
 */
export async function softDeleteIdentity(q: Queryable, id: string, now: number): Promise<void> {
  await q.run('softDeleteIdentity', 'UPDATE identities SET deleted = 1, updated_at = :now WHERE id = :id', {
    id,
    now,
  });
}

/** Removes the row of an identity. */
export async function deleteIdentity(q: Queryable, id: string): Promise<void> {
  await q.run('deleteIdentity', 'DELETE FROM identities WHERE id = :id', { id });
}
