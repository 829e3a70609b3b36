// Which events of the audit log somebody asks for.
import type { AuditParty, AuditRecord } from './audit-record.ts';

/** An actor or a target: by its id, of one type when that is given. */
export interface PartyFilter {
  readonly type: string | undefined;
  readonly id: string;
}

/** Every condition that is given must hold. */
export interface AuditFilter {
  readonly workspaceId?: string;
  /** The name of an event, or the beginning of names followed by `*`: `key.*`. */
  readonly event?: string;
  readonly actor?: PartyFilter;
  /** One of the targets. */
  readonly resource?: PartyFilter;
  readonly correlationId?: string;
  /** Unix ms, included. */
  readonly since?: number;
  /** Unix ms, not included. */
  readonly until?: number;
}

export function matches(filter: AuditFilter, record: AuditRecord): boolean {
  const { workspaceId, event, actor, resource, correlationId, since, until } = filter;
  return (
    (workspaceId === undefined || record.workspace_id === workspaceId) &&
    (event === undefined || isEvent(event, record.event)) &&
    (actor === undefined || isParty(actor, record.actor)) &&
    (resource === undefined || record.targets.some((target) => isParty(resource, target))) &&
    (correlationId === undefined || record.correlation_id === correlationId) &&
    (since === undefined || record.time >= since) &&
    (until === undefined || record.time < until)
  );
}

function isEvent(pattern: string, event: string): boolean {
  return pattern.endsWith('*') ? event.startsWith(pattern.slice(0, -1)) : event === pattern;
}

function isParty({ type, id }: PartyFilter, party: AuditParty): boolean {
  return party.id === id && (type === undefined || party.type === type);
}
