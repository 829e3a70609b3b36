// Reading exported audit events, a page at a time.
import type { AnalyticsRecord, AnalyticsStore } from './analytics-store.ts';

/** What is asked for; every condition that is given must hold. */
export interface AuditEventConditions {
  readonly workspaceId?: string;
  /** The name of an event; with `*` at its end what names begin with. */
  readonly event?: string;
  readonly actorId?: string;
  readonly targetId?: string;
  readonly correlationId?: string;
  /** Unix ms, included. */
  readonly since?: number;
  /** Unix ms, not included. */
  readonly until?: number;
}

/** The last event of the page before. */
export interface AuditEventCursor {
  readonly time: number;
  readonly eventId: string;
}

/**
 * Events by time and id, from after the cursor on, at most `limit`. An event may be there more than once, next to itself:
 * the engine merges repeats later. Metas are JSON text; targets are lists of equal length.
 */
export function listAuditEvents(
  store: Pick<AnalyticsStore, 'query'>,
  conditions: AuditEventConditions,
  page: { readonly after?: AuditEventCursor; readonly limit: number; readonly signal?: AbortSignal },
): Promise<readonly AnalyticsRecord[]> {
  const { signal, limit, after } = page;
  const parameters: Record<string, unknown> = { limit };
  const where = ['1'];
  const add = (condition: string, values: Readonly<Record<string, unknown>>): void => {
    where.push(condition);
    Object.assign(parameters, values);
  };
  const { workspaceId, event, actorId, targetId, correlationId, since, until } = conditions;
  if (workspaceId !== undefined) add('workspace_id = {workspaceId:String}', { workspaceId });
  if (event?.endsWith('*')) add('startsWith(event, {event:String})', { event: event.slice(0, -1) });
  else if (event !== undefined) add('event = {event:String}', { event });
  if (actorId !== undefined) add('actor_id = {actorId:String}', { actorId });
  if (targetId !== undefined) add('has(`targets.id`, {targetId:String})', { targetId });
  if (correlationId !== undefined) add('correlation_id = {correlationId:String}', { correlationId });
  if (since !== undefined) add('time >= {since:Int64}', { since });
  if (until !== undefined) add('time < {until:Int64}', { until });
  if (after !== undefined) {
    // The plain comparison lets the engine skip what is older; a tuple does not.
    add('time >= {afterTime:Int64} AND (time, event_id) > ({afterTime:Int64}, {afterId:String})', {
      afterTime: after.time,
      afterId: after.eventId,
    });
  }
  return store.query(
    `SELECT event_id, time, workspace_id, bucket, source, event, description,
            actor_type, actor_id, actor_name, toJSONString(actor_meta) AS actor_meta_json,
            remote_ip, user_agent, toJSONString(meta) AS meta_json, correlation_id,
            \`targets.type\` AS target_types, \`targets.id\` AS target_ids, \`targets.name\` AS target_names,
            arrayMap(one -> toJSONString(one), \`targets.meta\`) AS target_metas
       FROM audit_logs_raw_v1
      WHERE ${where.join(' AND ')}
      ORDER BY time, event_id
      LIMIT {limit:UInt32}`,
    { parameters, ...(signal === undefined ? {} : { signal }) },
  );
}
