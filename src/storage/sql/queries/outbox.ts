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
