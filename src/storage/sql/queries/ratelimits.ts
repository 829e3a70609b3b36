import type { Queryable, SqlValue } from '../database.ts';
import { insertOrKeep, insertRows } from '../dialect.ts';
import { type KeySelection, rowsOfKeys } from '../key-selection.ts';

export interface RatelimitRow {
  readonly id: string;
  readonly name: string;
  /** Id of the key or identity that the limit belongs to. */
  readonly ownerId: string;
  readonly limit: number | string;
  readonly duration: number | string;
  readonly autoApply: number;
}

interface NewRatelimit {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly limit: number | bigint;
  /** Milliseconds. */
  readonly duration: number | bigint;
  readonly autoApply: boolean;
  readonly createdAt: number;
}

export interface NewKeyRatelimit extends NewRatelimit {
  readonly keyId: string;
}

export interface NewIdentityRatelimit extends NewRatelimit {
  readonly identityId: string;
}

/** Limits of these keys, by name. */
export function listKeyRatelimits(q: Queryable, keys: KeySelection): Promise<RatelimitRow[]> {
  const { from, where, params } = rowsOfKeys(q, keys, 'ratelimits l', 'l.key_id');
  return q.all<RatelimitRow>(
    'listKeyRatelimits',
    `SELECT l.id AS id, l.name AS name, l.key_id AS ownerId, l.\`limit\` AS \`limit\`, l.duration AS duration,
            l.auto_apply AS autoApply
       FROM ${from} WHERE ${where} ORDER BY l.key_id, l.name`,
    params,
  );
}

/** Limits of these identities, by name. */
export function listIdentityRatelimits(
  q: Queryable,
  identityIds: readonly string[],
): Promise<RatelimitRow[]> {
  return q.all<RatelimitRow>(
    'listIdentityRatelimits',
    `SELECT id, name, identity_id AS ownerId, \`limit\`, duration, auto_apply AS autoApply
       FROM ratelimits WHERE identity_id IN (:identityIds) ORDER BY identity_id, name`,
    { identityIds },
  );
}

/** Inserts limits of keys; one whose name the key already has is left as it is. */
export async function insertKeyRatelimits(
  q: Queryable,
  ratelimits: readonly NewKeyRatelimit[],
): Promise<void> {
  await insertOrKeep(
    q,
    'insertKeyRatelimits',
    'ratelimits',
    ratelimits.map((ratelimit) => ({ ...newRow(ratelimit), key_id: ratelimit.keyId })),
    ['key_id', 'name'],
  );
}

/** Inserts limits of an identity. Throws a DuplicateKeyError when it has one of these names already. */
export async function insertIdentityRatelimits(
  q: Queryable,
  ratelimits: readonly NewIdentityRatelimit[],
): Promise<void> {
  await insertRows(
    q,
    'insertIdentityRatelimits',
    'ratelimits',
    ratelimits.map((ratelimit) => ({ ...newRow(ratelimit), identity_id: ratelimit.identityId })),
  );
}

function newRow(ratelimit: NewRatelimit): Record<string, SqlValue> {
  return {
    id: ratelimit.id,
    name: ratelimit.name,
    workspace_id: ratelimit.workspaceId,
    created_at: ratelimit.createdAt,
    limit: ratelimit.limit,
    duration: ratelimit.duration,
    auto_apply: ratelimit.autoApply,
  };
}

/** Overwrites what a limit allows; its id, name and creation time stay. `now` in unix ms. */
export async function updateRatelimit(
  q: Queryable,
  change: {
    readonly id: string;
    readonly limit: number;
    readonly duration: number;
    readonly autoApply: boolean;
    readonly now: number;
  },
): Promise<void> {
  await q.run(
    'updateRatelimit',
    `UPDATE ratelimits
        SET \`limit\` = :limit, duration = :duration, auto_apply = :autoApply, updated_at = :now
      WHERE id = :id`,
    { ...change },
  );
}

export async function deleteRatelimits(q: Queryable, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await q.run('deleteRatelimits', 'DELETE FROM ratelimits WHERE id IN (:ids)', { ids });
}
