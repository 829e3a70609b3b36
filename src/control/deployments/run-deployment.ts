// Runs a deployment from whatever state it is in to the end. Each state is left in one transaction, and whatever was done
// in it may be done again: a process that dies on the way leaves a deployment that the next one goes on with.

import { deployabilityProblems } from '../../services/deployments/deployability.ts';
import {
  findRunnableDeployment,
  type RunnableDeploymentRow,
  setImage,
} from '../../storage/sql/queries/control/deployments.ts';
import {
  listAllocations,
  listPlacements,
  listTopology,
  lockAllocationLimits,
  type PlacementRow,
  replaceTopology,
} from '../../storage/sql/queries/control/placement.ts';
import { pointRoutes } from '../../storage/sql/queries/control/routes.ts';
import type { ControlDeps } from '../control-deps.ts';
import { RunnerError } from '../runners/runner.ts';
import { DeploymentProblem } from './deployment-problem.ts';
import { isRunning, nextStatus, type RunningStatus } from './deployment-states.ts';
import { ownHostnames } from './hostnames.ts';
import { quotaProblems } from './quota.ts';
import { readVariables, runnerDeployment } from './runner-deployment.ts';
import { finalize } from './take-over.ts';
import { fail, moveTo } from './transitions.ts';

interface Run {
  readonly deps: ControlDeps;
  readonly deployment: RunnableDeploymentRow;
  readonly signal: AbortSignal;
}

/** What is done in a state before it is left. */
const WORK: Readonly<Record<RunningStatus, (run: Run) => Promise<void>>> = {
  pending: async () => undefined,
  starting: checkDeployable,
  building: build,
  deploying: deploy,
  network: publishOwnNames,
  finalizing: async () => undefined,
};

/** Runs a deployment until it is ready, has failed, or was ended by somebody else. Rejects when it has to be tried again. */
export async function runDeployment(
  deps: ControlDeps,
  deploymentId: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const deployment = await findRunnableDeployment(deps.db.primary, deploymentId);
    if (deployment === undefined || !isRunning(deployment.status)) return;
    const run = { deps, deployment, signal };
    if (!(await attempt(run, WORK[deployment.status]))) return;
    const hasMoved =
      deployment.status === 'finalizing'
        ? await finalize(deps, deployment)
        : await advance(run, nextStatus(deployment.status));
    if (!hasMoved) await abandon(run);
  }
}

/**
 * Runs a deployment that was stopped and is `deploying` again; unlike a new one it takes nobody's place. Rejects when it has
 * to be tried again.
 */
export async function restartDeployment(
  deps: ControlDeps,
  deploymentId: string,
  signal: AbortSignal,
): Promise<void> {
  const deployment = await findRunnableDeployment(deps.db.primary, deploymentId);
  if (deployment === undefined || deployment.status !== 'deploying') return;
  const run = { deps, deployment, signal };
  if (!(await attempt(run, deploy))) return;
  if (!(await advance(run, 'ready'))) await abandon(run);
}

/** Ends a run that nobody will try again. */
export async function giveUpDeployment(deps: ControlDeps, deploymentId: string): Promise<void> {
  const deployment = await findRunnableDeployment(deps.db.primary, deploymentId);
  if (deployment === undefined || !isRunning(deployment.status)) return;
  await fail(deps, deployment, 'the deployment could not be run');
}

/** Does the work of a state; false when it failed for good, which is recorded then. */
async function attempt(run: Run, work: (run: Run) => Promise<void>): Promise<boolean> {
  try {
    await work(run);
    return true;
  } catch (error) {
    if (!(error instanceof DeploymentProblem) && !(error instanceof RunnerError)) throw error;
    // Before the failure is recorded: a process that ends in between deploys it again, and then stops it again.
    if (error instanceof RunnerError && run.deployment.status === 'deploying') await clearAway(run);
    await fail(run.deps, run.deployment, error.message);
    return false;
  }
}

/** A deployment that failed halfway may have left something running, which nobody can stop any more once it has failed. */
async function clearAway({ deps, deployment, signal }: Run): Promise<void> {
  const placements = await listTopology(deps.db.primary, deployment.id);
  try {
    await deps.runner.stop(runnerDeployment(deployment, placements), { signal });
  } catch (error) {
    if (!(error instanceof RunnerError)) throw error;
    deps.log.warn(
      { err: error, deployment: deployment.id },
      'what a failed deployment has left could not be stopped',
    );
  }
}

function advance({ deps, deployment }: Run, to: Parameters<typeof moveTo>[2]): Promise<boolean> {
  return deps.db.transaction((tx) => moveTo(tx, deployment, to, deps));
}

/** When somebody has ended the deployment meanwhile, what runs of it by now must not go on. */
async function abandon({ deps, deployment, signal }: Run): Promise<void> {
  signal.throwIfAborted();
  const { id } = deployment;
  const now = await findRunnableDeployment(deps.db.primary, id);
  if (now !== undefined && (isRunning(now.status) || now.status === 'ready')) return;
  deps.log.info({ deployment: id }, 'a deployment was ended while it ran');
  await deps.runner.stop(runnerDeployment(deployment, []), { signal });
}

/** Settings may have changed since the deployment was made: regions are not part of its copy of them. */
async function checkDeployable({ deps, deployment }: Run): Promise<void> {
  const { appId, environmentId } = deployment;
  const placements = await listPlacements(deps.db.primary, appId, environmentId);
  throwProblems(deployabilityProblems(deployment, placements.length > 0));
}

async function build({ deps, deployment, signal }: Run): Promise<void> {
  if (deployment.image !== null) return;
  const { appId, environmentId, id } = deployment;
  const placements = await listPlacements(deps.db.primary, appId, environmentId);
  const image = await deps.runner.build(runnerDeployment(deployment, placements), {
    signal,
    variables: () => readVariables(deps, deployment),
  });
  if (image === undefined) return;
  if (image.length > 256) throw new DeploymentProblem('the name of the image has more than 256 characters');
  await setImage(deps.db.primary, { id, image, now: deps.clock.now() });
}

async function deploy({ deps, deployment, signal }: Run): Promise<void> {
  const placements = await place(deps, deployment);
  await deps.runner.deploy(runnerDeployment(deployment, placements), {
    signal,
    variables: () => readVariables(deps, deployment),
  });
}

/** Places the deployment in the regions of its environment, if the workspace may take up that much. */
function place(deps: ControlDeps, deployment: RunnableDeploymentRow): Promise<readonly PlacementRow[]> {
  const { workspaceId, appId, environmentId } = deployment;
  return deps.db.transaction(async (tx) => {
    const limits = await lockAllocationLimits(tx, workspaceId);
    const placements = await listPlacements(tx, appId, environmentId);
    throwProblems(deployabilityProblems(deployment, placements.length > 0));
    const own = placements.map(({ replicasMax }) => ({ ...deployment, replicasMax }));
    throwProblems(quotaProblems(limits, [...(await listAllocations(tx, deployment)), ...own]));
    await replaceTopology(tx, deployment, placements, deps.clock.now());
    return placements;
  });
}

async function publishOwnNames({ deps, deployment }: Run): Promise<void> {
  const routes = ownHostnames(deployment, deps.settings.domain).map((hostname) => ({
    ...hostname,
    id: deps.ids.next('frontlineRoute'),
  }));
  await deps.db.transaction((tx) => pointRoutes(tx, deployment, routes, deps.clock.now()));
}

function throwProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw new DeploymentProblem(problems.join('; '));
}
