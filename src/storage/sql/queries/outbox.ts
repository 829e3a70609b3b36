import type { Queryable } from '../database.ts';
import { insertRows } from '../dialect.ts';

/** The only payload format so far; the exporter leaves rows of other versions alone. */
const AUDIT_LOG_VERSION = 'audit_log.v1';

/** Hands audit events to the exporter, with the transaction that they tell of. `createdAt` in unix ms. */
export async function insertOutboxRows(
  q: Queryable,
  rows: ReadonlyArray<{
    readonly workspaceId: string;
    readonly eventId: string;
    /** JSON text. */
    readonly payload: string;
    readonly createdAt: number;
  }>,
): Promise<void> {
  await insertRows(
    q,
    'insertOutboxRows',
    'clickhouse_outbox',
    rows.map((row) => ({
      version: AUDIT_LOG_VERSION,
      workspace_id: row.workspaceId,
      event_id: row.eventId,
      payload: row.payload,
      created_at: row.createdAt,
    })),
  );
}

/** Deletes rows that were exported before a time (unix ms), at most `limit`, and yields how many that were. */
export async function deleteExportedOutboxRows(
  q: Queryable,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<number> {
  // SQLite has no DELETE … LIMIT; MySQL would read the whole table for an IN over a subquery. In the order of the index,
  // so that it reads, and locks, no row that is pending.
  const statement =
    q.dialect === 'mysql'
      ? `DELETE FROM clickhouse_outbox WHERE ${EXPORTED_BEFORE} ORDER BY deleted_at LIMIT :limit`
      : `DELETE FROM clickhouse_outbox
          WHERE pk IN (SELECT pk FROM clickhouse_outbox WHERE ${EXPORTED_BEFORE} ORDER BY deleted_at LIMIT :limit)`;
  return (await q.run('deleteExportedOutboxRows', statement, { before, limit })).affectedRows;
}

export async function countExportedOutboxRows(q: Queryable, before: number): Promise<number> {
  const rows = await q.all<{ exported: number }>(
    'countExportedOutboxRows',
    `SELECT COUNT(*) AS exported FROM clickhouse_outbox WHERE ${EXPORTED_BEFORE}`,
    { before },
  );
  return rows[0]?.exported ?? 0;
}

/** The exporter stamps `deleted_at`; a row without it is pending, whatever its age. */
const EXPORTED_BEFORE = 'deleted_at < :before';
