// Reading the outbox of audit events for people. Only by primary key, a page at a time: it has no index on time or
// workspace, and servers insert into it all the while.
import type { Queryable } from '../database.ts';

export interface OutboxRow {
  /** Rises with the order of insertion; the order of commits, and of times, may differ a little. */
  readonly pk: number;
  readonly version: string;
  /** JSON text. */
  readonly payload: string;
  /** Unix ms. */
  readonly createdAt: number;
}

const COLUMNS = 'pk, version, payload, created_at AS createdAt';

/** Rows with a primary key above `after`, lowest first, at most `limit`. Exported ones that still are there included. */
export function listOutboxRowsAfter(
  q: Queryable,
  page: { readonly after: number; readonly limit: number },
): Promise<OutboxRow[]> {
  return q.all<OutboxRow>(
    'listOutboxRowsAfter',
    `SELECT ${COLUMNS} FROM clickhouse_outbox WHERE pk > :after ORDER BY pk LIMIT :limit`,
    { ...page },
  );
}

/** Rows with a primary key of at most `from`, highest first, at most `limit`. */
export function listOutboxRowsBackFrom(
  q: Queryable,
  page: { readonly from: number; readonly limit: number },
): Promise<OutboxRow[]> {
  return q.all<OutboxRow>(
    'listOutboxRowsBackFrom',
    `SELECT ${COLUMNS} FROM clickhouse_outbox WHERE pk <= :from ORDER BY pk DESC LIMIT :limit`,
    { ...page },
  );
}

/** Lowest and highest primary key; undefined when there is no row. */
export async function outboxRange(q: Queryable): Promise<{ lowest: number; highest: number } | undefined> {
  const [row] = await q.all<{ lowest: number | null; highest: number | null }>(
    'outboxRange',
    // One look-up each: SQLite goes through all rows for two of them in one SELECT.
    `SELECT (SELECT MIN(pk) FROM clickhouse_outbox) AS lowest, (SELECT MAX(pk) FROM clickhouse_outbox) AS highest`,
  );
  if (row === undefined || row.lowest === null || row.highest === null) return undefined;
  return { lowest: row.lowest, highest: row.highest };
}

/** The first row whose primary key is at least `pk`. */
export async function firstOutboxRowFrom(
  q: Queryable,
  pk: number,
): Promise<Pick<OutboxRow, 'pk' | 'createdAt'> | undefined> {
  const [row] = await q.all<Pick<OutboxRow, 'pk' | 'createdAt'>>(
    'firstOutboxRowFrom',
    'SELECT pk, created_at AS createdAt FROM clickhouse_outbox WHERE pk >= :pk ORDER BY pk LIMIT 1',
    { pk },
  );
  return row;
}
