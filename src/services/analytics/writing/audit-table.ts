import type { AuditRecord } from '../../audit/audit-record.ts';
import { type AnalyticsTable, storable } from './analytics-table.ts';

/** Audit events, exported at a time (unix ms). Source: export and retention in the audit section of the analytics chapter. */
export function auditTable(exportedAt: number): AnalyticsTable<AuditRecord> {
  return {
    name: 'audit_logs_raw_v1',
    columns: [
      'event_id',
      'time',
      'inserted_at',
      'workspace_id',
      'bucket',
      'source',
      'event',
      'description',
      'actor_type',
      'actor_id',
      'actor_name',
      'actor_meta',
      'remote_ip',
      'user_agent',
      'meta',
      'targets.type',
      'targets.id',
      'targets.name',
      'targets.meta',
      'correlation_id',
    ],
    row: ({ actor, targets, ...event }) => ({
      event_id: event.event_id,
      time: event.time,
      inserted_at: exportedAt,
      workspace_id: event.workspace_id,
      bucket: event.bucket,
      source: event.source,
      event: event.event,
      description: storable(event.description),
      actor_type: actor.type,
      actor_id: storable(actor.id),
      actor_name: storable(actor.name ?? ''),
      actor_meta: actor.meta ?? {},
      remote_ip: event.remote_ip ?? '',
      user_agent: storable(event.user_agent ?? ''),
      meta: event.meta ?? {},
      'targets.type': targets.map(({ type }) => type),
      'targets.id': targets.map(({ id }) => storable(id)),
      'targets.name': targets.map(({ name }) => storable(name ?? '')),
      'targets.meta': targets.map(({ meta }) => meta ?? {}),
      correlation_id: event.correlation_id ?? '',
    }),
  };
}
