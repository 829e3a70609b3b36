// An identity as management operations see it: its own row and the limits that its keys share.

import type { JsonObject } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import { idsOf } from '../../lib/rows.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import type { IdentityRow } from '../../storage/sql/queries/identities.ts';
import { listIdentityRatelimits, type RatelimitRow } from '../../storage/sql/queries/ratelimits.ts';
import { decodeLimits, type StoredRateLimit } from '../ratelimit/stored-limits.ts';
import { parseMeta } from '../stored-meta.ts';

export interface StoredIdentity {
  readonly id: string;
  readonly externalId: string;
  /** Parsed; undefined when absent, empty or unreadable. */
  readonly meta: JsonObject | undefined;
  /** All limits of the identity, by name; also those that a limit of a key shadows. */
  readonly ratelimits: readonly StoredRateLimit[];
}

/** Completes an identity row with its limits. */
export async function completeIdentity(q: Queryable, row: IdentityRow, log: Logger): Promise<StoredIdentity> {
  return decodeIdentity(row, await listIdentityRatelimits(q, [row.id]), log);
}

/** The same for a page of rows, in one statement; yields identities in the order of the rows. */
export async function completeIdentities(
  q: Queryable,
  rows: readonly IdentityRow[],
  log: Logger,
): Promise<StoredIdentity[]> {
  if (rows.length === 0) return [];
  const limits = await listIdentityRatelimits(q, idsOf(rows));
  const byOwner = Map.groupBy(limits, ({ ownerId }) => ownerId);
  return rows.map((row) => decodeIdentity(row, byOwner.get(row.id), log));
}

/** An identity from its row and the rows of its limits. */
export function decodeIdentity(
  row: IdentityRow,
  limits: readonly RatelimitRow[] | undefined,
  log: Logger,
): StoredIdentity {
  return {
    id: row.id,
    externalId: row.externalId,
    meta: parseMeta(row.meta, log, { identityId: row.id }),
    ratelimits: decodeLimits(limits),
  };
}
