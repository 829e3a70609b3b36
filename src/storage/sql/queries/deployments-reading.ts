// Deployments as the API reads them. The control plane writes them.

import type { Queryable, SqlParams } from '../database.ts';

/** A deployment with what is known of its place; of a place whose rows are gone everything is null. */
export interface DeploymentRow {
  readonly id: string;
  readonly environmentId: string;
  readonly status: string;
  readonly desiredState: string;
  readonly image: string | null;
  readonly gitCommitSha: string | null;
  readonly gitBranch: string | null;
  readonly cpuMillicores: number;
  readonly memoryMib: number;
  readonly storageMib: number;
  readonly port: number;
  /** JSON: a list of strings. */
  readonly command: string;
  readonly shutdownSignal: string;
  readonly upstreamProtocol: string;
  /** JSON; null, or the JSON `null`, when there is none. */
  readonly healthcheck: string | null;
  readonly createdAt: number;
  readonly updatedAt: number | null;
  readonly projectSlug: string | null;
  readonly appSlug: string | null;
  readonly currentDeploymentId: string | null;
  readonly isRolledBack: number | null;
  readonly environmentSlug: string | null;
  readonly environmentKind: string | null;
}

const SELECT_DEPLOYMENT = `
  SELECT d.id AS id, d.environment_id AS environmentId, d.status AS status, d.desired_state AS desiredState,
         d.image AS image, d.git_commit_sha AS gitCommitSha, d.git_branch AS gitBranch,
         d.cpu_millicores AS cpuMillicores, d.memory_mib AS memoryMib, d.storage_mib AS storageMib,
         d.port AS port, d.command AS command, d.shutdown_signal AS shutdownSignal,
         d.upstream_protocol AS upstreamProtocol, d.healthcheck AS healthcheck,
         d.created_at AS createdAt, d.updated_at AS updatedAt,
         p.slug AS projectSlug, a.slug AS appSlug, a.current_deployment_id AS currentDeploymentId,
         a.is_rolled_back AS isRolledBack, e.slug AS environmentSlug, e.kind AS environmentKind
    FROM deployments d
    LEFT JOIN projects p ON p.id = d.project_id
    LEFT JOIN apps a ON a.id = d.app_id
    LEFT JOIN environments e ON e.id = d.environment_id`;

/** The workspace's deployment with this id, or undefined. */
export async function findDeployment(
  q: Queryable,
  workspaceId: string,
  id: string,
): Promise<DeploymentRow | undefined> {
  const rows = await q.all<DeploymentRow>(
    'findDeployment',
    `${SELECT_DEPLOYMENT} WHERE d.id = :id AND d.workspace_id = :workspaceId`,
    { id, workspaceId },
  );
  return rows[0];
}

/** Which deployments of a workspace. Whatever is undefined does not restrict them. */
export interface DeploymentPage {
  readonly projectId?: string | undefined;
  readonly appId?: string | undefined;
  readonly environmentId?: string | undefined;
  readonly statuses: readonly string[] | undefined;
  /** Id of the first deployment to read. */
  readonly cursor: string | undefined;
  /** Most rows to read. */
  readonly limit: number;
}

/** Deployments of the workspace, those inserted last first; none when the cursor names no deployment of it. */
export function listDeployments(
  q: Queryable,
  workspaceId: string,
  page: DeploymentPage,
): Promise<DeploymentRow[]> {
  // In a project the workspace is compared, not looked up: MySQL would intersect both indexes and sort what it finds, while
  // that of the project alone has the rows in the order asked for.
  const conditions = [
    page.projectId === undefined
      ? 'd.workspace_id = :workspaceId'
      : "COALESCE(d.workspace_id, '') = :workspaceId",
  ];
  const params: SqlParams = { workspaceId, limit: page.limit };
  const restrict = (condition: string, name: string, value: string | readonly string[] | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    params[name] = value;
  };
  restrict('d.project_id = :projectId', 'projectId', page.projectId);
  restrict('d.app_id = :appId', 'appId', page.appId);
  restrict('d.environment_id = :environmentId', 'environmentId', page.environmentId);
  restrict('d.status IN (:statuses)', 'statuses', page.statuses);
  restrict(
    'd.pk <= (SELECT c.pk FROM deployments c WHERE c.id = :cursor AND c.workspace_id = :workspaceId)',
    'cursor',
    page.cursor,
  );
  return q.all<DeploymentRow>(
    'listDeployments',
    `${SELECT_DEPLOYMENT} WHERE ${conditions.join(' AND ')} ORDER BY d.pk DESC LIMIT :limit`,
    params,
  );
}

