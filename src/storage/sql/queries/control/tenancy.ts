// What the control plane makes when a project or an app is created.

import type { Queryable } from '../../database.ts';
import { insertOrKeep, insertRows } from '../../dialect.ts';
import type { EnvironmentKind } from '../environments.ts';

/** Whether the workspace exists and is not deleted. */
export async function workspaceExists(q: Queryable, workspaceId: string): Promise<boolean> {
  const rows = await q.all<{ id: string }>(
    'workspaceExists',
    'SELECT id FROM workspaces WHERE id = :workspaceId AND deleted_at_m IS NULL',
    { workspaceId },
  );
  return rows.length > 0;
}

/** Throws a DuplicateKeyError when the workspace has a project with this slug in any letter case. */
export async function insertUnprotectedProject(
  q: Queryable,
  project: {
    readonly id: string;
    readonly workspaceId: string;
    readonly name: string;
    readonly slug: string;
    readonly createdAt: number;
  },
): Promise<void> {
  await insertRows(q, 'insertUnprotectedProject', 'projects', [
    {
      id: project.id,
      workspace_id: project.workspaceId,
      name: project.name,
      slug: project.slug,
      delete_protection: null,
      created_at: project.createdAt,
    },
  ]);
}

/** Throws a DuplicateKeyError when the project has an app with this slug in any letter case. */
export async function insertApp(
  q: Queryable,
  app: {
    readonly id: string;
    readonly workspaceId: string;
    readonly projectId: string;
    readonly name: string;
    readonly slug: string;
    readonly createdAt: number;
  },
): Promise<void> {
  await insertRows(q, 'insertApp', 'apps', [
    {
      id: app.id,
      workspace_id: app.workspaceId,
      project_id: app.projectId,
      name: app.name,
      slug: app.slug,
      created_at: app.createdAt,
    },
  ]);
}

/** An environment that can be deployed to as soon as it is there. */
export interface SeededEnvironment {
  readonly id: string;
  readonly workspaceId: string;
  readonly projectId: string;
  readonly appId: string;
  readonly slug: string;
  readonly description: string;
  readonly kind: EnvironmentKind;
  /** Where it is placed; undefined = nowhere yet. */
  readonly regionId: string | undefined;
  readonly createdAt: number;
}

/** Inserts environments with their build, runtime and regional settings, all as the tables' defaults have them. */
export async function insertSeededEnvironments(
  q: Queryable,
  environments: readonly SeededEnvironment[],
): Promise<void> {
  const place = (environment: SeededEnvironment) => ({
    workspace_id: environment.workspaceId,
    app_id: environment.appId,
    environment_id: environment.id,
    created_at: environment.createdAt,
  });
  await insertRows(
    q,
    'insertSeededEnvironments',
    'environments',
    environments.map(({ id, workspaceId, projectId, appId, slug, description, kind, createdAt }) => ({
      id,
      workspace_id: workspaceId,
      project_id: projectId,
      app_id: appId,
      slug,
      description,
      kind,
      created_at: createdAt,
    })),
  );
  await insertRows(q, 'insertSeededBuildSettings', 'app_build_settings', environments.map(place));
  await insertRows(
    q,
    'insertSeededRuntimeSettings',
    'app_runtime_settings',
    environments.map((environment) => ({ ...place(environment), sentinel_config: Buffer.from('{}') })),
  );
  await insertRows(
    q,
    'insertSeededRegionalSettings',
    'app_regional_settings',
    environments.flatMap((environment) =>
      environment.regionId === undefined
        ? []
        : [{ ...place(environment), region_id: environment.regionId, replicas: 1 }],
    ),
  );
}

/** The region that takes new deployments and whose name sorts first, or undefined when there is none. */
export async function findFirstRegion(q: Queryable): Promise<string | undefined> {
  const rows = await q.all<{ id: string }>(
    'findFirstRegion',
    'SELECT id FROM regions WHERE can_schedule = :canSchedule ORDER BY name, pk LIMIT 1',
    { canSchedule: true },
  );
  return rows[0]?.id;
}

/** Makes the regions of a platform that are not there yet; those that are stay as they are. */
export async function insertRegionsOrKeep(
  q: Queryable,
  regions: readonly { readonly id: string; readonly name: string; readonly platform: string }[],
): Promise<void> {
  await insertOrKeep(
    q,
    'insertRegionsOrKeep',
    'regions',
    regions.map(({ id, name, platform }) => ({ id, name, platform, can_schedule: true })),
    ['name', 'platform'],
  );
}
