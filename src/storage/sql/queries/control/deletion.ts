// Taking projects, apps and environments away. All deletes of this area are hard deletes.

import type { Queryable } from '../../database.ts';
import { deleteMatching } from '../../delete-by-pk.ts';
import { forUpdate } from '../../dialect.ts';

export interface DoomedProjectRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly slug: string;
  /** null counts as false. */
  readonly deleteProtection: number | null;
}

export interface DoomedAppRow extends DoomedProjectRow {
  readonly projectId: string;
}

/** The project, whoever's it is; undefined when it is gone. */
export async function findDoomedProject(q: Queryable, id: string): Promise<DoomedProjectRow | undefined> {
  const rows = await q.all<DoomedProjectRow>(
    'findDoomedProject',
    `SELECT id, workspace_id AS workspaceId, name, slug, delete_protection AS deleteProtection
       FROM projects WHERE id = :id`,
    { id },
  );
  return rows[0];
}

/**
 * Holds a project until the transaction ends, so that no app is made in it meanwhile. Call it before reading what depends
 * on it. False when the project is gone.
 */
export async function holdProject(q: Queryable, id: string): Promise<boolean> {
  const rows = await q.all<{ id: string }>(
    'holdProject',
    `SELECT id FROM projects WHERE id = :id${forUpdate(q)}`,
    { id },
  );
  return rows.length > 0;
}

const SELECT_APP = `SELECT id, workspace_id AS workspaceId, project_id AS projectId, name, slug,
                           delete_protection AS deleteProtection FROM apps`;

/** The app, whoever's it is; undefined when it is gone. */
export async function findDoomedApp(q: Queryable, id: string): Promise<DoomedAppRow | undefined> {
  return (await q.all<DoomedAppRow>('findDoomedApp', `${SELECT_APP} WHERE id = :id`, { id }))[0];
}

export function listDoomedApps(q: Queryable, projectId: string): Promise<DoomedAppRow[]> {
  return q.all<DoomedAppRow>('listDoomedApps', `${SELECT_APP} WHERE project_id = :projectId ORDER BY pk`, {
    projectId,
  });
}

export interface DoomedEnvironmentRow {
  readonly id: string;
  readonly slug: string;
}

export function listDoomedEnvironments(q: Queryable, appId: string): Promise<DoomedEnvironmentRow[]> {
  return q.all<DoomedEnvironmentRow>(
    'listDoomedEnvironments',
    'SELECT id, slug FROM environments WHERE app_id = :appId ORDER BY pk',
    { appId },
  );
}

/** Ends what has not ended of an environment's deployments, and says that none is to run. `now` in unix milliseconds. */
export async function cancelDeployments(q: Queryable, environmentId: string, now: number): Promise<void> {
  await q.run(
    'cancelDeployments',
    `UPDATE deployments SET status = 'cancelled', updated_at = :now
      WHERE environment_id = :environmentId
        AND status NOT IN ('ready', 'failed', 'skipped', 'stopped', 'superseded', 'cancelled')`,
    { environmentId, now },
  );
  await q.run(
    'stopDeployments',
    `UPDATE deployments SET desired_state = 'stopped', updated_at = :now
      WHERE environment_id = :environmentId AND desired_state = 'running'`,
    { environmentId, now },
  );
}

/** Tables whose rows go with their environment, each with the condition that finds them by an index. */
const IN_ENVIRONMENT = 'environment_id = :id';
const IN_APP_AND_ENVIRONMENT =
  'app_id = (SELECT app_id FROM environments WHERE id = :id) AND environment_id = :id';
const OF_DEPLOYMENTS = 'deployment_id IN (SELECT id FROM deployments WHERE environment_id = :id)';
const OF_ENVIRONMENT: readonly (readonly [table: string, condition: string])[] = [
  ['custom_domains', IN_ENVIRONMENT],
  ['frontline_routes', IN_ENVIRONMENT],
  ['app_environment_variables', IN_APP_AND_ENVIRONMENT],
  ['app_build_settings', IN_APP_AND_ENVIRONMENT],
  ['app_runtime_settings', IN_APP_AND_ENVIRONMENT],
  ['deployment_steps', OF_DEPLOYMENTS],
];

/** Deletes an environment with all that it holds. */
export async function deleteEnvironment(q: Queryable, id: string): Promise<void> {
  const params = { id };
  for (const [table, condition] of OF_ENVIRONMENT) {
    await deleteMatching(q, 'deleteOfEnvironment', table, condition, params);
  }
  await deleteMatching(
    q,
    'deletePolicies',
    'horizontal_autoscaling_policies',
    `id IN (SELECT horizontal_autoscaling_policy_id FROM app_regional_settings
             WHERE ${IN_APP_AND_ENVIRONMENT} AND horizontal_autoscaling_policy_id IS NOT NULL)`,
    params,
  );
  await deleteMatching(q, 'deleteRegions', 'app_regional_settings', IN_APP_AND_ENVIRONMENT, params);
  await deleteMatching(q, 'deleteTopologies', 'deployment_topology', OF_DEPLOYMENTS, params);
  await deleteMatching(q, 'deleteDeployments', 'deployments', IN_ENVIRONMENT, params);
  await deleteMatching(q, 'deleteEnvironment', 'environments', 'id = :id', params);
}

/** Deletes an app that has no environments any more. */
export async function deleteApp(q: Queryable, id: string): Promise<void> {
  await deleteMatching(q, 'deleteConnection', 'github_repo_connections', 'app_id = :id', { id });
  await deleteMatching(q, 'deleteApp', 'apps', 'id = :id', { id });
}

/** Deletes a project that has no apps any more. */
export async function deleteProject(q: Queryable, id: string): Promise<void> {
  await deleteMatching(q, 'deleteProject', 'projects', 'id = :id', { id });
}
