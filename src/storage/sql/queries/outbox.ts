import type { Queryable, Transaction } from '../database.ts';
import { deferRows } from '../dialect.ts';

/** The only payload format so far; the exporter leaves rows of other versions alone. */
const AUDIT_LOG_VERSION = 'audit_log.v1';

/** Hands audit events to the exporter, with the commit of the transaction that they tell of. `createdAt` in unix ms. */
export function insertOutboxRows(
  tx: Transaction,
  rows: ReadonlyArray<{
    readonly workspaceId: string;
    readonly eventId: string;
    /** JSON text. */
    readonly payload: string;
    readonly createdAt: number;
  }>,
): void {
  deferRows(
    tx,
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

export interface PendingOutboxRow {
  readonly pk: number;
  /** JSON text. */
  readonly payload: string;
}

/** Primary keys of events that wait for their export, above `after`, lowest first, at most `limit`. Locks nothing. */
export async function listPendingOutboxKeys(
  q: Queryable,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<number[]> {
  const rows = await q.all<{ pk: number }>(
    'listPendingOutboxKeys',
    `SELECT pk FROM clickhouse_outbox WHERE ${PENDING} AND pk > :after ORDER BY pk LIMIT :limit`,
    { version: AUDIT_LOG_VERSION, after, limit },
  );
  return rows.map(({ pk }) => pk);
}

/**
 * Those of the rows that still wait, lowest first. On MySQL they are locked until the transaction ends, and what another
 * exporter has locked is left out.
 */
export async function takePendingOutboxRows(
  q: Queryable,
  pks: readonly number[],
): Promise<PendingOutboxRow[]> {
  // Found by primary key alone, so that no gap is locked: the export must not hold up those who write events. The
  // condition on the rest is checked here, else another index could be taken.
  const [index, lock] =
    q.dialect === 'mysql' ? ['FORCE INDEX (PRIMARY)', 'FOR UPDATE SKIP LOCKED'] : ['', ''];
  const rows = await q.all<PendingOutboxRow & { deletedAt: number | null }>(
    'takePendingOutboxRows',
    `SELECT pk, payload, deleted_at AS deletedAt FROM clickhouse_outbox ${index}
      WHERE pk IN (:pks) ORDER BY pk ${lock}`,
    { pks },
  );
  return rows.filter(({ deletedAt }) => deletedAt === null);
}

/** Marks rows as exported at a time (unix ms). */
export async function markOutboxRowsExported(
  q: Queryable,
  { pks, now }: { readonly pks: readonly number[]; readonly now: number },
): Promise<void> {
  if (pks.length === 0) return;
  await q.run('markOutboxRowsExported', 'UPDATE clickhouse_outbox SET deleted_at = :now WHERE pk IN (:pks)', {
    pks,
    now,
  });
}

export async function countPendingOutboxRows(q: Queryable): Promise<number> {
  const rows = await q.all<{ pending: number }>(
    'countPendingOutboxRows',
    `SELECT COUNT(*) AS pending FROM clickhouse_outbox WHERE ${PENDING}`,
    { version: AUDIT_LOG_VERSION },
  );
  return rows[0]?.pending ?? 0;
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

/** In the order of the index on both. */
const PENDING = 'deleted_at IS NULL AND version = :version';
/** The exporter stamps `deleted_at`; a row without it is pending, whatever its age. */
const EXPORTED_BEFORE = 'deleted_at < :before';
