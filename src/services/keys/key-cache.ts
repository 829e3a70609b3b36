import type { Integer } from '../../lib/json.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';

/** A rate limit that may apply to a key, as verification needs it. */
export interface KeyRateLimit {
  readonly id: string;
  readonly name: string;
  readonly limit: Integer;
  /** Milliseconds. */
  readonly duration: Integer;
  readonly autoApply: boolean;
  /** Key id for a limit of the key, identity id for one of its identity. */
  readonly identifier: string;
}

/** Everything that a verification needs of a key; loaded in one statement, decoded once and cached by hash. */
export interface CachedKey {
  readonly id: string;
  readonly keyspaceId: string;
  readonly workspaceId: string;
  /** Set on root keys: the workspace that the key manages. */
  readonly forWorkspaceId: string | null;
  readonly name: string | null;
  /** Parsed; undefined when absent, empty or unreadable. */
  readonly meta: Readonly<Record<string, unknown>> | undefined;
  /** Unix milliseconds. */
  readonly expires: number | null;
  readonly enabled: boolean;
  /** A hint: the usage limiter is authoritative. null = unlimited. */
  readonly remaining: Integer | null;
  readonly pendingMigrationId: string | null;
  readonly apiId: string;
  readonly apiDeleted: boolean;
  readonly ipWhitelist: ReadonlySet<string>;
  readonly workspaceEnabled: boolean;
  /** undefined when the key is not a root key, null when its target workspace has no row. */
  readonly targetWorkspaceEnabled: boolean | null | undefined;
  readonly identity:
    | {
        readonly id: string;
        readonly externalId: string;
        readonly meta: Readonly<Record<string, unknown>> | undefined;
        /** Identity-level limits that no key-level limit of the same name shadows, by name. */
        readonly ratelimits: readonly KeyRateLimit[];
      }
    | undefined;
  /** Names, sorted bytewise, no duplicates. */
  readonly roles: readonly string[];
  /** Slugs, direct and through roles, sorted bytewise, no duplicates. */
  readonly permissions: readonly string[];
  /** Limits in force by name; a key-level one replaces an identity-level one of the same name. */
  readonly ratelimits: ReadonlyMap<string, KeyRateLimit>;
}

export type KeyState =
  | 'VALID'
  | 'NOT_FOUND'
  | 'WORKSPACE_NOT_FOUND'
  | 'WORKSPACE_DISABLED'
  | 'DISABLED'
  | 'EXPIRED';

/** Keys by hash behind the stale-while-revalidate cache that verification and root-key authentication share. */
export interface KeyCache {
  /** The key with its state at load time, or null when no live row has the hash. Throws a DatabaseError when it cannot be loaded. */
  find(hash: string): MaybePromise<CachedKey | null>;
  /** State of what `find` yielded, first match wins; expiry is judged by the clock, not by the entry's age. */
  state(key: CachedKey | null): KeyState;
  /** Drops entries, after a change to the key. */
  remove(...hashes: readonly string[]): void;
  /** Drops a remembered "no such key", after a key with that hash was inserted. */
  removeNull(hash: string): void;
}
