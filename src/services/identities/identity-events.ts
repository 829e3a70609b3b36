// What the audit log tells of identities and their limits. Source: the audit sections of the identity and the analytics
// chapters.

import type { AuditEvent, AuditTarget } from '../audit/audit-log.ts';

type Change = 'create' | 'update' | 'delete';

/** An identity as the audit log names it. */
export interface AuditedIdentity {
  readonly id: string;
  readonly externalId: string;
}

interface AuditedLimit {
  readonly id: string;
  readonly name: string;
}

const DONE: Readonly<Record<Change, string>> = { create: 'Created', update: 'Updated', delete: 'Deleted' };

export function identityEvent(change: Change, identity: AuditedIdentity): AuditEvent {
  return {
    event: `identity.${change}`,
    description: `${DONE[change]} identity ${identity.id}`,
    targets: [identityTarget(identity)],
  };
}

/** One event per limit, in their order. */
export function limitEvents(
  change: Change,
  identity: AuditedIdentity,
  limits: readonly AuditedLimit[],
): AuditEvent[] {
  return limits.map(({ id, name }) => ({
    event: `ratelimit.${change}`,
    description: `${DONE[change]} rate limit ${id} of identity ${identity.id}`,
    targets: [identityTarget(identity), { type: 'ratelimit', id, name }],
  }));
}

function identityTarget({ id, externalId }: AuditedIdentity): AuditTarget {
  return { type: 'identity', id, name: externalId };
}
