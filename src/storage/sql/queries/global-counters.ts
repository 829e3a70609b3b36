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

/** What all regions have counted in one cell. */
export interface GlobalCount {
  readonly workspaceId: string;
  readonly namespace: string;
  readonly identifier: string;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly sequence: number;
  /** By the region that asks. */
  readonly own: number;
  /** By the other regions, together. */
  readonly others: number;
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

/** The counts of every cell that is not over at `now` (unix ms), summed over regions. */
export async function sumGlobalCounters(q: Queryable, region: string, now: number): Promise<GlobalCount[]> {
  const rows = await q.all<Omit<GlobalCount, 'own' | 'others'> & { own: SumColumn; others: SumColumn }>(
    'sumGlobalCounters',
    `SELECT workspace_id AS workspaceId, namespace, identifier, duration_ms AS durationMs, sequence,
            SUM(CASE WHEN region = :region THEN \`count\` ELSE 0 END) AS own,
            SUM(CASE WHEN region = :region THEN 0 ELSE \`count\` END) AS others
       FROM ratelimit_global_counters
      WHERE expires_at > :now
      GROUP BY workspace_id, namespace, identifier, duration_ms, sequence`,
    { region, now },
  );
  return rows.map((row) => ({ ...row, own: Number(row.own), others: Number(row.others) }));
}

/** Sums are decimals, which drivers hand over as text. */
type SumColumn = number | string;

/** Removes at most `limit` counters that were over before `now` (unix ms); how many there were. */
export async function deleteExpiredGlobalCounters(q: Queryable, now: number, limit: number): Promise<number> {
  const { affectedRows } = await q.run(
    'deleteExpiredGlobalCounters',
    'DELETE FROM ratelimit_global_counters WHERE expires_at < :now LIMIT :limit',
    { now, limit },
  );
  return affectedRows;
}
