import { DuplicateKeyError, type Transaction } from '../../storage/sql/database.ts';
import {
  type AppRow,
  findAppById,
  lockApp,
  updateApp as updateAppRow,
} from '../../storage/sql/queries/apps.ts';
import { connectRepository, disconnectRepository } from '../../storage/sql/queries/repositories.ts';
import { type AuditEvent, type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { invalidInput } from '../input-fault.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import type { AppDeps } from './app-deps.ts';
import { appUpdated, repositoryConnected, repositoryDisconnected } from './app-events.ts';
import { appExists, appNotFound } from './app-faults.ts';
import { type FoundRepository, findRepository } from './find-repository.ts';

/** What is undefined stays. */
export interface AppPatch {
  readonly name: string | undefined;
  readonly slug: string | undefined;
  readonly deleteProtection: boolean | undefined;
  /** null disconnects the repository. A branch alone points the connection at another branch. */
  readonly git: { readonly repository?: string; readonly defaultBranch?: string } | null | undefined;
}

/** What became of the connection of an app. */
interface GitChange {
  readonly defaultBranch: string;
  readonly event: AuditEvent;
}

/** Changes what is given; yields the app as it is afterwards. Nothing given, nothing written. */
export async function updateApp(
  deps: AppDeps,
  caller: Caller,
  appId: string,
  patch: AppPatch,
): Promise<AppRow> {
  const { workspaceId } = caller.principal;
  const wanted = patch.git?.repository;
  // Asked before the transaction, which must not wait for GitHub.
  const found =
    wanted === undefined
      ? undefined
      : await findRepository(deps.db.primary, deps.github, workspaceId, wanted);
  return reportingStoreFailure('updating an app', () =>
    deps.db.transaction(async (tx) => {
      await lockApp(tx, appId);
      const app = await findAppById(tx, workspaceId, appId);
      if (app === undefined) throw appNotFound();
      const now = deps.clock.now();
      const git = await changeGit(tx, workspaceId, app, patch.git, found, now);
      const { name, slug, deleteProtection } = patch;
      const isRenamed = name !== undefined || slug !== undefined || deleteProtection !== undefined;
      if (!isRenamed && git === undefined) return app;

      try {
        const columns = { name, slug, deleteProtection, defaultBranch: git?.defaultBranch };
        await updateAppRow(tx, appId, columns, now);
      } catch (error) {
        throw error instanceof DuplicateKeyError ? appExists(slug ?? app.slug, error) : error;
      }
      const updated = await findAppById(tx, workspaceId, appId);
      if (updated === undefined) throw appNotFound();
      const events = [...(isRenamed ? [appUpdated(updated)] : []), ...(git === undefined ? [] : [git.event])];
      // Also for one event alone. Source: the write path of the audit section.
      const correlationId = deps.ids.next('correlation');
      writeCallerEvents(tx, caller, { events, correlationId }, deps);
      return updated;
    }),
  );
}

/** Changes the connection; undefined when it stays as it is. Throws a Fault `invalid_input` for a branch of nothing. */
async function changeGit(
  tx: Transaction,
  workspaceId: string,
  app: AppRow,
  git: AppPatch['git'],
  found: FoundRepository | undefined,
  now: number,
): Promise<GitChange | undefined> {
  if (git === undefined) return undefined;
  if (git === null) {
    await disconnectRepository(tx, app.id);
    return { defaultBranch: '', event: repositoryDisconnected(app.id) };
  }
  if (found === undefined) {
    const { repository } = app;
    if (repository === null) throw invalidInput('The app is not connected to a repository.');
    const defaultBranch = git.defaultBranch ?? app.defaultBranch;
    return { defaultBranch, event: repositoryConnected(app.id, repository, defaultBranch) };
  }
  const { installationId, id: repositoryId, fullName } = found;
  await connectRepository(
    tx,
    { workspaceId, projectId: app.projectId, appId: app.id, installationId, repositoryId, fullName },
    now,
  );
  // Whoever swaps the repository of a connected app keeps its branch.
  const usual = app.repository === null ? found.defaultBranch : app.defaultBranch;
  const defaultBranch = git.defaultBranch ?? usual;
  return { defaultBranch, event: repositoryConnected(app.id, fullName, defaultBranch) };
}
