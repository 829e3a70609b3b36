// Who serves: a new deployment takes over from the one before, and promotions and rollbacks decide it by hand.

import type { Transaction } from '../../storage/sql/database.ts';
import { listVerifiedDomains } from '../../storage/sql/queries/control/custom-domains.ts';
import {
  findRunnableDeployment,
  holdApp,
  listRunningSiblings,
  type RunnableDeploymentRow,
  setCurrentDeployment,
} from '../../storage/sql/queries/control/deployments.ts';
import { cancelControlJobs } from '../../storage/sql/queries/control/jobs.ts';
import { moveTraffic, pointRoutes } from '../../storage/sql/queries/control/routes.ts';
import type { ControlDeps } from '../control-deps.ts';
import { enqueueJob } from '../jobs/control-job.ts';
import { sharedHostnames } from './hostnames.ts';
import { moveTo } from './transitions.ts';

/** How long what was replaced stays up, in milliseconds: in production long enough to go back to it. */
const PRODUCTION_RETIREMENT_MS = 30 * 60_000;
const PREVIEW_RETIREMENT_MS = 60_000;

/** Makes a deployment ready and lets it take over, unless its app was rolled back; false when it was ended meanwhile. */
export function finalize(deps: ControlDeps, { id, appId }: RunnableDeploymentRow): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    await holdApp(tx, appId);
    // Only what is read from here on cannot change any more.
    const deployment = await findRunnableDeployment(tx, id);
    if (deployment === undefined || deployment.status !== 'finalizing') return false;
    if (!(await moveTo(tx, deployment, 'ready', deps))) return false;
    if (deployment.environmentKind === 'production') {
      if (!deployment.isRolledBack) await takeOver(tx, deps, deployment, { isRolledBack: false });
    } else await replaceBranch(tx, deps, deployment);
    await publish(tx, deps, deployment);
    return true;
  });
}

/**
 * Makes a production deployment the current one of its app and leads its traffic there; the one before retires later. The
 * caller holds the app.
 */
export async function takeOver(
  tx: Transaction,
  deps: ControlDeps,
  deployment: RunnableDeploymentRow,
  { isRolledBack }: { readonly isRolledBack: boolean },
): Promise<void> {
  const { id, appId, currentDeploymentId: before } = deployment;
  const now = deps.clock.now();
  await setCurrentDeployment(tx, { appId, deploymentId: id, isRolledBack, now });
  await leadTraffic(tx, deps, deployment);
  await leadCustomDomains(tx, deps, deployment);
  // It may have been about to retire since an earlier change.
  await cancelControlJobs(tx, { kind: 'retire', objectKey: id, now });
  if (before === null || before === id) return;
  await enqueueJob(tx, 'retire', { deploymentId: before }, { ...deps, delayMs: PRODUCTION_RETIREMENT_MS });
}

/** Has the runner told where hostnames lead, if there are any. */
export async function publish(
  tx: Transaction,
  deps: ControlDeps,
  { environmentId }: Pick<RunnableDeploymentRow, 'environmentId'>,
): Promise<void> {
  await enqueueJob(tx, 'publish', { environmentId }, deps);
}

async function replaceBranch(
  tx: Transaction,
  deps: ControlDeps,
  deployment: RunnableDeploymentRow,
): Promise<void> {
  await leadTraffic(tx, deps, deployment);
  for (const deploymentId of await listRunningSiblings(tx, deployment)) {
    await enqueueJob(tx, 'retire', { deploymentId }, { ...deps, delayMs: PREVIEW_RETIREMENT_MS });
  }
}

/** Those that were verified before the app had a deployment. */
async function leadCustomDomains(
  tx: Transaction,
  deps: ControlDeps,
  deployment: RunnableDeploymentRow,
): Promise<void> {
  const routes = (await listVerifiedDomains(tx, deployment.appId)).map((hostname) => ({
    id: deps.ids.next('frontlineRoute'),
    hostname,
    sticky: 'live' as const,
  }));
  await pointRoutes(tx, deployment, routes, deps.clock.now());
}

async function leadTraffic(
  tx: Transaction,
  deps: ControlDeps,
  deployment: RunnableDeploymentRow,
): Promise<void> {
  const now = deps.clock.now();
  const routes = sharedHostnames(deployment, deps.settings.domain).map((hostname) => ({
    ...hostname,
    id: deps.ids.next('frontlineRoute'),
  }));
  await pointRoutes(tx, deployment, routes, now);
  // Those that others have made, custom domains among them.
  await moveTraffic(tx, deployment, now);
}
