// A key as management operations see it: its own row and everything that hangs on it. Loaded in a few plain ordered
// queries, for one key or for a page of them.

import { compareBytes } from '../../lib/byte-order.ts';
import { type Integer, toNullableInteger } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { fromDateTime } from '../../storage/sql/dialect.ts';
import type { KeyRange } from '../../storage/sql/key-selection.ts';
import { findLiveIdentitiesByIds } from '../../storage/sql/queries/identities.ts';
import {
  type KeyPermissionRow,
  type KeyRoleRow,
  listKeyPermissions,
  listKeyRolePermissions,
  listKeyRoles,
} from '../../storage/sql/queries/key-grants.ts';
import { type Ciphertext, type KeyRow, listCiphertexts } from '../../storage/sql/queries/keys.ts';
import { listIdentityRatelimits, listKeyRatelimits } from '../../storage/sql/queries/ratelimits.ts';
import { decodeIdentity, type StoredIdentity } from '../identities/stored-identity.ts';
import { decodeLimits, type StoredRateLimit } from '../ratelimit/stored-limits.ts';
import { parseMeta } from '../stored-meta.ts';

export interface StoredRole {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
}

export interface StoredPermission {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly description: string | null;
}

export interface StoredKey {
  readonly id: string;
  readonly keyspaceId: string;
  readonly workspaceId: string;
  readonly hash: string;
  readonly start: string;
  readonly name: string | null;
  readonly identityId: string | null;
  /** Parsed; undefined when absent, empty or unreadable. */
  readonly meta: Readonly<Record<string, unknown>> | undefined;
  /** Times in unix milliseconds. */
  readonly expires: number | null;
  readonly createdAt: number;
  readonly updatedAt: number | null;
  readonly lastUsedAt: number;
  readonly enabled: boolean;
  /** null = unlimited. */
  readonly remaining: Integer | null;
  /** null = no refill. */
  readonly refillAmount: Integer | null;
  /** null = daily, when there is a refill. */
  readonly refillDay: number | null;
  /** undefined when the key has none, or its identity is soft-deleted. */
  readonly identity: StoredIdentity | undefined;
  /** By name. */
  readonly roles: readonly StoredRole[];
  /** Attached to the key itself, by slug. */
  readonly permissions: readonly StoredPermission[];
  /** Through roles, by slug; repeats when two roles hold the same one. */
  readonly rolePermissions: readonly StoredPermission[];
  /** The key's own limits, by name. */
  readonly ratelimits: readonly StoredRateLimit[];
  readonly ciphertext: Ciphertext | undefined;
}

/**
 * Completes key rows with what hangs on them; yields keys in the order of the rows.
 * @param range holds all these keys and, but for those made meanwhile, no others; absent when they are few
 */
export async function completeKeys(
  q: Queryable,
  rows: readonly KeyRow[],
  log: Logger,
  range?: KeyRange,
): Promise<StoredKey[]> {
  if (rows.length === 0) return [];
  const keys = range ?? rows.map((row) => row.id);
  const identityIds = [...new Set(rows.flatMap((row) => row.identityId ?? []))];
  const [roles, permissions, rolePermissions, ratelimits, ciphertexts, identities, identityLimits] =
    await q.together((one) =>
      Promise.all([
        listKeyRoles(one, keys),
        listKeyPermissions(one, keys),
        listKeyRolePermissions(one, keys),
        listKeyRatelimits(one, keys),
        listCiphertexts(one, keys),
        identityIds.length === 0 ? [] : findLiveIdentitiesByIds(one, identityIds),
        identityIds.length === 0 ? [] : listIdentityRatelimits(one, identityIds),
      ]),
    );
  const parts = {
    roles: Map.groupBy(roles, (row) => row.keyId),
    permissions: Map.groupBy(permissions, (row) => row.keyId),
    rolePermissions: Map.groupBy(rolePermissions, (row) => row.keyId),
    ratelimits: Map.groupBy(ratelimits, (row) => row.ownerId),
    ciphertexts: new Map(ciphertexts.map((row) => [row.keyId, row])),
    identities: new Map(identities.map((row) => [row.id, row])),
    identityLimits: Map.groupBy(identityLimits, (row) => row.ownerId),
  };
  return rows.map((row): StoredKey => {
    const identity = row.identityId === null ? undefined : parts.identities.get(row.identityId);
    return {
      id: row.id,
      keyspaceId: row.keyspaceId,
      workspaceId: row.workspaceId,
      hash: row.hash,
      start: row.start,
      name: row.name,
      identityId: row.identityId,
      meta: parseMeta(row.meta, log, { keyId: row.id }),
      expires: row.expires === null ? null : fromDateTime(row.expires),
      createdAt: row.createdAt,
      updatedAt: row.updatedAt,
      lastUsedAt: row.lastUsedAt,
      enabled: Boolean(row.enabled),
      remaining: toNullableInteger(row.remaining),
      refillAmount: toNullableInteger(row.refillAmount),
      refillDay: row.refillDay,
      identity: identity && decodeIdentity(identity, parts.identityLimits.get(identity.id), log),
      roles: (parts.roles.get(row.id) ?? []).map(decodeRole).sort((a, b) => compareBytes(a.name, b.name)),
      permissions: decodePermissions(parts.permissions.get(row.id)),
      rolePermissions: decodePermissions(parts.rolePermissions.get(row.id)),
      ratelimits: decodeLimits(parts.ratelimits.get(row.id)),
      ciphertext: parts.ciphertexts.get(row.id),
    };
  });
}

function decodeRole({ id, name, description }: KeyRoleRow): StoredRole {
  return { id, name, description };
}

function decodePermissions(rows: readonly KeyPermissionRow[] = []): StoredPermission[] {
  return rows
    .map(({ id, name, slug, description }) => ({ id, name, slug, description }))
    .sort((a, b) => compareBytes(a.slug, b.slug));
}
