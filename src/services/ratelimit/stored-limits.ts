import { compareBytes } from '../../lib/byte-order.ts';
import { type Integer, toInteger } from '../../lib/json.ts';
import type { RatelimitRow } from '../../storage/sql/queries/ratelimits.ts';

/** A rate limit of a key or an identity. */
export interface StoredRateLimit {
  readonly id: string;
  readonly name: string;
  readonly limit: Integer;
  /** Milliseconds. */
  readonly duration: Integer;
  readonly autoApply: boolean;
}

/** The limits of one owner, by name. */
export function decodeLimits(rows: readonly RatelimitRow[] = []): StoredRateLimit[] {
  return rows
    .map((row) => ({
      id: row.id,
      name: row.name,
      limit: toInteger(row.limit),
      duration: toInteger(row.duration),
      autoApply: Boolean(row.autoApply),
    }))
    .sort((a, b) => compareBytes(a.name, b.name));
}
