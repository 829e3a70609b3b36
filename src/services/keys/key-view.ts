// How getKey, whoami and listKeys show a key: optional members appear only when they say something. Source: the getKey
// and listKeys sections of the key chapters.

import { sortedUnique } from '../../lib/byte-order.ts';
import type { Integer } from '../../lib/json.ts';
import { type IdentityView, identityView } from '../identities/identity-view.ts';
import type { StoredRateLimit } from '../ratelimit/stored-limits.ts';
import type { CreditColumns } from './credits.ts';
import type { StoredKey } from './stored-key.ts';

export interface CreditsView {
  readonly remaining: Integer | null;
  readonly refill?: {
    readonly interval: 'daily' | 'monthly';
    readonly amount: Integer;
    readonly refillDay?: number;
  };
}

export interface KeyView {
  readonly keyId: string;
  readonly start: string;
  readonly enabled: boolean;
  readonly name?: string;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly updatedAt?: number;
  readonly lastUsedAt?: number;
  readonly expires?: number;
  readonly permissions?: readonly string[];
  readonly roles?: readonly string[];
  readonly credits?: CreditsView;
  readonly identity?: IdentityView;
  readonly ratelimits?: readonly StoredRateLimit[];
  readonly plaintext?: string;
}

/** The key as callers see it; `plaintext` only when it was asked for and could be decrypted. */
export function keyView(key: StoredKey, plaintext?: string): KeyView {
  const permissions = sortedUnique([...key.permissions, ...key.rolePermissions].map(({ slug }) => slug));
  return {
    keyId: key.id,
    start: key.start,
    enabled: key.enabled,
    ...(key.name ? { name: key.name } : undefined),
    ...(key.meta ? { meta: key.meta } : undefined),
    createdAt: key.createdAt,
    ...(key.updatedAt ? { updatedAt: key.updatedAt } : undefined),
    ...(key.lastUsedAt ? { lastUsedAt: key.lastUsedAt } : undefined),
    ...(key.expires ? { expires: key.expires } : undefined),
    ...(permissions.length > 0 ? { permissions } : undefined),
    ...(key.roles.length > 0 ? { roles: sortedUnique(key.roles.map(({ name }) => name)) } : undefined),
    ...(key.remaining === null ? undefined : { credits: creditsView(key) }),
    ...(key.identity ? { identity: identityView(key.identity) } : undefined),
    ...(key.ratelimits.length > 0 ? { ratelimits: key.ratelimits } : undefined),
    ...(plaintext === undefined ? undefined : { plaintext }),
  };
}

/** The credits of a key; `refill` only when one is stored. */
export function creditsView({ remaining, refillAmount, refillDay }: CreditColumns): CreditsView {
  if (refillAmount === null) return { remaining };
  return {
    remaining,
    refill:
      refillDay === null
        ? { interval: 'daily', amount: refillAmount }
        : { interval: 'monthly', amount: refillAmount, refillDay },
  };
}
