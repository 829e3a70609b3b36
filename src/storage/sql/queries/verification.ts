import type { Queryable } from '../database.ts';

/**
 * One row of the verification loader. A key comes back as several rows: one with the key itself (`part` 0) and one for
 * each of its roles (1), direct permissions (2), permissions through roles (3), own limits (4) and identity limits (5).
 * A part without items yields one row whose item columns are null.
 */
export interface VerificationRow {
  readonly part: number;
  readonly id: string;
  readonly keyspaceId: string;
  readonly workspaceId: string;
  readonly forWorkspaceId: string | null;
  readonly name: string | null;
  readonly meta: string | null;
  readonly expires: string | null;
  readonly enabled: number;
  readonly remaining: number | string | null;
  readonly pendingMigrationId: string | null;
  readonly apiId: string;
  readonly apiDeletedAt: number | null;
  readonly ipWhitelist: string | null;
  readonly workspaceEnabled: number;
  readonly targetWorkspaceEnabled: number | null;
  readonly targetWorkspaceDeletedAt: number | null;
  readonly identityId: string | null;
  readonly externalId: string | null;
  readonly identityMeta: string | null;
  /** Role name or permission slug. */
  readonly item: string | null;
  readonly limitId: string | null;
  readonly limitName: string | null;
  readonly limitValue: number | string | null;
  readonly limitDuration: number | string | null;
  readonly limitAutoApply: number | null;
}

/**
 * Everything that a verification needs of the key with this hash, in one statement: the parts are told apart by a small
 * constant table, so that roles, permissions and limits add up instead of multiplying, and no string of two collations
 * ever meets in one column. Filters the key's own deletion only; a deleted API is reported, not hidden.
 */
export function loadVerificationRows(q: Queryable, hash: string): Promise<VerificationRow[]> {
  return q.all<VerificationRow>(
    'loadVerificationRows',
    `SELECT part.n AS part,
            k.id AS id, k.key_auth_id AS keyspaceId, k.workspace_id AS workspaceId,
            k.for_workspace_id AS forWorkspaceId, k.name AS name,
            CASE WHEN part.n = 0 THEN k.meta END AS meta,
            k.expires AS expires, k.enabled AS enabled, k.remaining_requests AS remaining,
            k.pending_migration_id AS pendingMigrationId,
            a.id AS apiId, a.deleted_at_m AS apiDeletedAt, a.ip_whitelist AS ipWhitelist,
            ws.enabled AS workspaceEnabled, target.enabled AS targetWorkspaceEnabled,
            target.deleted_at_m AS targetWorkspaceDeletedAt,
            i.id AS identityId, i.external_id AS externalId,
            CASE WHEN part.n = 0 THEN i.meta END AS identityMeta,
            CASE WHEN part.n = 1 THEN r.name ELSE p.slug END AS item,
            COALESCE(kl.id, il.id) AS limitId, COALESCE(kl.name, il.name) AS limitName,
            COALESCE(kl.\`limit\`, il.\`limit\`) AS limitValue, COALESCE(kl.duration, il.duration) AS limitDuration,
            COALESCE(kl.auto_apply, il.auto_apply) AS limitAutoApply
       FROM \`keys\` k
       JOIN apis a ON a.key_auth_id = k.key_auth_id
       JOIN key_auth ka ON ka.id = k.key_auth_id
       JOIN workspaces ws ON ws.id = k.workspace_id
       LEFT JOIN workspaces target ON target.id = k.for_workspace_id
       LEFT JOIN identities i ON i.id = k.identity_id AND i.deleted = 0
       CROSS JOIN (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2
                   UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5) part
       LEFT JOIN keys_roles kr ON part.n IN (1, 3) AND kr.key_id = k.id
       LEFT JOIN roles r ON part.n = 1 AND r.id = kr.role_id
       LEFT JOIN roles_permissions rp ON part.n = 3 AND rp.role_id = kr.role_id
       LEFT JOIN keys_permissions kp ON part.n = 2 AND kp.key_id = k.id
       LEFT JOIN permissions p ON p.id = COALESCE(kp.permission_id, rp.permission_id)
       LEFT JOIN ratelimits kl ON part.n = 4 AND kl.key_id = k.id
       LEFT JOIN ratelimits il ON part.n = 5 AND il.identity_id = i.id
      WHERE k.hash = :hash AND k.deleted_at_m IS NULL
      ORDER BY part.n`,
    { hash },
  );
}
