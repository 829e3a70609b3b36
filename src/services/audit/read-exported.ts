// The audit events that are in the analytics store.
import type { AnalyticsRecord, AnalyticsStore } from '../../storage/analytics/analytics-store.ts';
import { type AuditEventCursor, listAuditEvents } from '../../storage/analytics/audit-events.ts';
import { type AuditFilter, matches } from './audit-filter.ts';
import { type AuditRecord, auditRecord } from './audit-record.ts';

const PAGE_SIZE = 5000;

/** The events that match, each once, by time and id. */
export async function* readExported(
  store: Pick<AnalyticsStore, 'query'>,
  filter: AuditFilter,
  signal?: AbortSignal,
): AsyncGenerator<AuditRecord> {
  const { actor, resource, ...rest } = filter;
  const conditions = {
    ...rest,
    ...(actor === undefined ? {} : { actorId: actor.id }),
    ...(resource === undefined ? {} : { targetId: resource.id }),
  };
  let after: AuditEventCursor | undefined;
  for (;;) {
    const rows = await listAuditEvents(store, conditions, {
      limit: PAGE_SIZE,
      ...(after === undefined ? {} : { after }),
      ...(signal === undefined ? {} : { signal }),
    });
    for (const row of rows) {
      const record = recordOf(row);
      if (record.event_id === after?.eventId) continue;
      after = { time: record.time, eventId: record.event_id };
      // The store knows ids only, not which target has which type.
      if (matches(filter, record)) yield record;
    }
    if (rows.length < PAGE_SIZE) return;
  }
}

function recordOf(row: AnalyticsRecord): AuditRecord {
  const [types, ids, names, metas] = [
    row.target_types,
    row.target_ids,
    row.target_names,
    row.target_metas,
  ].map(listOf);
  const record = auditRecord({
    ...row,
    time: Number(row.time),
    actor: {
      type: row.actor_type,
      id: row.actor_id,
      name: row.actor_name,
      meta: jsonOf(row.actor_meta_json),
    },
    meta: jsonOf(row.meta_json),
    targets: types?.map((type, at) => ({
      type,
      id: ids?.[at],
      name: names?.[at],
      meta: jsonOf(metas?.[at]),
    })),
  });
  if (record === undefined) throw new Error('a row of audit_logs_raw_v1 holds no audit event');
  return record;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const jsonOf = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : undefined);
