import { compareBytes, sortedUnique } from '../../lib/byte-order.ts';
import type { Clock } from '../../lib/clock.ts';
import { toInteger, toNullableInteger } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Database } from '../../storage/sql/database.ts';
import { fromDateTime } from '../../storage/sql/dialect.ts';
import { loadVerificationRows, type VerificationRow } from '../../storage/sql/queries/verification.ts';
import type { Invalidations } from '../cache/invalidations.ts';
import { SwrCache } from '../cache/swr-cache.ts';
import { parseMeta } from '../stored-meta.ts';
import type { CachedKey, KeyCache, KeyRateLimit, KeyState } from './key-cache.ts';

// How long an entry lives, and how many: the cache inventory of the caches chapter.
const FRESH_MS = 10_000;
const STALE_MS = 10 * 60_000;
const MAX_ENTRIES = 1_000_000;

const PART = {
  key: 0,
  role: 1,
  directPermission: 2,
  rolePermission: 3,
  keyLimit: 4,
  identityLimit: 5,
} as const;

/** The cache of keys by hash, loading from the replica with one statement per miss. */
export function createKeyCache(deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly invalidations?: Invalidations | undefined;
}): KeyCache {
  const { db, clock, log } = deps;
  const cache = new SwrCache<CachedKey>({
    ...deps,
    name: 'verification_key_by_hash',
    freshMs: FRESH_MS,
    staleMs: STALE_MS,
    maxEntries: MAX_ENTRIES,
  });
  return {
    find: (hash) => cache.swr(hash, async () => decodeKey(await loadVerificationRows(db.replica, hash), log)),
    state: (key) => keyState(key, clock.now()),
    remove: (...hashes) => cache.remove(...hashes),
    removeNull: (hash) => cache.removeNull(hash),
  };
}

/**
 * State of a key before anything is asked of it, first match wins. Source: load-time status of the verification
 * chapter. `now` in unix ms; a key is expired strictly after its `expires`.
 */
function keyState(key: CachedKey | null, now: number): KeyState {
  if (key === null) return 'NOT_FOUND';
  if (key.targetWorkspaceEnabled === null) return 'WORKSPACE_NOT_FOUND';
  if (!key.workspaceEnabled || key.targetWorkspaceEnabled === false) return 'WORKSPACE_DISABLED';
  if (key.apiDeleted) return 'NOT_FOUND';
  if (!key.enabled) return 'DISABLED';
  if (key.expires !== null && now > key.expires) return 'EXPIRED';
  return 'VALID';
}

/** The loader's rows as one key; null when there are none. Unreadable meta is dropped and logged, never fatal. */
function decodeKey(rows: readonly VerificationRow[], log: Logger): CachedKey | null {
  const head = rows[0];
  if (head === undefined) return null;
  if (head.targetWorkspaceDeletedAt !== null) {
    log.warn(
      { keyId: head.id, workspaceId: head.forWorkspaceId },
      'a root key of a deleted workspace that is still enabled remains usable',
    );
  }
  const names = (part: number): string[] =>
    rows.flatMap((row) => (row.part === part && row.item !== null ? [row.item] : []));
  const limits = (part: number, identifier: string): KeyRateLimit[] =>
    rows.flatMap((row) => (row.part === part ? decodeLimit(row, identifier) : []));

  const byName = new Map<string, KeyRateLimit>();
  const identityLimits = head.identityId === null ? [] : limits(PART.identityLimit, head.identityId);
  for (const limit of identityLimits) byName.set(limit.name, limit);
  const keyLimits = limits(PART.keyLimit, head.id);
  for (const limit of keyLimits) byName.set(limit.name, limit);
  const shadowed = new Set(keyLimits.map((limit) => limit.name));

  return {
    id: head.id,
    keyspaceId: shared(head.keyspaceId),
    workspaceId: shared(head.workspaceId),
    forWorkspaceId: head.forWorkspaceId === null ? null : shared(head.forWorkspaceId),
    name: head.name,
    meta: parseMeta(head.meta, log, { keyId: head.id }),
    expires: head.expires === null ? null : fromDateTime(head.expires),
    enabled: Boolean(head.enabled),
    remaining: toNullableInteger(head.remaining),
    pendingMigrationId: head.pendingMigrationId,
    apiId: shared(head.apiId),
    apiDeleted: head.apiDeletedAt !== null,
    ipWhitelist: parseIpWhitelist(head.ipWhitelist),
    workspaceEnabled: Boolean(head.workspaceEnabled),
    targetWorkspaceEnabled:
      head.forWorkspaceId === null ? undefined : toNullableBoolean(head.targetWorkspaceEnabled),
    identity:
      head.identityId === null || head.externalId === null
        ? undefined
        : {
            id: head.identityId,
            externalId: head.externalId,
            meta: parseMeta(head.identityMeta, log, { identityId: head.identityId }),
            ratelimits: identityLimits
              .filter((limit) => !shadowed.has(limit.name))
              .sort((a, b) => compareBytes(a.name, b.name)),
          },
    roles: orNothing(sortedUnique(names(PART.role))),
    permissions: orNothing(sortedUnique([...names(PART.directPermission), ...names(PART.rolePermission)])),
    ratelimits: byName.size === 0 ? NO_LIMITS : byName,
  };
}

// A million keys may be cached: what most of them have in common is held once.

const NOTHING: readonly string[] = [];
const NO_LIMITS: ReadonlyMap<string, KeyRateLimit> = new Map();

function orNothing(list: readonly string[]): readonly string[] {
  return list.length === 0 ? NOTHING : list;
}

/** Ids of workspaces, APIs and keyspaces, which repeat in every key; forgotten as a whole when there are too many. */
const sharedIds = new Map<string, string>();
const MAX_SHARED_IDS = 10_000;

function shared(id: string): string {
  const known = sharedIds.get(id);
  if (known !== undefined) return known;
  if (sharedIds.size >= MAX_SHARED_IDS) sharedIds.clear();
  sharedIds.set(id, id);
  return id;
}

function decodeLimit(row: VerificationRow, identifier: string): KeyRateLimit[] {
  if (
    row.limitId === null ||
    row.limitName === null ||
    row.limitValue === null ||
    row.limitDuration === null
  ) {
    return [];
  }
  return [
    {
      id: row.limitId,
      name: row.limitName,
      limit: toInteger(row.limitValue),
      duration: toInteger(row.limitDuration),
      autoApply: Boolean(row.limitAutoApply),
      identifier,
    },
  ];
}

function toNullableBoolean(value: number | null): boolean | null {
  return value === null ? null : Boolean(value);
}

/** Comma-separated addresses, trimmed, blanks dropped; empty = no restriction. */
function parseIpWhitelist(text: string | null): ReadonlySet<string> {
  if (text === null) return EMPTY_WHITELIST;
  return new Set(
    text
      .split(',')
      .map((address) => address.trim())
      .filter((address) => address !== ''),
  );
}

const EMPTY_WHITELIST: ReadonlySet<string> = new Set();
