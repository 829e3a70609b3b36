import { createHash } from 'node:crypto';
import { ControlPlaneError, type NewDeployment } from '../../services/control/control-plane.ts';
import { deployabilityProblems } from '../../services/deployments/deployability.ts';
import type { Queryable, Transaction } from '../../storage/sql/database.ts';
import { findDoomedApp, findDoomedProject } from '../../storage/sql/queries/control/deletion.ts';
import {
  type DeploymentTargetRow,
  findDeploymentTarget,
  listSecrets,
} from '../../storage/sql/queries/control/deployment-target.ts';
import {
  holdApp,
  insertDeployment,
  supersedeWaiting,
} from '../../storage/sql/queries/control/deployments.ts';
import { beginStep } from '../../storage/sql/queries/control/steps.ts';
import { hasSchedulableRegion } from '../../storage/sql/queries/deployability.ts';
import { writeControlEvents } from '../audit.ts';
import type { ControlDeps } from '../control-deps.ts';
import { enqueueJob } from '../jobs/control-job.ts';
import { requireSpending } from '../plans.ts';
import { requireFields } from '../required.ts';
import { completeCommit } from './complete-commit.ts';
import { chooseSource, requireSourceLengths } from './deployment-source.ts';

/**
 * Records a deployment and has it run. It is pending when this resolves.
 * @throws ControlPlaneError `invalid_argument` for missing fields and for a project, app and environment that do not belong
 * together, `not_found` when one of them or its settings does not exist, `failed_precondition` when the workspace may not
 * deploy, the environment cannot be deployed to, or there is nothing to deploy
 */
export async function createDeployment(
  deps: ControlDeps,
  asked: NewDeployment,
): Promise<{ readonly deploymentId: string }> {
  const { projectId, appId, environmentSlug } = asked;
  requireFields({ project_id: projectId, app_id: appId, environment_slug: environmentSlug });
  requireSourceLengths(asked);
  // GitHub takes its time, and the transaction holds the app.
  const request = await completeCommit(deps, asked);
  const deploymentId = deps.ids.next('deployment');
  const created = await deps.db.transaction(async (tx) => {
    // Neither deleted meanwhile, nor given two newest deployments of a branch at once.
    await holdApp(tx, appId);
    const target = await findTarget(tx, request);
    await requireSpending(tx, target.workspaceId, deps.settings);
    await requireDeployable(tx, appId, target);
    await store(tx, deps, { deploymentId, request, target });
    return target;
  });
  await auditCreation(deps, { deploymentId, request, target: created });
  return { deploymentId };
}

/** A target with settings to copy. */
type ReadyTarget = DeploymentTargetRow & {
  readonly port: number;
  readonly cpuMillicores: number;
  readonly memoryMib: number;
};

async function findTarget(q: Queryable, request: NewDeployment): Promise<ReadyTarget> {
  const target = await findDeploymentTarget(q, request);
  if (target !== undefined && hasSettings(target)) return target;
  const [project, app] = [
    await findDoomedProject(q, request.projectId),
    await findDoomedApp(q, request.appId),
  ];
  if (project !== undefined && app !== undefined && app.projectId !== project.id) {
    throw new ControlPlaneError('invalid_argument', 'the app does not belong to the project');
  }
  throw new ControlPlaneError('not_found', 'the project, app or environment does not exist');
}

function hasSettings(target: DeploymentTargetRow): target is ReadyTarget {
  return target.port !== null && target.cpuMillicores !== null && target.memoryMib !== null;
}

async function requireDeployable(q: Queryable, appId: string, target: ReadyTarget): Promise<void> {
  const hasRegion = await hasSchedulableRegion(q, appId, target.environmentId);
  const problems = deployabilityProblems(target, hasRegion);
  if (problems.length > 0) throw new ControlPlaneError('failed_precondition', problems.join('; '));
}

interface Creation {
  readonly deploymentId: string;
  readonly request: NewDeployment;
  readonly target: ReadyTarget;
}

async function store(
  tx: Transaction,
  deps: ControlDeps,
  { deploymentId, request, target }: Creation,
): Promise<void> {
  const { projectId, appId } = request;
  const { workspaceId, environmentId } = target;
  const source = await chooseSource(tx, request, target);
  const secrets = await listSecrets(tx, appId, environmentId);
  const now = deps.clock.now();
  const invocationId = await enqueueJob(tx, 'deploy', { deploymentId }, deps);
  await insertDeployment(tx, {
    ...source,
    id: deploymentId,
    k8sName: nameOf(deploymentId),
    workspaceId,
    projectId,
    environmentId,
    appId,
    sentinelConfig: target.sentinelConfig ?? Buffer.from('{}'),
    cpuMillicores: target.cpuMillicores,
    memoryMib: target.memoryMib,
    storageMib: target.storageMib ?? 0,
    encryptedVariables: JSON.stringify({
      secrets: Object.fromEntries(secrets.map(({ key, value }) => [key, value])),
    }),
    command: request.command.length > 0 ? JSON.stringify(request.command) : (target.command ?? '[]'),
    port: target.port,
    shutdownSignal: target.shutdownSignal ?? 'SIGTERM',
    upstreamProtocol: target.upstreamProtocol ?? 'http1',
    healthcheck: target.healthcheck,
    invocationId,
    trigger: request.trigger === 'unspecified' ? 'unknown' : request.trigger,
    triggeredBy: shortened(request.triggeredBy, 256),
    triggerReason: shortened(request.triggerReason, 512),
    createdAt: now,
  });
  await beginStep(tx, { id: deploymentId, workspaceId, projectId, environmentId, appId }, 'queued', now);
  const { gitBranch } = source;
  if (gitBranch !== null) {
    await supersedeWaiting(tx, { id: deploymentId, appId, environmentId, gitBranch, now });
  }
}

/** A DNS label of its own: ids are told apart by the case of their letters, labels are not. */
function nameOf(deploymentId: string): string {
  return `d-${createHash('sha256').update(deploymentId).digest('hex').slice(0, 24)}`;
}

function shortened(text: string, length: number): string | null {
  return text === '' ? null : text.slice(0, length).toWellFormed();
}

/** The deployment stands without its audit event; the log tells when there is none. */
async function auditCreation(deps: ControlDeps, { deploymentId, request, target }: Creation): Promise<void> {
  const { projectId, appId, actor } = request;
  const meta = { projectId, appId, environment: target.environmentSlug };
  const event = {
    event: 'deployment.create' as const,
    description: `Created deployment ${deploymentId}`,
    targets: [{ type: 'deployment' as const, id: deploymentId, meta }],
  };
  try {
    await deps.db.transaction(async (tx) =>
      writeControlEvents(tx, target.workspaceId, { actor }, [event], deps),
    );
  } catch (error) {
    deps.log.error({ err: error, deployment: deploymentId }, 'a deployment has no audit event');
  }
}
