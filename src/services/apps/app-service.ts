import type { Queryable } from '../../storage/sql/database.ts';
import { type AppRow, listApps } from '../../storage/sql/queries/apps.ts';
import { findProject, type ProjectRow } from '../../storage/sql/queries/projects.ts';
import type { Caller } from '../audit/audit-log.ts';
import { submitWorkflow } from '../control/submit-workflow.ts';
import { type Page, type PageRequest, pageOf } from '../page.ts';
import { type AppPath, type LocatedApp, locateApp } from '../projects/locate.ts';
import { projectNotFound, protectedFromDeletion } from '../projects/project-faults.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import type { AppDeps } from './app-deps.ts';
import { appNotFound } from './app-faults.ts';
import { type AppSetting, createApp } from './create-app.ts';
import { type AppPatch, updateApp } from './update-app.ts';

/**
 * The apps of projects, the default project included. Asks for no permission itself. Projects and apps are referred to
 * by id or slug; slugs compare ignoring letter case. Every method throws a Fault `service_unavailable` when the store
 * does not answer.
 */
export interface AppService {
  /** The project that an app is to be made or looked for in, as the store has it now. Throws a Fault `project_not_found`. */
  project(workspaceId: string, reference: string): Promise<ProjectRow>;
  /**
   * Has the control plane make an app; yields its id. Throws a Fault: `app_already_exists`, `project_not_found`,
   * `service_unavailable`; and for its repository `invalid_input` or `precondition_failed`.
   */
  create(caller: Caller, project: ProjectRow, setting: AppSetting): Promise<string>;
  /** Throws a Fault `app_not_found`, whichever part of the path is missing. */
  find(workspaceId: string, path: AppPath): Promise<LocatedApp>;
  /** The same as the store has it now: what comes before a change. */
  findLatest(workspaceId: string, path: AppPath): Promise<LocatedApp>;
  /** One page by id; searches id, name and slug. */
  list(workspaceId: string, project: ProjectRow, page: PageRequest): Promise<Page<AppRow>>;
  /**
   * Changes what is given; yields the app as it is afterwards. Throws a Fault: `app_not_found`, `app_already_exists`; and
   * for its repository `invalid_input`, `precondition_failed` or `service_unavailable`.
   */
  update(caller: Caller, appId: string, patch: AppPatch): Promise<AppRow>;
  /**
   * Hands the deletion over to the control plane; the app is still there when this resolves. Throws a Fault:
   * `protected_resource`, `service_unavailable`.
   */
  remove(caller: Caller, app: AppRow): Promise<void>;
}

export function createAppService(deps: AppDeps): AppService {
  const { db } = deps;
  const find = (q: Queryable, workspaceId: string, path: AppPath): Promise<LocatedApp> =>
    reportingStoreFailure('loading an app', async () => {
      const located = await locateApp(q, workspaceId, path);
      if (located === undefined) throw appNotFound();
      return located;
    });

  return {
    project: (workspaceId, reference) =>
      reportingStoreFailure('loading a project', async () => {
        const project = await findProject(db.primary, workspaceId, reference);
        if (project === undefined) throw projectNotFound();
        return project;
      }),

    create: (caller, project, setting) => createApp(deps, caller, project, setting),

    find: (workspaceId, path) => find(db.replica, workspaceId, path),
    findLatest: (workspaceId, path) => find(db.primary, workspaceId, path),

    list: (workspaceId, project, { cursor, search, limit }) =>
      reportingStoreFailure('listing apps', async () => {
        const place = { workspaceId, projectId: project.id };
        return pageOf(await listApps(db.replica, place, { cursor, search, limit: limit + 1 }), limit);
      }),

    update: (caller, appId, patch) => updateApp(deps, caller, appId, patch),

    async remove(caller, app) {
      if (app.deleteProtection) throw protectedFromDeletion('app');
      await submitWorkflow(deps, caller, { workflow: 'deleteApp', appId: app.id });
    },
  };
}
