// From the `[[auth]]` entries of the configuration to the two chains of the server.

import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Database } from '../../storage/sql/database.ts';
import type { Invalidations } from '../cache/invalidations.ts';
import type { KeyCache } from '../keys/key-cache.ts';
import { createWorkspaceByOrg } from '../workspaces/workspace-by-org.ts';
import type { Authenticator, Resolver } from './authenticator.ts';
import { createAuthenticator } from './chain.ts';
import { type Fetch, jwksKeys } from './jwks.ts';
import { createJwtResolver } from './jwt.ts';
import { type KeySource, secretKeys } from './jwt-keys.ts';
import { createPortalSessionResolver } from './portal-session.ts';
import { createRootKeyResolver } from './root-key.ts';

export interface JwtEntry {
  readonly type: 'jwt';
  readonly issuer: string;
  /** Blank or undefined: any audience will do. */
  readonly audience: string | undefined;
  /** Exactly one of `secrets` (HS256) and `jwksUrl` (RS256) is set. */
  readonly secrets: readonly string[] | undefined;
  readonly jwksUrl: string | undefined;
  readonly provider: 'workos' | undefined;
}

/** One way to authenticate, as the configuration names it. */
export type AuthEntry = JwtEntry | { readonly type: 'portal_session' } | { readonly type: 'root_key' };

export interface AuthenticatorDeps {
  readonly keyCache: KeyCache;
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly invalidations?: Invalidations | undefined;
  /** Fetches JWKS documents; the global one when absent. */
  readonly fetch?: Fetch;
}

export interface Authenticators {
  /** Root keys and JWTs, in the order of their entries. */
  readonly bearer: Authenticator;
  /** Portal sessions only; without an entry it refuses every request. */
  readonly portal: Authenticator;
}

/** Composes both chains. */
export function createAuthenticators(entries: readonly AuthEntry[], deps: AuthenticatorDeps): Authenticators {
  const workspaces = createWorkspaceByOrg(deps);
  const bearer: Resolver[] = [];
  const portal: Resolver[] = [];
  for (const entry of entries) {
    switch (entry.type) {
      case 'root_key':
        bearer.push(createRootKeyResolver({ keys: deps.keyCache, metrics: deps.metrics }));
        break;
      case 'portal_session':
        portal.push(createPortalSessionResolver(deps));
        break;
      case 'jwt':
        bearer.push(
          createJwtResolver({
            rules: entry,
            keys: keySource(entry, deps),
            provider: entry.provider,
            workspaces,
            clock: deps.clock,
            log: deps.log,
          }),
        );
        break;
    }
  }
  return { bearer: createAuthenticator(bearer), portal: createAuthenticator(portal) };
}

function keySource(entry: JwtEntry, { clock, log, fetch }: AuthenticatorDeps): KeySource {
  if (entry.jwksUrl !== undefined) {
    return jwksKeys({ url: entry.jwksUrl, clock, log, fetch: fetch ?? globalThis.fetch });
  }
  if (entry.secrets === undefined) throw new Error(`the jwt entry of ${entry.issuer} names no keys`);
  return secretKeys(entry.secrets);
}
