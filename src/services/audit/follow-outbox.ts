// Following the outbox. Primary keys are drawn before a transaction commits, so a row may appear below others that were
// read already: what was read lately is read again, and told apart by its key.
import type { AuditFilter } from './audit-filter.ts';
import { type AuditRecord, compareRecords } from './audit-record.ts';
import { positionOf } from './outbox-position.ts';
import { lastInOutbox, type OutboxReader, pagesAfter, recordsOf } from './read-outbox.ts';

/** How long a row may stay invisible to others after its key was drawn: longer than any transaction lasts. */
const SETTLE_MS = 60_000;

export interface OutboxFollower {
  /** The newest events that match and are there already, at most `count`, oldest first. Once, before any `next`. */
  last(count: number): Promise<AuditRecord[]>;
  /** The events that match and appeared since, by time and id. */
  next(): Promise<AuditRecord[]>;
}

/** @param now unix ms; the clock by which rows settle */
export function followOutbox(
  reader: OutboxReader,
  filter: AuditFilter,
  { now }: { now(): number },
): OutboxFollower {
  /** Every row up to here was seen or will never appear. */
  let settled: number | undefined;
  /** When each row above was first seen, in the order of its key. */
  const seen = new Map<number, number>();

  const unseen = async (): Promise<AuditRecord[]> => {
    settled ??= (await positionOf(reader.q, now() - SETTLE_MS)) - 1;
    const records: AuditRecord[] = [];
    const at = now();
    for await (const rows of pagesAfter(reader, settled)) {
      const fresh = rows.filter(({ pk }) => !seen.has(pk));
      for (const { pk } of fresh) seen.set(pk, at);
      records.push(...recordsOf(reader, fresh, filter));
    }
    return records.sort(compareRecords);
  };
  const forgetSettled = (): void => {
    const until = now() - SETTLE_MS;
    for (const pk of [...seen.keys()].sort((a, b) => a - b)) {
      if ((seen.get(pk) ?? 0) > until) return;
      settled = pk;
      seen.delete(pk);
    }
  };

  return {
    async last(count) {
      const recent = await unseen();
      const missing = count - recent.length;
      const older =
        missing > 0 ? await lastInOutbox(reader, filter, { from: settled ?? 0, count: missing }) : [];
      return count === 0 ? [] : [...older, ...recent].sort(compareRecords).slice(-count);
    },
    async next() {
      const records = await unseen();
      forgetSettled();
      return records;
    },
  };
}
