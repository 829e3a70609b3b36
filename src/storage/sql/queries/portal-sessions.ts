import type { Queryable } from '../database.ts';

/** A session of a portal's end user, as far as authentication looks at it. Times in unix ms. */
export interface PortalSessionRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly portalId: string;
  readonly externalId: string;
  /** JSON text `{"keyspaceIds": string[], "scopes": string[]}`. */
  readonly scopes: string;
  readonly accessTokenCreatedAt: number | null;
  readonly accessTokenExpiresAt: number | null;
  readonly revokedAt: number | null;
}

/** The session whose access token has this hash, whatever its state, or undefined. */
export async function findPortalSessionByTokenHash(
  q: Queryable,
  hash: string,
): Promise<PortalSessionRow | undefined> {
  const rows = await q.all<PortalSessionRow>(
    'findPortalSessionByTokenHash',
    `SELECT id, workspace_id AS workspaceId, portal_id AS portalId, external_id AS externalId, scopes,
            access_token_created_at AS accessTokenCreatedAt, access_token_expires_at AS accessTokenExpiresAt,
            revoked_at AS revokedAt
       FROM portal_sessions
      WHERE access_token_hash = :hash`,
    { hash },
  );
  return rows[0];
}
