// Finding an app or environment by what callers name it: each part by id or slug, and only where the part before it
// leads. The default project can be named here.

import type { Queryable } from '../../storage/sql/database.ts';
import { type AppRow, findApp } from '../../storage/sql/queries/apps.ts';
import { type EnvironmentRow, findEnvironment } from '../../storage/sql/queries/environments.ts';
import { findProject, type ProjectRow } from '../../storage/sql/queries/projects.ts';

/** Each an id or a slug. */
export interface AppPath {
  readonly project: string;
  readonly app: string;
}

export interface EnvironmentPath extends AppPath {
  readonly environment: string;
}

export interface LocatedApp {
  readonly project: ProjectRow;
  readonly app: AppRow;
}

export interface LocatedEnvironment extends LocatedApp {
  readonly environment: EnvironmentRow;
}

/** The workspace's app at this path; undefined when a part of it is absent. */
export async function locateApp(
  q: Queryable,
  workspaceId: string,
  path: AppPath,
): Promise<LocatedApp | undefined> {
  const project = await findProject(q, workspaceId, path.project);
  if (project === undefined) return undefined;
  const app = await findApp(q, { workspaceId, projectId: project.id }, path.app);
  return app && { project, app };
}

/** The workspace's environment at this path; undefined when a part of it is absent. */
export async function locateEnvironment(
  q: Queryable,
  workspaceId: string,
  path: EnvironmentPath,
): Promise<LocatedEnvironment | undefined> {
  const located = await locateApp(q, workspaceId, path);
  if (located === undefined) return undefined;
  const { project, app } = located;
  const place = { workspaceId, projectId: project.id, appId: app.id };
  const environment = await findEnvironment(q, place, path.environment);
  return environment && { ...located, environment };
}
