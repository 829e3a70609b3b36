// The audit events that are in the relational store: those that wait for their export, and those that were exported and
// not cleaned up yet.
import type { Queryable } from '../../storage/sql/database.ts';
import {
  listOutboxRowsAfter,
  listOutboxRowsBackFrom,
  type OutboxRow,
} from '../../storage/sql/queries/outbox-reading.ts';
import { type AuditFilter, matches } from './audit-filter.ts';
import { type AuditRecord, compareRecords, parseAuditPayload } from './audit-record.ts';
import { DISORDER_MS, positionOf } from './outbox-position.ts';

export interface OutboxReader {
  readonly q: Queryable;
  /** Called with the primary key of a row that holds no event that we know; it is left out. */
  onUnreadable(pk: number): void;
  /** Called after each page with how many rows it had. */
  onPage?(rows: number): void;
}

/** Rows of one statement. */
const PAGE_SIZE = 1000;
/** Rows that wait for earlier ones that come late; as many are held in memory. */
const WAITING_ROWS = 10_000;

/** The events that match, by time and id. An event more than 10 000 rows behind its time comes late. */
export async function* readOutbox(reader: OutboxReader, filter: AuditFilter): AsyncGenerator<AuditRecord> {
  const start = filter.since === undefined ? 0 : (await positionOf(reader.q, filter.since)) - 1;
  let waiting: AuditRecord[] = [];
  for await (const rows of pagesAfter(reader, start)) {
    waiting.push(...recordsOf(reader, rows, filter));
    waiting.sort(compareRecords);
    const ready = Math.max(0, waiting.length - WAITING_ROWS);
    yield* waiting.slice(0, ready);
    waiting = waiting.slice(ready);
    const last = rows.at(-1);
    if (last !== undefined && filter.until !== undefined && last.createdAt >= filter.until + DISORDER_MS)
      break;
  }
  yield* waiting;
}

/** All rows above a primary key, in its order, a page at a time. */
export async function* pagesAfter(reader: OutboxReader, after: number): AsyncGenerator<OutboxRow[]> {
  for (let cursor = after; ; ) {
    const rows = await listOutboxRowsAfter(reader.q, { after: cursor, limit: PAGE_SIZE });
    reader.onPage?.(rows.length);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < PAGE_SIZE) return;
    cursor = last.pk;
  }
}

/** The newest `count` events that match and whose row is not above `from`, oldest first. */
export async function lastInOutbox(
  reader: OutboxReader,
  filter: AuditFilter,
  { from, count }: { readonly from: number; readonly count: number },
): Promise<AuditRecord[]> {
  const found: AuditRecord[] = [];
  for (let cursor = from; found.length < count; ) {
    const rows = await listOutboxRowsBackFrom(reader.q, { from: cursor, limit: PAGE_SIZE });
    reader.onPage?.(rows.length);
    found.push(...recordsOf(reader, rows, filter));
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_SIZE) break;
    if (filter.since !== undefined && last.createdAt < filter.since - DISORDER_MS) break;
    cursor = last.pk - 1;
  }
  return found.sort(compareRecords).slice(-count);
}

/** The only payload format that this reader knows. */
const KNOWN_VERSION = 'audit_log.v1';

/** The events of the rows that match, in the order of the rows. */
export function recordsOf(
  reader: OutboxReader,
  rows: readonly OutboxRow[],
  filter: AuditFilter,
): AuditRecord[] {
  return rows.flatMap(({ pk, version, payload }) => {
    const record = version === KNOWN_VERSION ? parseAuditPayload(payload) : undefined;
    if (record === undefined) {
      reader.onUnreadable(pk);
      return [];
    }
    return matches(filter, record) ? [record] : [];
  });
}
