import { fromDateTime } from '../../storage/sql/dialect.ts';
import type { RootKeyRow } from '../../storage/sql/queries/root-keys.ts';

/** A root key as operators see it: never its hash, never its secret. Times are unix milliseconds. */
export interface RootKey {
  readonly id: string;
  readonly name: string | null;
  /** Prefix and first characters of the secret. */
  readonly start: string;
  /** The workspace that the key acts for. */
  readonly workspaceId: string;
  /** null when that workspace has no row. */
  readonly workspaceSlug: string | null;
  readonly enabled: boolean;
  readonly createdAt: number;
  /** null = never. */
  readonly expires: number | null;
  /** null = not known. */
  readonly lastUsedAt: number | null;
  /** null = not revoked. */
  readonly deletedAt: number | null;
}

export function toRootKey(row: RootKeyRow): RootKey {
  return {
    ...row,
    enabled: Boolean(row.enabled),
    expires: row.expires === null ? null : fromDateTime(row.expires),
    lastUsedAt: row.lastUsedAt === 0 ? null : row.lastUsedAt,
  };
}

/** Whether the key is there and in time. A disabled one counts: somebody may enable it again. */
export function isUsable(key: RootKey, now: number): boolean {
  return key.deletedAt === null && (key.expires === null || key.expires >= now);
}

/** Whether a request with the key would be let in. */
export function isLive(key: RootKey, now: number): boolean {
  return key.enabled && isUsable(key, now);
}