/** A deployment with the state that decides what may be done to it. */
export interface DeploymentStateRow {
  readonly id: string;
  readonly projectId: string;
  readonly appId: string;
  readonly environmentId: string;
  readonly status: string;
  readonly desiredState: string;
  readonly environmentKind: string;
  /** null also when the app's row is gone. */
  readonly currentDeploymentId: string | null;
  readonly isRolledBack: number | null;
}

/** The workspace's deployment with this id, or undefined when it or its environment does not exist. */
export async function findDeploymentState(
  q: Queryable,
  workspaceId: string,
  id: string,
): Promise<DeploymentStateRow | undefined> {
  const rows = await q.all<DeploymentStateRow>(
    'findDeploymentState',
    `SELECT d.id AS id, d.project_id AS projectId, d.app_id AS appId, d.environment_id AS environmentId,
            d.status AS status, d.desired_state AS desiredState, e.kind AS environmentKind,
            a.current_deployment_id AS currentDeploymentId, a.is_rolled_back AS isRolledBack
       FROM deployments d
       JOIN environments e ON e.id = d.environment_id
       LEFT JOIN apps a ON a.id = d.app_id
      WHERE d.id = :id AND d.workspace_id = :workspaceId`,
    { id, workspaceId },
  );
  return rows[0];
}

/** Where a deployment belongs and what it was made of. */
export interface DeploymentSourceRow {
  readonly id: string;
  readonly projectId: string;
  readonly appId: string;
  readonly environmentId: string;
  readonly image: string | null;
  readonly gitCommitSha: string | null;
  readonly gitBranch: string | null;
  readonly gitCommitMessage: string | null;
  readonly gitCommitAuthorHandle: string | null;
  readonly gitCommitAuthorAvatarUrl: string | null;
  /** Unix milliseconds. */
  readonly gitCommitTimestamp: number | string | null;
  readonly forkRepository: string | null;
}

/** The workspace's deployment with this id, or undefined. */
export async function findDeploymentSource(
  q: Queryable,
  workspaceId: string,
  id: string,
): Promise<DeploymentSourceRow | undefined> {
  const rows = await q.all<DeploymentSourceRow>(
    'findDeploymentSource',
    `SELECT id, project_id AS projectId, app_id AS appId, environment_id AS environmentId, image,
            git_commit_sha AS gitCommitSha, git_branch AS gitBranch, git_commit_message AS gitCommitMessage,
            git_commit_author_handle AS gitCommitAuthorHandle,
            git_commit_author_avatar_url AS gitCommitAuthorAvatarUrl,
            git_commit_timestamp AS gitCommitTimestamp, fork_repository_full_name AS forkRepository
       FROM deployments
      WHERE id = :id AND workspace_id = :workspaceId`,
    { id, workspaceId },
  );
  return rows[0];
}

/** A deployment as the deprecated operation tells of it. */
export async function findDeploymentStatus(
  q: Queryable,
  workspaceId: string,
  id: string,
): Promise<{ readonly id: string; readonly projectId: string; readonly status: string } | undefined> {
  const rows = await q.all<{ id: string; projectId: string; status: string }>(
    'findDeploymentStatus',
    `SELECT id, project_id AS projectId, status FROM deployments
      WHERE id = :id AND workspace_id = :workspaceId`,
    { id, workspaceId },
  );
  return rows[0];
}
