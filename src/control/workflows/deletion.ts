// Deleting projects and apps, with all that is in them. Each environment goes in one transaction after its deployments have
// stopped; a process that dies on the way leaves the rest to the next one.

import type { AuditEvent } from '../../services/audit/audit-log.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import {
  cancelDeployments,
  type DoomedAppRow,
  deleteApp,
  deleteEnvironment,
  deleteProject,
  findDoomedApp,
  findDoomedProject,
  holdProject,
  listDoomedApps,
  listDoomedEnvironments,
} from '../../storage/sql/queries/control/deletion.ts';
import { holdApp, listEnvironmentDeployments } from '../../storage/sql/queries/control/deployments.ts';
import { listTopology } from '../../storage/sql/queries/control/placement.ts';
import { listEnvironmentRoutes } from '../../storage/sql/queries/control/routes.ts';
import { writeControlEvents } from '../audit.ts';
import type { ControlDeps } from '../control-deps.ts';
import { runnerDeployment } from '../deployments/runner-deployment.ts';
import type { JobHandlers, JobOrigin } from '../jobs/control-job.ts';

export function deletionHandlers(deps: ControlDeps): Pick<JobHandlers, 'delete_project' | 'delete_app'> {
  return {
    delete_project: async ({ projectId, origin }, { signal }) => {
      const project = await findDoomedProject(deps.db.primary, projectId);
      if (project === undefined) return;
      if (project.deleteProtection) return dropped(deps, { project: projectId });
      for (const app of await listDoomedApps(deps.db.primary, projectId)) {
        await removeApp({ deps, origin, signal }, app);
      }
      const { workspaceId, name, slug } = project;
      await deps.db.transaction(async (tx) => {
        await holdProject(tx, projectId);
        const added = await listDoomedApps(tx, projectId);
        // The job is done again, and takes them along.
        if (added.length > 0) throw new Error('an app was made while its project was being deleted');
        await deleteProject(tx, projectId);
        audit(tx, { deps, origin }, workspaceId, {
          event: 'project.delete',
          description: `Deleted project ${projectId}`,
          targets: [{ type: 'project', id: projectId, name, meta: { name, slug } }],
        });
      });
    },
    delete_app: async ({ appId, origin }, { signal }) => {
      const app = await findDoomedApp(deps.db.primary, appId);
      if (app === undefined) return;
      if (app.deleteProtection) return dropped(deps, { app: appId });
      await removeApp({ deps, origin, signal }, app);
    },
  };
}

interface Removal {
  readonly deps: ControlDeps;
  readonly origin: JobOrigin;
  readonly signal: AbortSignal;
}

async function removeApp(removal: Removal, app: DoomedAppRow): Promise<void> {
  const { deps } = removal;
  const { id, projectId, workspaceId, name, slug } = app;
  for (const environment of await listDoomedEnvironments(deps.db.primary, id)) {
    await removeEnvironment(removal, app, environment);
  }
  await deps.db.transaction(async (tx) => {
    await deleteApp(tx, id);
    audit(tx, removal, workspaceId, {
      event: 'app.delete',
      description: `Deleted app ${id}`,
      targets: [{ type: 'app', id, name, meta: { name, slug, projectId } }],
    });
  });
}

async function removeEnvironment(
  removal: Removal,
  app: DoomedAppRow,
  { id, slug }: { readonly id: string; readonly slug: string },
): Promise<void> {
  const { deps, signal } = removal;
  await cancelDeployments(deps.db.primary, id, deps.clock.now());
  for (const deployment of await listEnvironmentDeployments(deps.db.primary, id)) {
    const placements = await listTopology(deps.db.primary, deployment.id);
    if (deployment.status === 'stopped' || placements.length === 0) continue;
    await deps.runner.stop(runnerDeployment(deployment, placements), { signal });
  }
  const routes = await listEnvironmentRoutes(deps.db.primary, id);
  if (routes.length > 0) await deps.runner.route({ id }, [], { signal });
  await deps.db.transaction(async (tx) => {
    // From here on nobody adds a deployment to it.
    await holdApp(tx, app.id);
    await deleteEnvironment(tx, id);
    audit(tx, removal, app.workspaceId, {
      event: 'environment.delete',
      description: `Deleted environment ${id}`,
      targets: [
        { type: 'environment', id, name: slug, meta: { slug, appId: app.id, projectId: app.projectId } },
      ],
    });
  });
}

function audit(
  tx: Transaction,
  { deps, origin }: Pick<Removal, 'deps' | 'origin'>,
  workspaceId: string,
  event: AuditEvent,
): void {
  writeControlEvents(tx, workspaceId, origin, [event], deps);
}

/** It was protected after whoever gave the order had an answer. */
function dropped({ log }: ControlDeps, fields: object): void {
  log.warn(fields, 'order dropped: it is protected from deletion');
}
