// Domains of customers, and how far it is proven that they are theirs.

import type { Queryable } from '../../database.ts';
import { deleteByPk } from '../../delete-by-pk.ts';
import { forUpdate, insertRows } from '../../dialect.ts';

export interface CustomDomainPlace {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly appId: string;
  readonly environmentId: string;
}

export interface NewCustomDomainRow extends CustomDomainPlace {
  readonly id: string;
  readonly domain: string;
  readonly verificationToken: string;
  readonly targetCname: string;
  /** Names the run of checks. */
  readonly invocationId: string;
  readonly createdAt: number;
}

/** Throws a DuplicateKeyError when the workspace has the domain. */
export async function insertCustomDomain(q: Queryable, row: NewCustomDomainRow): Promise<void> {
  await insertRows(q, 'insertCustomDomain', 'custom_domains', [
    {
      id: row.id,
      workspace_id: row.workspaceId,
      project_id: row.projectId,
      app_id: row.appId,
      environment_id: row.environmentId,
      domain: row.domain,
      challenge_type: 'HTTP-01',
      verification_token: row.verificationToken,
      target_cname: row.targetCname,
      invocation_id: row.invocationId,
      created_at: row.createdAt,
    },
  ]);
}

/** Whether the environment, its app and its project exist and belong together. */
export async function holdsPlace(q: Queryable, place: CustomDomainPlace): Promise<boolean> {
  const rows = await q.all<{ id: string }>(
    'holdsPlace',
    `SELECT e.id AS id FROM environments e
       JOIN apps a ON a.id = e.app_id AND a.project_id = e.project_id
       JOIN projects p ON p.id = e.project_id AND p.workspace_id = e.workspace_id
      WHERE e.id = :environmentId AND e.app_id = :appId AND e.project_id = :projectId
        AND e.workspace_id = :workspaceId`,
    { ...place },
  );
  return rows.length > 0;
}

/**
 * How many domains the workspace may have, held until the transaction ends, so that no two add the last one; undefined when
 * it has no limits.
 */
export async function lockDomainLimit(q: Queryable, workspaceId: string): Promise<number | undefined> {
  const rows = await q.all<{ max: number }>(
    'lockDomainLimit',
    `SELECT custom_domains_max AS max FROM limits WHERE workspace_id = :workspaceId${forUpdate(q)}`,
    { workspaceId },
  );
  return rows[0]?.max;
}

export async function countCustomDomains(q: Queryable, workspaceId: string): Promise<number> {
  const rows = await q.all<{ count: number | string }>(
    'countCustomDomains',
    'SELECT COUNT(*) AS count FROM custom_domains WHERE workspace_id = :workspaceId',
    { workspaceId },
  );
  return Number(rows[0]?.count ?? 0);
}

export interface CustomDomainRow extends CustomDomainPlace {
  readonly pk: number;
  readonly id: string;
  readonly domain: string;
  readonly status: string;
  readonly verificationToken: string;
  readonly targetCname: string;
  readonly cnameVerified: number;
  readonly ownershipVerified: number;
  readonly invocationId: string | null;
}

const SELECT = `
  SELECT pk, id, workspace_id AS workspaceId, project_id AS projectId, app_id AS appId,
         environment_id AS environmentId, domain, verification_status AS status,
         verification_token AS verificationToken, target_cname AS targetCname, cname_verified AS cnameVerified,
         ownership_verified AS ownershipVerified, invocation_id AS invocationId
    FROM custom_domains`;

/** The domain of this name; undefined when the workspace has none. */
export async function findNamedDomain(
  q: Queryable,
  workspaceId: string,
  domain: string,
): Promise<CustomDomainRow | undefined> {
  const rows = await q.all<CustomDomainRow>(
    'findNamedDomain',
    `${SELECT} WHERE workspace_id = :workspaceId AND domain = :domain`,
    { workspaceId, domain },
  );
  return rows[0];
}

export async function findCustomDomain(q: Queryable, id: string): Promise<CustomDomainRow | undefined> {
  return (await q.all<CustomDomainRow>('findCustomDomain', `${SELECT} WHERE id = :id`, { id }))[0];
}

/** The same, held until the transaction ends. */
export async function holdCustomDomain(q: Queryable, id: string): Promise<CustomDomainRow | undefined> {
  const rows = await q.all<CustomDomainRow>('holdCustomDomain', `${SELECT} WHERE id = :id${forUpdate(q)}`, {
    id,
  });
  return rows[0];
}

/** Where the name is verified for another workspace. */
export function listOtherHolders(
  q: Queryable,
  { workspaceId, domain }: { readonly workspaceId: string; readonly domain: string },
): Promise<CustomDomainRow[]> {
  return q.all<CustomDomainRow>(
    'listOtherHolders',
    `${SELECT} WHERE domain = :domain AND workspace_id <> :workspaceId AND verification_status = 'verified'`,
    { workspaceId, domain },
  );
}

/** Names that are verified and lead to the app's current deployment. */
export async function listVerifiedDomains(q: Queryable, appId: string): Promise<string[]> {
  const rows = await q.all<{ domain: string }>(
    'listVerifiedDomains',
    `SELECT domain FROM custom_domains WHERE app_id = :appId AND verification_status = 'verified' ORDER BY pk`,
    { appId },
  );
  return rows.map(({ domain }) => domain);
}

export interface CheckedDomain {
  readonly pk: number;
  readonly status: 'verifying' | 'verified' | 'failed';
  readonly cnameVerified: boolean;
  readonly ownershipVerified: boolean;
  /** What is missing; null when nothing is. */
  readonly error: string | null;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Records the outcome of a check. */
export async function recordCheck(q: Queryable, check: CheckedDomain): Promise<void> {
  await q.run(
    'recordCheck',
    `UPDATE custom_domains
        SET verification_status = :status, cname_verified = :cnameVerified,
            ownership_verified = :ownershipVerified, verification_error = :error,
            last_checked_at = :now, check_attempts = check_attempts + 1, updated_at = :now
      WHERE pk = :pk`,
    { ...check },
  );
}

/** Takes a domain from whoever had it verified. */
export async function failCustomDomain(
  q: Queryable,
  failure: { readonly pk: number; readonly error: string; readonly now: number },
): Promise<void> {
  await q.run(
    'failCustomDomain',
    `UPDATE custom_domains SET verification_status = 'failed', verification_error = :error, updated_at = :now
      WHERE pk = :pk`,
    { ...failure },
  );
}

/** Has the domain begin anew; what was proven so far stays until the next check. */
export async function resetVerification(
  q: Queryable,
  reset: { readonly pk: number; readonly invocationId: string; readonly now: number },
): Promise<void> {
  await q.run(
    'resetVerification',
    `UPDATE custom_domains
        SET verification_status = 'pending', verification_error = NULL, last_checked_at = NULL,
            check_attempts = 0, invocation_id = :invocationId, updated_at = :now
      WHERE pk = :pk`,
    { ...reset },
  );
}

export async function deleteCustomDomain(q: Queryable, pk: number): Promise<void> {
  await deleteByPk(q, 'deleteCustomDomain', 'custom_domains', [pk]);
}
