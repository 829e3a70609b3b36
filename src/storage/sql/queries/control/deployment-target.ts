// What a new deployment is made from: its environment, the settings to copy, and what the app was deployed with before.

import type { Queryable } from '../../database.ts';

/** An environment with the settings that a deployment takes a copy of; settings are null where it has none. */
export interface DeploymentTargetRow {
  readonly workspaceId: string;
  readonly environmentId: string;
  readonly environmentSlug: string;
  readonly defaultBranch: string;
  readonly currentDeploymentId: string | null;
  /** `owner/repo`; null when no repository is connected. */
  readonly repository: string | null;
  readonly port: number | null;
  readonly cpuMillicores: number | null;
  readonly memoryMib: number | null;
  readonly storageMib: number | null;
  /** JSON: a list of strings. */
  readonly command: string | null;
  readonly shutdownSignal: string | null;
  readonly upstreamProtocol: string | null;
  /** JSON. */
  readonly healthcheck: string | null;
  readonly sentinelConfig: Uint8Array | null;
}

/** The environment of this slug, in any letter case, of the app in its project; undefined when any of them does not exist. */
export async function findDeploymentTarget(
  q: Queryable,
  place: { readonly projectId: string; readonly appId: string; readonly environmentSlug: string },
): Promise<DeploymentTargetRow | undefined> {
  const rows = await q.all<DeploymentTargetRow>(
    'findDeploymentTarget',
    `SELECT e.workspace_id AS workspaceId, e.id AS environmentId, e.slug AS environmentSlug,
            a.default_branch AS defaultBranch, a.current_deployment_id AS currentDeploymentId,
            c.repository_full_name AS repository,
            s.port AS port, s.cpu_millicores AS cpuMillicores, s.memory_mib AS memoryMib,
            s.storage_mib AS storageMib, s.command AS command, s.shutdown_signal AS shutdownSignal,
            s.upstream_protocol AS upstreamProtocol, s.healthcheck AS healthcheck,
            s.sentinel_config AS sentinelConfig
       FROM environments e
       JOIN apps a ON a.id = e.app_id AND a.project_id = e.project_id
       JOIN projects p ON p.id = e.project_id AND p.workspace_id = e.workspace_id
       LEFT JOIN github_repo_connections c ON c.app_id = a.id
       LEFT JOIN app_runtime_settings s ON s.app_id = a.id AND s.environment_id = e.id
      WHERE e.slug = :environmentSlug AND e.app_id = :appId AND e.project_id = :projectId`,
    { ...place },
  );
  return rows[0];
}

export interface SecretRow {
  readonly key: string;
  /** Ciphertext. */
  readonly value: string;
}

/** The variables of an environment, encrypted, by key. */
export function listSecrets(q: Queryable, appId: string, environmentId: string): Promise<SecretRow[]> {
  return q.all<SecretRow>(
    'listSecrets',
    `SELECT \`key\`, value FROM app_environment_variables
      WHERE app_id = :appId AND environment_id = :environmentId ORDER BY \`key\``,
    { appId, environmentId },
  );
}

/** Image and commit of the app's deployment, or undefined when it does not exist. */
export async function findRecordedSource(
  q: Queryable,
  appId: string,
  deploymentId: string,
): Promise<RecordedSourceRow | undefined> {
  const rows = await q.all<RecordedSourceRow>(
    'findRecordedSource',
    `SELECT image, git_commit_sha AS commitSha, git_branch AS branch, git_commit_message AS commitMessage,
            git_commit_author_handle AS authorHandle, git_commit_author_avatar_url AS authorAvatarUrl,
            git_commit_timestamp AS timestamp, fork_repository_full_name AS forkRepository
       FROM deployments WHERE id = :deploymentId AND app_id = :appId`,
    { deploymentId, appId },
  );
  return rows[0];
}

export interface RecordedSourceRow {
  readonly image: string | null;
  readonly commitSha: string | null;
  readonly branch: string | null;
  readonly commitMessage: string | null;
  readonly authorHandle: string | null;
  readonly authorAvatarUrl: string | null;
  /** Unix milliseconds. */
  readonly timestamp: number | string | null;
  readonly forkRepository: string | null;
}
