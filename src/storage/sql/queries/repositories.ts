// Repositories that apps are built from, and the installations of the GitHub App through which they are read.

import type { Queryable, SqlValue } from '../database.ts';
import { insertOrKeep } from '../dialect.ts';
import { updateRow } from '../update-row.ts';

/** Ids of the workspace's installations, the lowest first. */
export async function listInstallationIds(q: Queryable, workspaceId: string): Promise<(number | string)[]> {
  const rows = await q.all<{ installationId: number | string }>(
    'listInstallationIds',
    `SELECT installation_id AS installationId FROM github_app_installations
      WHERE workspace_id = :workspaceId ORDER BY installation_id`,
    { workspaceId },
  );
  return rows.map(({ installationId }) => installationId);
}

export interface RepositoryConnection {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly appId: string;
  readonly installationId: number | string;
  readonly repositoryId: number | string;
  /** `owner/repo` as GitHub writes it. */
  readonly fullName: string;
}

/** Connects an app to a repository, in place of the one that it was connected to. `now` in unix milliseconds. */
export async function connectRepository(
  q: Queryable,
  connection: RepositoryConnection,
  now: number,
): Promise<void> {
  const target: Record<string, SqlValue> = {
    installation_id: connection.installationId,
    repository_id: connection.repositoryId,
    repository_full_name: connection.fullName,
  };
  const { workspaceId, projectId, appId } = connection;
  await insertOrKeep(
    q,
    'connectRepository',
    'github_repo_connections',
    [{ workspace_id: workspaceId, project_id: projectId, app_id: appId, ...target, created_at: now }],
    ['app_id'],
  );
  const where = { app_id: appId };
  await updateRow(q, 'connectRepository', 'github_repo_connections', { ...target, updated_at: now }, where);
}

/** Takes the repository of an app away, if it has one. */
export async function disconnectRepository(q: Queryable, appId: string): Promise<void> {
  await q.run('disconnectRepository', 'DELETE FROM github_repo_connections WHERE app_id = :appId', { appId });
}

export interface ConnectedRepositoryRow {
  readonly installationId: number | string;
  /** `owner/repo` as GitHub writes it. */
  readonly fullName: string;
  /** Of the app; empty when none is set. */
  readonly defaultBranch: string;
}

/** The repository that an app is connected to; undefined when it is to none. */
export async function findConnectedRepository(
  q: Queryable,
  appId: string,
): Promise<ConnectedRepositoryRow | undefined> {
  const rows = await q.all<ConnectedRepositoryRow>(
    'findConnectedRepository',
    `SELECT c.installation_id AS installationId, c.repository_full_name AS fullName,
            a.default_branch AS defaultBranch
       FROM github_repo_connections c JOIN apps a ON a.id = c.app_id
      WHERE c.app_id = :appId`,
    { appId },
  );
  return rows[0];
}
