// Audit events on their way from the outbox of the relational store into the analytics store. Source: export and
// retention in the audit section of the analytics chapter.

import { sha256Base64 } from '../../lib/hash.ts';
import type { AnalyticsStore } from '../../storage/analytics/analytics-store.ts';
import { isRefusedForItsRows } from '../../storage/analytics/refused-rows.ts';
import type { Database, Queryable } from '../../storage/sql/database.ts';
import {
  countPendingOutboxRows,
  listPendingOutboxKeys,
  markOutboxRowsExported,
  takePendingOutboxRows,
} from '../../storage/sql/queries/outbox.ts';
import { auditTable } from '../analytics/writing/audit-table.ts';
import { type AuditRecord, parseAuditPayload } from '../audit/audit-record.ts';
import { type Job, type JobContext, requiredAnalytics } from './job.ts';

const BATCH_SIZE = 1_000;
/** Rows named in the log when they cannot be exported; there may be many. */
const MOST_NAMED = 10;

/**
 * Copies every audit event that waits into the analytics store. One that cannot be read stays, and holds up nothing. An
 * event that was copied by a run that could not say so is copied again, which the store makes one of.
 */
export const auditExport: Job = {
  name: 'audit-export',
  description: 'copy audit events into the analytics store',
  schedule: '* * * * *',
  needs: 'analytics',
  counts: 'audit events exported',
  pending: ({ db }) => countPendingOutboxRows(db.primary),
  async run(context) {
    const { db, signal, progress } = context;
    const store = requiredAnalytics(context);
    let exported = 0;
    let after = 0;
    for (;;) {
      signal.throwIfAborted();
      const pks = await listPendingOutboxKeys(db.primary, { after, limit: BATCH_SIZE });
      const last = pks.at(-1);
      if (last === undefined) return exported;
      exported += await holdingLocks(db, (q) => exportBatch(context, store, q, pks));
      progress(exported);
      after = last;
    }
  },
};

/**
 * Runs `work` so that no other exporter takes its rows. A store in a file has one writer at a time, whom nobody may keep
 * waiting for another server; there the job's lease has to do.
 */
function holdingLocks<T>(db: Database, work: (q: Queryable) => Promise<T>): Promise<T> {
  return db.dialect === 'mysql' ? db.transaction(work) : work(db.primary);
}

/** An event of the outbox, and the row that it has there. */
interface Pending {
  readonly pk: number;
  readonly event: AuditRecord;
}

/** Yields how many events were exported. Throws, and marks none, when the analytics store fails. */
async function exportBatch(
  context: JobContext,
  store: AnalyticsStore,
  q: Queryable,
  pks: readonly number[],
): Promise<number> {
  const { clock } = context;
  const rows = (await takePendingOutboxRows(q, pks)).map(({ pk, payload }) => ({
    pk,
    event: parseAuditPayload(payload),
  }));
  const readable = rows.filter((row): row is Pending => row.event !== undefined);
  const refused = await insertEvents(store, readable, clock.now());
  const left = new Set([...rows.filter(({ event }) => event === undefined), ...refused].map(({ pk }) => pk));
  const exported = rows.map(({ pk }) => pk).filter((pk) => !left.has(pk));
  await markOutboxRowsExported(q, { pks: exported, now: clock.now() });
  if (left.size > 0) tellLeft(context, [...left]);
  return exported.length;
}

/** Inserts all events but those that the store cannot take, which it yields. Throws for every other failure. */
async function insertEvents(
  store: AnalyticsStore,
  pending: readonly Pending[],
  exportedAt: number,
): Promise<readonly Pending[]> {
  if (pending.length === 0) return [];
  const { name: table, columns, row } = auditTable(exportedAt);
  const events = pending.map(({ event }) => event);
  // Equal for equal events: a run that repeats the batch of one that could not finish adds nothing.
  const deduplicationToken = sha256Base64(events.map(({ event_id: id }) => id).join());
  try {
    await store.insert({ table, columns, rows: events.map(row), deduplicationToken });
    return [];
  } catch (error) {
    if (!isRefusedForItsRows(error)) throw error;
    if (pending.length === 1) return pending;
    const half = Math.ceil(pending.length / 2);
    const first = await insertEvents(store, pending.slice(0, half), exportedAt);
    return [...first, ...(await insertEvents(store, pending.slice(half), exportedAt))];
  }
}

function tellLeft({ log, metrics }: JobContext, pks: readonly number[]): void {
  metrics.count('unkey_audit_export_undecodable_total', {}, pks.length);
  log.error(
    { rows: pks.length, outboxPks: pks.slice(0, MOST_NAMED) },
    'audit events cannot be read and were left in the outbox',
  );
}
