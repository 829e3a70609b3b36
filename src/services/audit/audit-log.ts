// Audit events, written to the outbox in the transaction of the mutation that they tell of: both commit or neither
// does. A job exports them. Source: the audit section of the analytics chapter (payload, catalogue, correlation).

import type { Clock } from '../../lib/clock.ts';
import { stringifyJson } from '../../lib/json.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import { insertOutboxRows } from '../../storage/sql/queries/outbox.ts';
import type { ClientInfo, Principal } from '../auth/principal.ts';

type Change = 'create' | 'update' | 'delete';

export type AuditEventName =
  | `workspace.${Change | 'opt_in'}`
  | `api.${Change}`
  | `key.${Change | 'reroll'}`
  | `ratelimitNamespace.${Change}`
  | `role.${Change}`
  | `permission.${Change}`
  | `identity.${Change}`
  | `ratelimit.${Change | 'set_override' | 'read_override' | 'delete_override'}`
  | 'authorization.connect_role_and_permission'
  | 'authorization.disconnect_role_and_permissions'
  | 'authorization.connect_role_and_key'
  | 'authorization.disconnect_role_and_key'
  | 'authorization.connect_permission_and_key'
  | 'authorization.disconnect_permission_and_key'
  | 'auditLogBucket.create'
  | `portal.session.${'create' | 'exchange'}`
  | `deployment.${'create' | 'rebuild' | 'stop' | 'wake' | 'promote' | 'rollback'}`
  | `project.${Change}`
  | `app.${Change | 'connect_repository' | 'disconnect_repository'}`
  | `environment.${'update' | 'delete'}`
  | `domain.${'create' | 'delete' | 'verify'}`;

export type AuditTargetType =
  | 'api'
  | 'auditLogBucket'
  | 'identity'
  | 'keySpace'
  | 'key'
  | 'permission'
  | 'ratelimit'
  | 'ratelimitNamespace'
  | 'ratelimitOverride'
  | 'role'
  | 'workspace'
  | 'portalSession'
  | 'deployment'
  | 'project'
  | 'app'
  | 'environment'
  | 'domain';

export interface AuditTarget {
  readonly type: AuditTargetType;
  readonly id: string;
  /** Display name of the resource; left out of the payload when empty. */
  readonly name?: string | null;
  readonly meta?: Readonly<Record<string, unknown>>;
}

export interface AuditEvent {
  readonly event: AuditEventName;
  /** For people: says what happened, with the ids or names involved. */
  readonly description: string;
  /** In the order of the event catalogue. */
  readonly targets: readonly AuditTarget[];
}

export interface AuditActor {
  readonly type: 'rootkey' | 'user' | 'system' | 'portalEndUser';
  readonly id: string;
  readonly name?: string;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** Who changes something, and from where: what every mutation hands down to its audit events. */
export interface Caller {
  readonly principal: Principal;
  readonly client: ClientInfo;
}

export interface AuditBatch {
  readonly events: readonly AuditEvent[];
  /** Workspace that owns the log. */
  readonly workspaceId: string;
  readonly actor: AuditActor;
  /** undefined for jobs and commands. */
  readonly client: ClientInfo | undefined;
  /** Ties the events of one request together. When absent, one is minted for a batch of several events. */
  readonly correlationId?: string;
}

/** The actor that a principal is in the audit log. */
export function actorOf(principal: Principal): AuditActor {
  const { id, name, type } = principal.subject;
  return { type: principal.type === 'PORTAL_SESSION' ? 'portalEndUser' : type, id, name };
}

/**
 * Writes the events with the commit of the transaction, all with the same time (unix ms). No events, no statement. When the
 * store fails, so does the commit, and the mutation rolls back with them.
 */
export function writeAuditEvents(
  tx: Transaction,
  batch: AuditBatch,
  deps: { readonly clock: Clock; readonly ids: IdSource },
): void {
  if (batch.events.length === 0) return;
  const time = deps.clock.now();
  const correlationId =
    batch.correlationId ?? (batch.events.length > 1 ? deps.ids.next('correlation') : undefined);
  insertOutboxRows(
    tx,
    batch.events.map((event) => {
      const eventId = deps.ids.next('auditEvent');
      return {
        workspaceId: batch.workspaceId,
        eventId,
        payload: stringifyJson(auditPayload(event, batch, { eventId, time, correlationId })),
        createdAt: time,
      };
    }),
  );
}

/** The same for what a caller of the API changed, in the log of the caller's workspace. */
export function writeCallerEvents(
  tx: Transaction,
  { principal, client }: Caller,
  change: Pick<AuditBatch, 'events' | 'correlationId'>,
  deps: { readonly clock: Clock; readonly ids: IdSource },
): void {
  const { workspaceId } = principal;
  writeAuditEvents(tx, { ...change, workspaceId, actor: actorOf(principal), client }, deps);
}

/** The stored JSON; optional members are absent when empty. */
function auditPayload(
  event: AuditEvent,
  batch: AuditBatch,
  stamp: { eventId: string; time: number; correlationId: string | undefined },
): Record<string, unknown> {
  const { actor, client } = batch;
  return {
    event_id: stamp.eventId,
    time: stamp.time,
    workspace_id: batch.workspaceId,
    bucket: 'unkey_mutations',
    source: 'platform',
    event: event.event,
    description: event.description,
    actor: { type: actor.type, id: actor.id, ...named(actor.name, actor.meta) },
    ...(client?.ip ? { remote_ip: client.ip } : undefined),
    ...(client?.userAgent ? { user_agent: client.userAgent } : undefined),
    ...(event.targets.length > 0
      ? {
          targets: event.targets.map((target) => ({
            type: target.type,
            id: target.id,
            ...named(target.name, target.meta),
          })),
        }
      : undefined),
    ...(stamp.correlationId ? { correlation_id: stamp.correlationId } : undefined),
  };
}

function named(
  name: string | null | undefined,
  meta: Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown> {
  return {
    ...(name ? { name } : undefined),
    ...(meta && Object.keys(meta).length > 0 ? { meta } : undefined),
  };
}
