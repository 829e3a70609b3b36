// Overrides of standalone rate limits. The unique key of namespace and identifier covers deleted ones too.

import type { Queryable, SqlValue } from '../database.ts';
import { forUpdate, insertOrKeep } from '../dialect.ts';
import { seekPage } from '../id-page.ts';

export interface OverrideRow {
  readonly id: string;
  /** May contain `*`. */
  readonly identifier: string;
  readonly limit: number | string;
  /** Milliseconds. */
  readonly duration: number | string;
}

export interface NewOverride {
  readonly id: string;
  readonly workspaceId: string;
  readonly namespaceId: string;
  readonly identifier: string;
  readonly limit: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly createdAt: number;
}

/** Inserts the override unless the namespace has, or had, one for this identifier. */
export async function insertOverrideOrKeep(q: Queryable, override: NewOverride): Promise<void> {
  await insertOrKeep(
    q,
    'insertOverrideOrKeep',
    'ratelimit_overrides',
    [
      {
        id: override.id,
        workspace_id: override.workspaceId,
        namespace_id: override.namespaceId,
        identifier: override.identifier,
        limit: override.limit,
        duration: override.duration,
        created_at_m: override.createdAt,
      },
    ],
    ['namespace_id', 'identifier'],
  );
}

/** Id of the namespace's override for this identifier, deleted or not, read with a lock. */
export async function lockOverride(
  q: Queryable,
  namespaceId: string,
  identifier: string,
): Promise<{ readonly id: string; readonly deletedAt: number | null } | undefined> {
  const rows = await q.all<{ id: string; deletedAt: number | null }>(
    'lockOverride',
    `SELECT id, deleted_at_m AS deletedAt FROM ratelimit_overrides
      WHERE namespace_id = :namespaceId AND identifier = :identifier${forUpdate(q)}`,
    { namespaceId, identifier },
  );
  return rows[0];
}

/** Overwrites what the override says and brings it back if it was deleted; `now` in unix ms. */
export async function updateOverride(
  q: Queryable,
  change: {
    readonly id: string;
    /** Equal to the stored one for the store, but perhaps not byte by byte. */
    readonly identifier: string;
    readonly limit: number;
    readonly duration: number;
    readonly now: number;
  },
): Promise<void> {
  await q.run(
    'updateOverride',
    `UPDATE ratelimit_overrides
        SET identifier = :identifier, \`limit\` = :limit, duration = :duration,
            updated_at_m = :now, deleted_at_m = NULL
      WHERE id = :id`,
    { ...change },
  );
}

/** Marks the override deleted at `now` (unix ms). */
export async function softDeleteOverride(q: Queryable, id: string, now: number): Promise<void> {
  await q.run('softDeleteOverride', 'UPDATE ratelimit_overrides SET deleted_at_m = :now WHERE id = :id', {
    id,
    now,
  });
}

/** Live overrides of a namespace by id, from `cursor` on when given. */
export function listOverrides(
  q: Queryable,
  page: {
    readonly namespaceId: string;
    /** Lower bound of the id, inclusive. */
    readonly cursor: string | undefined;
    readonly limit: number;
  },
): Promise<OverrideRow[]> {
  const params: Record<string, SqlValue> = { namespaceId: page.namespaceId, limit: page.limit };
  if (page.cursor !== undefined) params.cursor = page.cursor;
  const { owned, order } = seekPage(q, { column: 'namespace_id', parameter: 'namespaceId' }, page);
  return q.all<OverrideRow>(
    'listOverrides',
    `SELECT id, identifier, \`limit\` AS \`limit\`, duration FROM ratelimit_overrides
      WHERE ${owned} AND deleted_at_m IS NULL${page.cursor === undefined ? '' : ' AND id >= :cursor'}
      ORDER BY ${order} LIMIT :limit`,
    params,
  );
}
