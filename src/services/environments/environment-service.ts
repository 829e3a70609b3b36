import type { Queryable } from '../../storage/sql/database.ts';
import { type EnvironmentRow, listEnvironments } from '../../storage/sql/queries/environments.ts';
import type { Caller } from '../audit/audit-log.ts';
import type { Page, PageRequest } from '../page.ts';
import {
  type EnvironmentPath,
  type LocatedApp,
  type LocatedEnvironment,
  locateEnvironment,
} from '../projects/locate.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import type { EnvironmentDeps } from './environment-deps.ts';
import { environmentNotFound } from './environment-faults.ts';
import { type EnvironmentView, environmentViews } from './environment-view.ts';
import type { SettingsPatch } from './settings-patch.ts';
import { updateSettings } from './update-settings.ts';
import {
  listEnvironmentVariables,
  removeEnvironmentVariables,
  setEnvironmentVariables,
  type Variable,
  type VariableSetting,
} from './variables.ts';

/**
 * The environments of apps, with their settings and variables; the control plane makes and deletes them with their app.
 * Asks for no permission itself. Every method throws a Fault `service_unavailable` when the store does not answer.
 */
export interface EnvironmentService {
  /** Throws a Fault `environment_not_found`, whichever part of the path is missing. */
  find(workspaceId: string, path: EnvironmentPath): Promise<LocatedEnvironment>;
  /** The same as the store has it now: what comes before a change. */
  findLatest(workspaceId: string, path: EnvironmentPath): Promise<LocatedEnvironment>;
  /** The environment as callers see it. */
  describe(environment: EnvironmentRow): Promise<EnvironmentView>;
  /** The environments of an app as callers see them, by id. */
  list(workspaceId: string, place: LocatedApp): Promise<readonly EnvironmentView[]>;
  /** See listEnvironmentVariables; as for the others below. */
  listVariables(environment: EnvironmentRow, page: PageRequest): Promise<Page<Variable>>;
  setVariables(
    caller: Caller,
    environment: EnvironmentRow,
    settings: readonly VariableSetting[],
    prune: boolean,
  ): Promise<void>;
  removeVariables(caller: Caller, environment: EnvironmentRow, keys: readonly string[]): Promise<void>;
  updateSettings(caller: Caller, environment: EnvironmentRow, patch: SettingsPatch): Promise<void>;
}

export function createEnvironmentService(deps: EnvironmentDeps): EnvironmentService {
  const { db, log } = deps;
  const find = (q: Queryable, workspaceId: string, path: EnvironmentPath): Promise<LocatedEnvironment> =>
    reportingStoreFailure('loading an environment', async () => {
      const located = await locateEnvironment(q, workspaceId, path);
      if (located === undefined) throw environmentNotFound();
      return located;
    });

  return {
    find: (workspaceId, path) => find(db.replica, workspaceId, path),
    findLatest: (workspaceId, path) => find(db.primary, workspaceId, path),

    describe: (environment) =>
      reportingStoreFailure('loading settings', async () => {
        const [view] = await environmentViews(db.replica, environment.appId, [environment], log);
        if (view === undefined) throw new Error('an environment has no view');
        return view;
      }),

    list: (workspaceId, { project, app }) =>
      reportingStoreFailure('listing environments', async () => {
        const place = { workspaceId, projectId: project.id, appId: app.id };
        return environmentViews(db.replica, app.id, await listEnvironments(db.replica, place), log);
      }),

    listVariables: (environment, page) => listEnvironmentVariables(deps, environment, page),
    setVariables: (caller, environment, settings, prune) =>
      setEnvironmentVariables(deps, caller, environment, settings, prune),
    removeVariables: (caller, environment, keys) =>
      removeEnvironmentVariables(deps, caller, environment, keys),
    updateSettings: (caller, environment, patch) => updateSettings(deps, caller, environment, patch),
  };
}
