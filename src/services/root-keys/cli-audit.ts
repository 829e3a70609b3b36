import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import { type AuditActor, type AuditEvent, writeAuditEvents } from '../audit/audit-log.ts';

/** Who audit events of the command line name as their actor. Source: the operations chapter, RK-2. */
const CLI_ACTOR: AuditActor = { type: 'system', id: 'unkey-cli', name: 'unkey-cli' };

/** Events for the log of one workspace. */
export interface CliEvents {
  readonly workspaceId: string;
  readonly events: readonly AuditEvent[];
}

/** Writes what one command did to the logs of the workspaces concerned, tied together by one correlation id. */
export function writeCliEvents(
  tx: Transaction,
  logs: readonly CliEvents[],
  deps: { readonly clock: Clock; readonly ids: IdSource },
): void {
  const correlationId = deps.ids.next('correlation');
  for (const log of logs) {
    writeAuditEvents(tx, { ...log, actor: CLI_ACTOR, client: undefined, correlationId }, deps);
  }
}
