// The portal's access token as cookie. Source: the portal-session section of the HTTP contract and the cookie
// authentication section of the portal chapter.

import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import { sha256Base64 } from '../../lib/hash.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Database } from '../../storage/sql/database.ts';
import {
  findPortalSessionByTokenHash,
  type PortalSessionRow,
} from '../../storage/sql/queries/portal-sessions.ts';
import type { Invalidations } from '../cache/invalidations.ts';
import { SwrCache } from '../cache/swr-cache.ts';
import type { Resolver } from './authenticator.ts';
import type { Principal } from './principal.ts';

interface PortalSession extends Omit<PortalSessionRow, 'scopes'> {
  readonly scopes: readonly string[];
  readonly keyspaceIds: readonly string[];
}

/**
 * Resolves the `portal_session` cookie; yields when there is none or the request carries an Authorization header. The
 * session's state is judged by the clock on every call, so expiry is exact while a revocation may lag by the cache.
 */
export function createPortalSessionResolver(deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly invalidations?: Invalidations | undefined;
}): Resolver {
  const cache = new SwrCache<PortalSession>({
    ...deps,
    name: 'portal_session',
    freshMs: 10_000,
    staleMs: 5 * 60_000,
    maxEntries: 100_000,
  });

  async function find(hash: string): Promise<PortalSession | null> {
    try {
      return await cache.swr(hash, async () => {
        const row = await findPortalSessionByTokenHash(deps.db.replica, hash);
        return row === undefined ? null : decode(row);
      });
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw new Fault('unkey:application:service_unavailable', {
        public: 'The portal session could not be checked.',
        internal: 'loading a portal session failed',
        cause: error,
      });
    }
  }

  return {
    kind: 'portal_session',
    async resolve({ authorization, portalSession: token }) {
      if ((authorization !== undefined && authorization !== '') || token === undefined) return undefined;
      if (token === '') {
        throw new Fault('unkey:authentication:portal_token_missing', {
          public: 'The portal_session cookie is empty.',
        });
      }
      const session = await find(sha256Base64(token));
      if (session === null) throw notFound('unknown');
      assertActive(session, deps.clock.now());
      return toPrincipal(session);
    },
  };
}

function assertActive(session: PortalSession, now: number): void {
  if (session.revokedAt !== null) throw notFound('revoked');
  if (session.accessTokenCreatedAt === null || session.accessTokenExpiresAt === null) {
    throw broken(session.id, 'has an access token without its dates');
  }
  if (session.accessTokenExpiresAt <= now) throw notFound('expired');
}

/** One answer for unknown, revoked and expired sessions; only the log tells them apart. */
function notFound(state: string): Fault {
  return new Fault('unkey:authentication:portal_session_not_found', {
    public: 'The portal session does not exist or has ended.',
    internal: `portal session is ${state}`,
  });
}

function broken(sessionId: string, complaint: string): Fault {
  return new Fault('unkey:application:unexpected_error', {
    public: 'The portal session could not be checked.',
    internal: `portal session ${sessionId} ${complaint}`,
  });
}

function decode(row: PortalSessionRow): PortalSession {
  const stored = parse(row);
  if (!isStringArray(stored.keyspaceIds) || !isStringArray(stored.scopes)) {
    throw broken(row.id, 'has scopes of an unknown form');
  }
  return { ...row, keyspaceIds: stored.keyspaceIds, scopes: stored.scopes };
}

function parse(row: PortalSessionRow): { keyspaceIds?: unknown; scopes?: unknown } {
  try {
    return Object(JSON.parse(row.scopes));
  } catch {
    throw broken(row.id, 'has scopes that are not JSON');
  }
}

function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function toPrincipal(session: PortalSession): Principal {
  return {
    version: 'v1',
    type: 'PORTAL_SESSION',
    subject: { id: session.externalId, name: session.externalId, type: 'user' },
    workspaceId: session.workspaceId,
    permissions: session.scopes,
    source: {
      kind: 'portalSession',
      sessionId: session.id,
      portalId: session.portalId,
      externalId: session.externalId,
      keyspaceIds: session.keyspaceIds,
    },
  };
}
