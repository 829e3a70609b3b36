// Deployments as the control plane writes them. Every change of state names the state that it leaves, so that of two
// that come at once one finds nothing to change.

import type { Queryable, SqlValue } from '../../database.ts';
import { forUpdate, insertRows } from '../../dialect.ts';

export interface NewDeploymentRow {
  readonly id: string;
  /** A DNS label, unique over all deployments. */
  readonly k8sName: string;
  readonly workspaceId: string;
  readonly projectId: string;
  readonly environmentId: string;
  readonly appId: string;
  readonly image: string | null;
  readonly gitCommitSha: string | null;
  readonly gitBranch: string | null;
  readonly gitCommitMessage: string | null;
  readonly gitCommitAuthorHandle: string | null;
  readonly gitCommitAuthorAvatarUrl: string | null;
  /** Unix milliseconds. */
  readonly gitCommitTimestamp: number | null;
  readonly forkRepository: string | null;
  readonly sentinelConfig: Uint8Array;
  readonly cpuMillicores: number;
  readonly memoryMib: number;
  readonly storageMib: number;
  /** JSON text: `{"secrets": {KEY: ciphertext}}`. */
  readonly encryptedVariables: string;
  /** JSON: a list of strings. */
  readonly command: string;
  readonly port: number;
  readonly shutdownSignal: string;
  readonly upstreamProtocol: string;
  /** JSON. */
  readonly healthcheck: string | null;
  readonly invocationId: string;
  readonly trigger: string;
  readonly triggeredBy: string | null;
  readonly triggerReason: string | null;
  readonly createdAt: number;
}

/** Inserts a deployment that is pending and to be run. */
export async function insertDeployment(q: Queryable, row: NewDeploymentRow): Promise<void> {
  const columns: Record<string, SqlValue> = {
    id: row.id,
    k8s_name: row.k8sName,
    workspace_id: row.workspaceId,
    project_id: row.projectId,
    environment_id: row.environmentId,
    app_id: row.appId,
    image: row.image,
    git_commit_sha: row.gitCommitSha,
    git_branch: row.gitBranch,
    git_commit_message: row.gitCommitMessage,
    git_commit_author_handle: row.gitCommitAuthorHandle,
    git_commit_author_avatar_url: row.gitCommitAuthorAvatarUrl,
    git_commit_timestamp: row.gitCommitTimestamp,
    fork_repository_full_name: row.forkRepository,
    sentinel_config: row.sentinelConfig,
    cpu_millicores: row.cpuMillicores,
    memory_mib: row.memoryMib,
    storage_mib: row.storageMib,
    encrypted_environment_variables: Buffer.from(row.encryptedVariables),
    command: row.command,
    port: row.port,
    shutdown_signal: row.shutdownSignal,
    upstream_protocol: row.upstreamProtocol,
    healthcheck: row.healthcheck,
    invocation_id: row.invocationId,
    trigger: row.trigger,
    triggered_by: row.triggeredBy,
    trigger_reason: row.triggerReason,
    created_at: row.createdAt,
  };
  await insertRows(q, 'insertDeployment', 'deployments', [columns]);
}

/** A deployment with all that running it takes, and the state of its app. */
export interface RunnableDeploymentRow {
  readonly id: string;
  readonly k8sName: string;
  readonly workspaceId: string;
  readonly projectId: string;
  readonly projectSlug: string;
  readonly appId: string;
  readonly appSlug: string;
  readonly environmentId: string;
  readonly environmentSlug: string;
  readonly environmentKind: string;
  readonly currentDeploymentId: string | null;
  readonly isRolledBack: number;
  readonly status: string;
  readonly desiredState: string;
  readonly image: string | null;
  /** `owner/repo`; null when none is connected. */
  readonly repository: string | null;
  readonly gitCommitSha: string | null;
  readonly gitBranch: string | null;
  readonly forkRepository: string | null;
  readonly dockerfile: string | null;
  readonly dockerContext: string | null;
  readonly buildCommand: string | null;
  readonly cpuMillicores: number;
  readonly memoryMib: number;
  readonly storageMib: number;
  /** JSON text; empty when there are none. */
  readonly encryptedVariables: Uint8Array;
  readonly command: string;
  readonly port: number;
  readonly shutdownSignal: string;
  readonly upstreamProtocol: string;
  readonly healthcheck: string | null;
}

const SELECT_RUNNABLE = `
  SELECT d.id AS id, d.k8s_name AS k8sName, d.workspace_id AS workspaceId,
         d.project_id AS projectId, p.slug AS projectSlug, d.app_id AS appId, a.slug AS appSlug,
         d.environment_id AS environmentId, e.slug AS environmentSlug, e.kind AS environmentKind,
         a.current_deployment_id AS currentDeploymentId, a.is_rolled_back AS isRolledBack,
         d.status AS status, d.desired_state AS desiredState, d.image AS image,
         c.repository_full_name AS repository, d.git_commit_sha AS gitCommitSha, d.git_branch AS gitBranch,
         d.fork_repository_full_name AS forkRepository,
         b.dockerfile AS dockerfile, b.docker_context AS dockerContext, b.build_command AS buildCommand,
         d.cpu_millicores AS cpuMillicores, d.memory_mib AS memoryMib, d.storage_mib AS storageMib,
         d.encrypted_environment_variables AS encryptedVariables, d.command AS command, d.port AS port,
         d.shutdown_signal AS shutdownSignal, d.upstream_protocol AS upstreamProtocol,
         d.healthcheck AS healthcheck
    FROM deployments d
    JOIN projects p ON p.id = d.project_id
    JOIN apps a ON a.id = d.app_id
    JOIN environments e ON e.id = d.environment_id
    LEFT JOIN github_repo_connections c ON c.app_id = d.app_id
    LEFT JOIN app_build_settings b ON b.app_id = d.app_id AND b.environment_id = d.environment_id`;

