// Keys imported from another system carry a foreign hash until they are first used.

import { Fault } from '../../lib/fault.ts';
import { sha256Base64, sha256Hex } from '../../lib/hash.ts';
import type { Database } from '../../storage/sql/database.ts';
import { findKeyMigration, hasLiveKey, rehashMigratedKey } from '../../storage/sql/queries/key-migrations.ts';
import type { CachedKey, KeyCache } from './key-cache.ts';

/** The foreign hash of a key, and the `start` that it gets once it is ours. */
export interface ForeignKey {
  readonly hash: string;
  readonly start: string;
}

/** Characters of the random part that a stored `start` shows. */
const SHOWN_CHARACTERS = 4;

/**
 * Splits `prefix_shortToken_longToken` (the prefixed-api-key format, whose stored hash covers the long token alone).
 * Throws a Fault `authentication:malformed` when there are fewer than three parts.
 */
export function parsePrefixedApiKey(key: string): ForeignKey {
  const parts = key.split('_');
  const longToken = parts.pop();
  const shortToken = parts.pop();
  if (longToken === undefined || shortToken === undefined || parts.length === 0) {
    throw new Fault('unkey:authentication:malformed', {
      public: 'The key is not of the form <prefix>_<short token>_<long token> that its migration expects.',
    });
  }
  return {
    hash: sha256Hex(longToken),
    start: `${parts.join('_')}_${`${shortToken}_${longToken}`.slice(0, SHOWN_CHARACTERS)}`,
  };
}

/** A key found by its foreign hash. */
export interface MigratedKey {
  readonly key: CachedKey | null;
  /** Present when the key still carries the foreign hash: gives it its native one. Call it once the caller is authorized. */
  readonly adopt: (() => Promise<void>) | undefined;
}

const NOT_MIGRATED: MigratedKey = { key: null, adopt: undefined };

/**
 * Looks for a key under the hash that its migration's algorithm prescribes, once the ordinary lookup has missed.
 * Throws a Fault: `authentication:malformed` for a key that the algorithm cannot split, `unexpected_error` for an
 * algorithm that this version does not know.
 */
export async function findMigratedKey(
  deps: { readonly db: Database; readonly keyCache: KeyCache; readonly now: () => number },
  request: { readonly key: string; readonly migrationId: string; readonly workspaceId: string },
): Promise<MigratedKey> {
  const { db, keyCache, now } = deps;
  const migration = await findKeyMigration(db.replica, request.migrationId, request.workspaceId);
  if (migration === undefined) return NOT_MIGRATED;
  switch (migration.algorithm) {
    case 'sha256':
      // The native format: the ordinary lookup has already missed.
      return NOT_MIGRATED;
    case 'github.com/seamapi/prefixed-api-key': {
      const foreign = parsePrefixedApiKey(request.key);
      const hash = sha256Base64(request.key);
      const key = await keyCache.find(foreign.hash);
      if (key === null) return { key: await findAdopted(deps, hash), adopt: undefined };
      if (key.pendingMigrationId !== request.migrationId) return { key, adopt: undefined };
      const adopt = async (): Promise<void> => {
        try {
          await rehashMigratedKey(db.primary, {
            keyId: key.id,
            migrationId: request.migrationId,
            hash,
            start: foreign.start,
            now: now(),
          });
        } catch (error) {
          throw new Fault('unkey:application:unexpected_error', {
            internal: `storing the native hash of migrated key ${key.id} failed`,
            cause: error,
          });
        }
        keyCache.remove(foreign.hash, hash);
      };
      return { key, adopt };
    }
    default:
      throw new Fault('unkey:application:unexpected_error', {
        internal: `migration ${migration.id} names the unknown algorithm ${migration.algorithm}`,
      });
  }
}

/**
 * The key with this native hash when somebody gave it that after the ordinary lookup: a concurrent first verification, or
 * one on another node, of which the cache here need not know.
 */
async function findAdopted(
  { db, keyCache }: { readonly db: Database; readonly keyCache: KeyCache },
  hash: string,
): Promise<CachedKey | null> {
  if (!(await hasLiveKey(db.primary, hash))) return null;
  keyCache.removeNull(hash);
  return keyCache.find(hash);
}
