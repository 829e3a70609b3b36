import type { AuditEventName } from '../../services/audit/audit-log.ts';
import type { ControlActor } from '../../services/control/control-plane.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import type { CustomDomainPlace } from '../../storage/sql/queries/control/custom-domains.ts';
import { writeControlEvents } from '../audit.ts';
import type { ControlDeps } from '../control-deps.ts';

export interface DomainEvent {
  readonly event: Extract<AuditEventName, `domain.${string}`>;
  readonly domain: CustomDomainPlace & { readonly id: string; readonly domain: string };
  readonly actor: ControlActor | undefined;
}

const DESCRIPTIONS: Readonly<Record<DomainEvent['event'], string>> = {
  'domain.create': 'Added domain',
  'domain.delete': 'Deleted domain',
  'domain.verify': 'Had verified anew domain',
};

/** Writes what was done to a domain into its workspace's audit log, with the transaction that does it. */
export function writeDomainEvent(
  tx: Transaction,
  deps: Pick<ControlDeps, 'clock' | 'ids'>,
  { event, domain: row, actor }: DomainEvent,
): void {
  const { id, domain, projectId, appId, environmentId, workspaceId } = row;
  const meta = { domain, projectId, appId, environmentId };
  const description = `${DESCRIPTIONS[event]} ${domain}`;
  const targets = [{ type: 'domain' as const, id, name: domain, meta }];
  writeControlEvents(tx, workspaceId, { actor }, [{ event, description, targets }], deps);
}
