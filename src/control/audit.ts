// What the control plane does, in the audit log of the workspace that it does it for. Source: the audit events of the
// platform chapter.

import type { AuditActor, AuditEvent } from '../services/audit/audit-log.ts';
import { writeAuditEvents } from '../services/audit/audit-log.ts';
import type { ControlActor } from '../services/control/control-plane.ts';
import type { Transaction } from '../storage/sql/database.ts';
import type { ControlDeps } from './control-deps.ts';

/** On whose behalf something is done, and what ties its events to others. */
export interface Origin {
  /** undefined = the control plane itself. */
  readonly actor: ControlActor | undefined;
  readonly correlationId?: string;
}

const ITSELF: AuditActor = { type: 'system', id: 'control-plane', name: 'control-plane' };

const TYPES: Readonly<Record<ControlActor['type'], AuditActor['type']>> = {
  root_key: 'rootkey',
  user: 'user',
  system: 'system',
  unspecified: 'system',
};

/** Writes the events with the transaction that they tell of. */
export function writeControlEvents(
  tx: Transaction,
  workspaceId: string,
  { actor, correlationId }: Origin,
  events: readonly AuditEvent[],
  deps: Pick<ControlDeps, 'clock' | 'ids'>,
): void {
  writeAuditEvents(
    tx,
    {
      workspaceId,
      events,
      actor: actor === undefined ? ITSELF : { type: TYPES[actor.type], id: actor.id, name: actor.name },
      client: actor === undefined ? undefined : { ip: actor.remoteIp, userAgent: actor.userAgent },
      ...(correlationId === undefined ? {} : { correlationId }),
    },
    deps,
  );
}
