// When keys were used last, whatever came of it, as the engine keeps it.
import type { AnalyticsStore } from './analytics-store.ts';

export interface KeyUse {
  readonly keyId: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Keys are told apart by a hash of their id, so that each part can be read on by itself. */
export interface KeyPartition {
  readonly index: number;
  readonly count: number;
}

/**
 * The last use of the partition's keys that were used after a point in time, by time and id, from behind the cursor on, at
 * most `limit`.
 */
export async function listKeyUses(
  store: Pick<AnalyticsStore, 'query'>,
  partition: KeyPartition,
  page: { readonly after: KeyUse; readonly limit: number; readonly signal?: AbortSignal },
): Promise<KeyUse[]> {
  const { after, limit, signal } = page;
  // The condition on the rows lets the engine skip what is older before it makes one row of several of a key.
  const rows = await store.query(
    `SELECT key_id, max(time) AS last
       FROM key_last_used_v1
      WHERE cityHash64(key_id) % {count:UInt64} = {index:UInt64} AND time >= {time:Int64}
      GROUP BY key_id
     HAVING (last, key_id) > ({time:Int64}, {keyId:String})
      ORDER BY last, key_id
      LIMIT {limit:UInt32}`,
    {
      parameters: { ...partition, time: after.at, keyId: after.keyId, limit },
      ...(signal === undefined ? {} : { signal }),
    },
  );
  return rows.map((row) => ({ keyId: String(row.key_id), at: Number(row.last) }));
}
