// An audit event as it is read again, by the names of its stored payload, whichever store it comes from.
import { isObject, type JsonObject } from '../../lib/json.ts';

/** Who acted, or what was acted on. */
export interface AuditParty {
  readonly type: string;
  readonly id: string;
  readonly name?: string;
  readonly meta?: JsonObject;
}

export interface AuditRecord {
  readonly event_id: string;
  /** Unix ms. */
  readonly time: number;
  readonly workspace_id: string;
  readonly bucket: string;
  readonly source: string;
  readonly event: string;
  readonly description: string;
  readonly actor: AuditParty;
  readonly targets: readonly AuditParty[];
  readonly remote_ip?: string;
  readonly user_agent?: string;
  readonly meta?: JsonObject;
  readonly correlation_id?: string;
}

/** The event of a stored payload; undefined when the text is none. */
export function parseAuditPayload(payload: string): AuditRecord | undefined {
  const value = parsed(payload);
  return isObject(value) ? auditRecord(value) : undefined;
}

/** The event with these members, empty ones left out; undefined when one is missing that every event has. */
export function auditRecord(raw: JsonObject): AuditRecord | undefined {
  const { event_id: eventId, time, workspace_id: workspaceId, event } = raw;
  const actor = party(raw.actor);
  if (typeof eventId !== 'string' || typeof time !== 'number' || !Number.isFinite(time)) return undefined;
  if (typeof workspaceId !== 'string' || typeof event !== 'string' || actor === undefined) return undefined;
  const targets = Array.isArray(raw.targets) ? raw.targets.map(party) : [];
  return {
    event_id: eventId,
    time,
    workspace_id: workspaceId,
    bucket: text(raw.bucket) ?? '',
    source: text(raw.source) ?? 'platform',
    event,
    description: text(raw.description) ?? '',
    actor,
    targets: targets.filter((target) => target !== undefined),
    ...optional('remote_ip', text(raw.remote_ip)),
    ...optional('user_agent', text(raw.user_agent)),
    ...optional('meta', filled(raw.meta)),
    ...optional('correlation_id', text(raw.correlation_id)),
  };
}

/** The order of the log: by time, events of one time by their id. */
export function compareRecords(a: AuditRecord, b: AuditRecord): number {
  if (a.time !== b.time) return a.time - b.time;
  return a.event_id < b.event_id ? -1 : a.event_id > b.event_id ? 1 : 0;
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function party(value: unknown): AuditParty | undefined {
  if (!isObject(value)) return undefined;
  const type = text(value.type);
  if (type === undefined) return undefined;
  return {
    type,
    id: text(value.id) ?? '',
    ...optional('name', text(value.name)),
    ...optional('meta', filled(value.meta)),
  };
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const filled = (value: unknown): JsonObject | undefined =>
  isObject(value) && Object.keys(value).length > 0 ? value : undefined;

function optional<Name extends string, Value>(name: Name, value: Value | undefined) {
  return (value === undefined ? {} : { [name]: value }) as { readonly [K in Name]?: Value };
}