/** The deployment, or undefined when it, its environment, app or project is gone. */
export async function findRunnableDeployment(
  q: Queryable,
  id: string,
): Promise<RunnableDeploymentRow | undefined> {
  const rows = await q.all<RunnableDeploymentRow>(
    'findRunnableDeployment',
    `${SELECT_RUNNABLE} WHERE d.id = :id`,
    {
      id,
    },
  );
  return rows[0];
}

/** The deployments of an environment. */
export function listEnvironmentDeployments(
  q: Queryable,
  environmentId: string,
): Promise<RunnableDeploymentRow[]> {
  return q.all<RunnableDeploymentRow>(
    'listEnvironmentDeployments',
    `${SELECT_RUNNABLE} WHERE d.environment_id = :environmentId ORDER BY d.pk`,
    { environmentId },
  );
}

/**
 * Holds an app until the transaction ends, so that nobody else moves its traffic or stops one of its deployments. Call it
 * before reading what depends on it. False when the app is gone.
 */
export async function holdApp(q: Queryable, appId: string): Promise<boolean> {
  const rows = await q.all<{ id: string }>(
    'holdApp',
    `SELECT id FROM apps WHERE id = :appId${forUpdate(q)}`,
    {
      appId,
    },
  );
  return rows.length > 0;
}

/** Moves a deployment from one status to the next; false when it is no longer in that one. */
export async function changeStatus(
  q: Queryable,
  change: { readonly id: string; readonly from: string; readonly to: string; readonly now: number },
): Promise<boolean> {
  const { affectedRows } = await q.run(
    'changeStatus',
    'UPDATE deployments SET status = :to, updated_at = :now WHERE id = :id AND status = :from',
    { ...change },
  );
  return affectedRows > 0;
}

/** Marks a deployment as drained, if it is still to be stopped; false when it is not. */
export async function markStopped(
  q: Queryable,
  { id, now }: { readonly id: string; readonly now: number },
): Promise<boolean> {
  const { affectedRows } = await q.run(
    'markStopped',
    `UPDATE deployments SET status = 'stopped', updated_at = :now
      WHERE id = :id AND status = 'ready' AND desired_state = 'stopped'`,
    { id, now },
  );
  return affectedRows > 0;
}

/** Says whether a deployment and its placements are to run. */
export async function setDesiredState(
  q: Queryable,
  change: { readonly id: string; readonly desiredState: 'running' | 'stopped'; readonly now: number },
): Promise<void> {
  await q.run(
    'setDesiredState',
    'UPDATE deployments SET desired_state = :desiredState, updated_at = :now WHERE id = :id',
    { ...change },
  );
  await q.run(
    'setDesiredPlacement',
    'UPDATE deployment_topology SET desired_status = :desiredState, updated_at = :now WHERE deployment_id = :id',
    { ...change },
  );
}

/** Records what was built. */
export async function setImage(
  q: Queryable,
  change: { readonly id: string; readonly image: string; readonly now: number },
): Promise<void> {
  await q.run('setImage', 'UPDATE deployments SET image = :image, updated_at = :now WHERE id = :id', {
    ...change,
  });
}

/** Deployments of the same branch that were made earlier and have not begun yet become superseded. */
export async function supersedeWaiting(
  q: Queryable,
  newest: {
    readonly id: string;
    readonly appId: string;
    readonly environmentId: string;
    readonly gitBranch: string;
    readonly now: number;
  },
): Promise<void> {
  await q.run(
    'supersedeWaiting',
    `UPDATE deployments SET status = 'superseded', updated_at = :now
      WHERE app_id = :appId AND environment_id = :environmentId AND git_branch = :gitBranch AND id <> :id
        AND status IN ('pending', 'awaiting_approval')`,
    { ...newest },
  );
}

/** Ids of the other deployments of a branch that are up; those without a branch are one another's. */
export async function listRunningSiblings(
  q: Queryable,
  deployment: {
    readonly id: string;
    readonly environmentId: string;
    readonly gitBranch: string | null;
  },
): Promise<string[]> {
  const { id, environmentId, gitBranch } = deployment;
  const [branch, params] =
    gitBranch === null ? ['git_branch IS NULL', {}] : ['git_branch = :gitBranch', { gitBranch }];
  const rows = await q.all<{ id: string }>(
    'listRunningSiblings',
    `SELECT id FROM deployments
      WHERE environment_id = :environmentId AND ${branch} AND id <> :id
        AND status = 'ready' AND desired_state = 'running' ORDER BY pk`,
    { id, environmentId, ...params },
  );
  return rows.map((row) => row.id);
}

/** Makes a deployment the one that serves its app. `isRolledBack` keeps later ones from taking over by themselves. */
export async function setCurrentDeployment(
  q: Queryable,
  change: {
    readonly appId: string;
    readonly deploymentId: string;
    readonly isRolledBack: boolean;
    readonly now: number;
  },
): Promise<void> {
  await q.run(
    'setCurrentDeployment',
    `UPDATE apps SET current_deployment_id = :deploymentId, is_rolled_back = :isRolledBack, updated_at = :now
      WHERE id = :appId`,
    { ...change },
  );
}

/** Id of the deployment that serves the app; undefined when none does. */
export async function findCurrentDeploymentId(q: Queryable, appId: string): Promise<string | undefined> {
  const rows = await q.all<{ id: string | null }>(
    'findCurrentDeploymentId',
    'SELECT current_deployment_id AS id FROM apps WHERE id = :appId',
    { appId },
  );
  return rows[0]?.id ?? undefined;
}
