import { updateApp } from '../../storage/sql/queries/apps.ts';
import type { ProjectRow } from '../../storage/sql/queries/projects.ts';
import { connectRepository } from '../../storage/sql/queries/repositories.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { callerActor } from '../control/caller-actor.ts';
import { reportingControlFailure } from '../control/control-faults.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import type { AppDeps } from './app-deps.ts';
import { repositoryConnected } from './app-events.ts';
import { appExists } from './app-faults.ts';
import { type FoundRepository, findRepository } from './find-repository.ts';

export interface AppSetting {
  readonly name: string;
  readonly slug: string;
  /** What to build from; undefined = no repository. */
  readonly git:
    | {
        /** Name or address of a repository on GitHub. */
        readonly repository: string;
        /** undefined = the repository's own. */
        readonly defaultBranch: string | undefined;
      }
    | undefined;
}

/**
 * Has the control plane make an app with its environments, then connects the repository; yields the app's id. What is
 * wrong with the repository shows before anything is made. An app whose connection fails stays, without one.
 */
export async function createApp(
  deps: AppDeps,
  caller: Caller,
  project: ProjectRow,
  { name, slug, git }: AppSetting,
): Promise<string> {
  const { workspaceId } = caller.principal;
  const repository = git && (await findRepository(deps.db.primary, deps.github, workspaceId, git.repository));
  const { id } = await reportingControlFailure(
    'creating an app',
    () =>
      deps.controlPlane.createApp({
        workspaceId,
        projectId: project.id,
        name,
        slug,
        actor: callerActor(caller),
      }),
    { already_exists: (cause) => appExists(slug, cause) },
  );
  if (repository !== undefined) {
    const branch = git?.defaultBranch ?? repository.defaultBranch;
    await connect(deps, caller, { projectId: project.id, appId: id }, repository, branch);
  }
  return id;
}

async function connect(
  deps: AppDeps,
  caller: Caller,
  app: { readonly projectId: string; readonly appId: string },
  repository: FoundRepository,
  defaultBranch: string,
): Promise<void> {
  const { installationId, id: repositoryId, fullName } = repository;
  const { workspaceId } = caller.principal;
  await reportingStoreFailure('connecting an app to its repository', () =>
    deps.db.transaction(async (tx) => {
      const now = deps.clock.now();
      await connectRepository(tx, { ...app, workspaceId, installationId, repositoryId, fullName }, now);
      await updateApp(tx, app.appId, { defaultBranch }, now);
      const events = [repositoryConnected(app.appId, fullName, defaultBranch)];
      // Also for one event alone. Source: the write path of the audit section.
      const correlationId = deps.ids.next('correlation');
      writeCallerEvents(tx, caller, { events, correlationId }, deps);
    }),
  );
}
