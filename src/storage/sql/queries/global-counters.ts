import type { Queryable, SqlParams, SqlValue } from '../database.ts';

/** What one region has counted in one cell of one limit. Names are stored names: at most 255 characters. */
export interface GlobalCounterRow {
  readonly workspaceId: string;
  readonly namespace: string;
  readonly identifier: string;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly sequence: number;
  readonly count: number;
  /** Unix ms. */
  readonly expiresAt: number;
}

/** A row of the table, as it is read page by page. */
export interface PublishedCount extends Omit<GlobalCounterRow, 'expiresAt'> {
  readonly region: string;
  /** Where the next page begins when this is the last row of one. */
  readonly cursor: GlobalCounterCursor;
}

/** Whatever the driver yields for the two columns. */
export interface GlobalCounterCursor {
  readonly expiresAt: number | string;
  readonly pk: number | string;
}

/** Most rows of one statement. */
export const MAX_GLOBAL_COUNTERS = 5000;

/**
 * Publishes what a region has counted; a count that is already higher stays. At most `MAX_GLOBAL_COUNTERS` rows, sorted by
 * workspace, namespace, identifier, duration and sequence, so that concurrent writers lock in one order. MySQL only: there is one
 * process, and so one region, on SQLite. `now` in unix ms.
 */
export async function raiseGlobalCounters(
  q: Queryable,
  region: string,
  rows: readonly GlobalCounterRow[],
  now: number,
): Promise<void> {
  if (rows.length === 0) return;
  const params: SqlParams = {};
  const tuples = rows.map((row, index) => {
    params[`row${index}`] = valuesOf(row, region, now);
    return `(:row${index})`;
  });
  await q.run(
    'raiseGlobalCounters',
    `INSERT INTO ratelimit_global_counters
       (workspace_id, namespace, identifier, duration_ms, sequence, region, \`count\`, expires_at, updated_at)
     VALUES ${tuples.join(', ')}
     ON DUPLICATE KEY UPDATE \`count\` = GREATEST(\`count\`, VALUES(\`count\`)), updated_at = VALUES(updated_at)`,
    params,
  );
}

function valuesOf(row: GlobalCounterRow, region: string, now: number): SqlValue[] {
  return [
    row.workspaceId,
    row.namespace,
    row.identifier,
    row.durationMs,
    row.sequence,
    region,
    row.count,
    row.expiresAt,
    now,
  ];
}

/**
 * A page of what all regions have counted in cells that are not over at `now` (unix ms), at most `MAX_GLOBAL_COUNTERS` rows;
 * `after` is the cursor of the page before. Rows keep their place, whatever is counted meanwhile: none is met twice.
 */
export async function listGlobalCounters(
  q: Queryable,
  { now, after }: { readonly now: number; readonly after: GlobalCounterCursor | undefined },
): Promise<PublishedCount[]> {
  const limit = MAX_GLOBAL_COUNTERS;
  const params: SqlParams =
    after === undefined ? { now, limit } : { expiresAt: after.expiresAt, pk: after.pk, limit };
  // The second form begins, as the first does, at one place of the index on expires_at, which ends in pk.
  const where =
    after === undefined
      ? 'expires_at > :now'
      : 'expires_at >= :expiresAt AND (expires_at > :expiresAt OR pk > :pk)';
  const rows = await q.all<StoredCount>(
    'listGlobalCounters',
    `SELECT pk, workspace_id AS workspaceId, namespace, identifier, duration_ms AS durationMs, sequence, region,
            \`count\` AS \`count\`, expires_at AS expiresAt
       FROM ratelimit_global_counters
      WHERE ${where}
      ORDER BY expires_at, pk LIMIT :limit`,
    params,
  );
  return rows.map(({ pk, expiresAt, durationMs, sequence, count, ...names }) => ({
    ...names,
    durationMs: Number(durationMs),
    sequence: Number(sequence),
    count: Number(count),
    cursor: { expiresAt, pk },
  }));
}

/** Drivers hand over as text what a number does not hold exactly. */
interface StoredCount
  extends GlobalCounterCursor,
    Pick<PublishedCount, 'workspaceId' | 'namespace' | 'identifier' | 'region'> {
  readonly durationMs: number | string;
  readonly sequence: number | string;
  readonly count: number | string;
}

/** Removes at most `limit` counters that were over before `now` (unix ms); how many there were. */
export async function deleteExpiredGlobalCounters(q: Queryable, now: number, limit: number): Promise<number> {
  const { affectedRows } = await q.run(
    'deleteExpiredGlobalCounters',
    'DELETE FROM ratelimit_global_counters WHERE expires_at < :now LIMIT :limit',
    { now, limit },
  );
  return affectedRows;
}
