// A project with an app, its environments and their settings, as a control plane would have made them.

import { randomAlphanumeric } from '../../src/lib/uid.ts';
import type { SqlValue } from '../../src/storage/sql/database.ts';
import { insertOrKeep } from '../../src/storage/sql/dialect.ts';
import type { TestApi } from './api.ts';

export interface TestEnvironment {
  readonly id: string;
  readonly slug: string;
}

export interface TestApp {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly appId: string;
  readonly production: TestEnvironment;
  readonly preview: TestEnvironment;
  readonly regionId: string;
  readonly regionName: string;
}

export interface AppSlugs {
  readonly project: string;
  readonly app: string;
  /** Those of the environments, where they must differ from the usual ones. */
  readonly production?: string;
  readonly preview?: string;
}

/** Inserts a project with an app that can be deployed, in a region of its own, and a plan for the workspace. */
export async function insertApp(api: TestApi, workspaceId: string, slugs: AppSlugs): Promise<TestApp> {
  const unique = randomAlphanumeric(9);
  const projectId = `proj_${unique}`;
  const appId = `app_${unique}`;
  const regionId = `rgn_${unique}`;
  const regionName = `region-${unique}`;
  const inWorkspace = { workspace_id: workspaceId, created_at: 0 };
  const inProject = { ...inWorkspace, project_id: projectId };
  const inApp = { ...inWorkspace, app_id: appId };

  await insertOrKeep(
    api.db.primary,
    'testPlan',
    'workspace_billing',
    [{ workspace_id: workspaceId, plan_override: 'self-hosted' }],
    ['workspace_id'],
  );
  await api.insert('projects', { ...inWorkspace, id: projectId, name: slugs.project, slug: slugs.project });
  await api.insert('apps', { ...inProject, id: appId, name: slugs.app, slug: slugs.app });
  await api.insert('regions', { id: regionId, name: regionName, platform: 'aws', can_schedule: true });
  const environment = async (kind: 'production' | 'preview', slug: string): Promise<TestEnvironment> => {
    const id = `env_${randomAlphanumeric(9)}`;
    await api.insert('environments', { ...inProject, app_id: appId, id, slug, description: '', kind });
    const inEnvironment = { ...inApp, environment_id: id };
    await api.insert('app_build_settings', inEnvironment);
    await api.insert('app_runtime_settings', { ...inEnvironment, sentinel_config: '' });
    await api.insert('app_regional_settings', { ...inEnvironment, region_id: regionId });
    return { id, slug };
  };
  return {
    workspaceId,
    projectId,
    appId,
    regionId,
    regionName,
    production: await environment('production', slugs.production ?? 'production'),
    preview: await environment('preview', slugs.preview ?? 'preview'),
  };
}

/** Inserts a deployment, ready and running unless `columns` say otherwise; yields its id. */
export async function insertDeployment(
  api: TestApi,
  { workspaceId, projectId, appId }: TestApp,
  { id: environmentId }: TestEnvironment,
  columns: Readonly<Record<string, SqlValue>> = {},
): Promise<string> {
  const id = `d_${randomAlphanumeric(9)}`;
  await api.insert('deployments', {
    id,
    workspace_id: workspaceId,
    project_id: projectId,
    app_id: appId,
    environment_id: environmentId,
    k8s_name: `k8s-${randomAlphanumeric(20)}`,
    status: 'ready',
    desired_state: 'running',
    cpu_millicores: 250,
    memory_mib: 256,
    sentinel_config: '',
    encrypted_environment_variables: '',
    created_at: 0,
    ...columns,
  });
  return id;
}
