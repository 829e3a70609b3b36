import type { Queryable } from '../../storage/sql/database.ts';
import { findApp } from '../../storage/sql/queries/apps.ts';
import { findEnvironment } from '../../storage/sql/queries/environments.ts';
import { findProject } from '../../storage/sql/queries/projects.ts';
import { appNotFound } from '../apps/app-faults.ts';
import { environmentNotFound } from '../environments/environment-faults.ts';
import { type EnvironmentPath, locateEnvironment } from '../projects/locate.ts';
import { projectNotFound } from '../projects/project-faults.ts';
import type { DeploymentTarget } from './deployment-source.ts';

/** The environment that a request names. Throws a Fault `environment_not_found`, whichever part of its path is missing. */
export async function findTarget(
  q: Queryable,
  workspaceId: string,
  path: EnvironmentPath,
): Promise<DeploymentTarget> {
  const located = await locateEnvironment(q, workspaceId, path);
  if (located === undefined) throw environmentNotFound();
  const { project, app, environment } = located;
  return {
    workspaceId,
    projectId: project.id,
    appId: app.id,
    environmentId: environment.id,
    environmentSlug: environment.slug,
    hasRepository: app.repository !== null,
  };
}

/** What a list is about: everything, or a project, or an app of it, or an environment of that; each an id or a slug. */
export type ListPath =
  | { readonly project?: undefined; readonly app?: undefined; readonly environment?: undefined }
  | { readonly project: string; readonly app?: undefined; readonly environment?: undefined }
  | { readonly project: string; readonly app: string; readonly environment?: string | undefined };

/** Ids of what a list is about. What is undefined does not restrict it. */
export interface PlaceFilter {
  readonly projectId?: string;
  readonly appId?: string;
  readonly environmentId?: string;
}

/** Throws a Fault `project_not_found`, `app_not_found` or `environment_not_found`: the first part that is missing. */
export async function findPlace(q: Queryable, workspaceId: string, path: ListPath): Promise<PlaceFilter> {
  if (path.project === undefined) return {};
  const project = await findProject(q, workspaceId, path.project);
  if (project === undefined) throw projectNotFound();
  const inProject = { projectId: project.id };
  if (path.app === undefined) return inProject;
  const app = await findApp(q, { workspaceId, ...inProject }, path.app);
  if (app === undefined) throw appNotFound();
  const inApp = { ...inProject, appId: app.id };
  if (path.environment === undefined) return inApp;
  const environment = await findEnvironment(q, { workspaceId, ...inApp }, path.environment);
  if (environment === undefined) throw environmentNotFound();
  return { ...inApp, environmentId: environment.id };
}
