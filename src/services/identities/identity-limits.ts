// The rate limits that all keys of an identity share, as rows.

import type { Clock } from '../../lib/clock.ts';
import { idsOf } from '../../lib/rows.ts';
import type { IdSource } from '../../lib/uid.ts';
import { DuplicateKeyError, type Transaction } from '../../storage/sql/database.ts';
import {
  deleteRatelimits,
  insertIdentityRatelimits,
  updateRatelimit,
} from '../../storage/sql/queries/ratelimits.ts';
import { invalidInput } from '../input-fault.ts';
import type { RateLimitSetting } from '../keys/rate-limit-settings.ts';
import type { StoredRateLimit } from '../ratelimit/stored-limits.ts';

export interface LimitOwner {
  readonly workspaceId: string;
  readonly identityId: string;
}

interface LimitDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** What a replacement did, each list in the order of its source. */
export interface LimitChange {
  readonly removed: readonly StoredRateLimit[];
  /** With their new bounds. */
  readonly kept: readonly StoredRateLimit[];
  readonly created: readonly StoredRateLimit[];
  /** All that the identity has now, in the order of the settings. */
  readonly ratelimits: readonly StoredRateLimit[];
}

/** Throws a Fault `invalid_input` that names the first name to come up again; names compare exactly. */
export function refuseRepeatedNames(settings: readonly RateLimitSetting[]): void {
  const names = new Set<string>();
  for (const { name } of settings) {
    if (names.has(name)) throw invalidInput(`The rate limit '${name}' is given more than once.`);
    names.add(name);
  }
}

/**
 * Stores limits under names that the identity does not have; yields them in their order. Throws a Fault `invalid_input`
 * when the store takes two names for one.
 */
export async function addLimits(
  tx: Transaction,
  deps: LimitDeps,
  { workspaceId, identityId }: LimitOwner,
  settings: readonly RateLimitSetting[],
): Promise<StoredRateLimit[]> {
  const createdAt = deps.clock.now();
  const limits = settings.map((setting) => storedLimit(deps.ids.next('ratelimit'), setting));
  try {
    await insertIdentityRatelimits(
      tx,
      limits.map((limit) => ({ ...limit, workspaceId, identityId, createdAt })),
    );
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    // Names that differ here are distinct on most stores; collations of MySQL ignore control characters, for one.
    throw invalidInput('The names of two rate limits are too much alike.');
  }
  return limits;
}

/**
 * Makes the identity's limits those given, whose names differ: rows of kept names keep their id. The caller holds the
 * lock of the identity's row and has read `stored` under it.
 */
export async function replaceLimits(
  tx: Transaction,
  deps: LimitDeps,
  owner: LimitOwner,
  { stored, settings }: { stored: readonly StoredRateLimit[]; settings: readonly RateLimitSetting[] },
): Promise<LimitChange> {
  const names = new Set(settings.map(({ name }) => name));
  const removed = stored.filter(({ name }) => !names.has(name));
  const idByName = new Map(stored.map(({ name, id }) => [name, id]));
  const kept = settings.flatMap((setting) => {
    const id = idByName.get(setting.name);
    return id === undefined ? [] : [storedLimit(id, setting)];
  });
  const fresh = settings.filter(({ name }) => !idByName.has(name));

  await deleteRatelimits(tx, idsOf(removed));
  const now = deps.clock.now();
  // One by one: a statement over a list may scan the table, and then locks the limits of other identities.
  for (const { id, limit, duration, autoApply } of kept) {
    await updateRatelimit(tx, { id, limit, duration, autoApply, now });
  }
  const created = await addLimits(tx, deps, owner, fresh);

  const byName = new Map([...kept, ...created].map((limit) => [limit.name, limit]));
  return { removed, kept, created, ratelimits: settings.flatMap(({ name }) => byName.get(name) ?? []) };
}

function storedLimit(id: string, { name, limit, duration, autoApply }: RateLimitSetting) {
  return { id, name, limit, duration, autoApply };
}
