import type { JsonObject } from '../../lib/json.ts';
import type { StoredRateLimit } from '../ratelimit/stored-limits.ts';
import type { StoredIdentity } from './stored-identity.ts';

export interface IdentityView {
  readonly id: string;
  readonly externalId: string;
  readonly meta?: JsonObject;
  readonly ratelimits?: readonly StoredRateLimit[];
}

/** An identity as callers see it: what says nothing is left out. */
export function identityView({ id, externalId, meta, ratelimits }: StoredIdentity): IdentityView {
  return {
    id,
    externalId,
    ...(meta === undefined || Object.keys(meta).length === 0 ? undefined : { meta }),
    ...(ratelimits.length > 0 ? { ratelimits } : undefined),
  };
}
