// What a control plane does, without a transport: `unkey control serve` and the embedded control plane both run this.

import { type ControlPlane, ControlPlaneError } from '../services/control/control-plane.ts';
import type { WorkflowSubmission, Workflows } from '../services/control/workflows.ts';
import type { Queryable } from '../storage/sql/database.ts';
import type { ControlJobRow } from '../storage/sql/queries/control/jobs.ts';
import type { ControlDeps } from './control-deps.ts';
import { createApp } from './create-app.ts';
import { createProject } from './create-project.ts';
import { createDeployment } from './deployments/create-deployment.ts';
import { giveUpDeployment } from './deployments/run-deployment.ts';
import { addCustomDomain } from './domains/add-domain.ts';
import { deleteCustomDomain, retryVerification } from './domains/change-domain.ts';
import { enqueueJob } from './jobs/control-job.ts';
import { startJobWorker } from './jobs/job-worker.ts';
import { requireFields } from './required.ts';
import { jobHandlers } from './workflows/handlers.ts';

export interface ControlService extends ControlPlane, Workflows {
  /** The same as `submit`; yields the id under which the job was taken on. */
  accept(submission: WorkflowSubmission): Promise<string>;
  /** Looks for jobs at once. */
  kick(): void;
  /** Takes no more jobs, interrupts those being done, and resolves once they are stored for the next process. */
  stop(): Promise<void>;
}

export interface ControlServiceOptions extends ControlDeps {
  /** Names this process among all others that work on the database; at most 64 characters. */
  readonly owner: string;
  /** Milliseconds between looks at the queue, and how long a job stays with a process that died; for tests. */
  readonly pollMs?: number;
  readonly leaseMs?: number;
}

/** Starts the control plane: jobs that an earlier process has left are gone on with at once. */
export function startControlService(options: ControlServiceOptions): ControlService {
  const { owner, pollMs, leaseMs, ...deps } = options;
  const worker = startJobWorker({
    ...deps,
    owner,
    handlers: jobHandlers(deps),
    onGivenUp: (job) => giveUp(deps, job),
    ...(pollMs === undefined ? {} : { pollMs }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
  });
  /** A call that leaves a job behind, which need not wait for the next look at the queue. */
  const handing = async <T>(work: () => Promise<T>): Promise<T> => {
    const outcome = await guarded(deps, work);
    worker.kick();
    return outcome;
  };
  const accept = (submission: WorkflowSubmission): Promise<string> =>
    handing(() => enqueueSubmission(deps.db.primary, submission, deps));
  return {
    createProject: (request) => guarded(deps, () => createProject(deps, request)),
    createApp: (request) => guarded(deps, () => createApp(deps, request)),
    createDeployment: (request) => handing(() => createDeployment(deps, request)),
    addCustomDomain: (request) => handing(() => addCustomDomain(deps, request)),
    deleteCustomDomain: (request) => handing(() => deleteCustomDomain(deps, request)),
    retryVerification: (request) => handing(() => retryVerification(deps, request)),
    ping: () => deps.db.ping(),
    accept,
    submit: async (submission) => {
      await accept(submission);
    },
    kick: worker.kick,
    stop: worker.stop,
  };
}

/** Whatever is no answer to the caller is told to the log, and to the caller without its reasons. */
async function guarded<T>({ log }: Pick<ControlDeps, 'log'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ControlPlaneError) throw error;
    log.error({ err: error }, 'a call of the control plane failed');
    throw new ControlPlaneError('internal', 'the control plane could not do this', { cause: error });
  }
}

function enqueueSubmission(
  q: Queryable,
  submission: WorkflowSubmission,
  deps: Pick<ControlDeps, 'clock' | 'ids'>,
): Promise<string> {
  const origin = { actor: submission.actor, correlationId: submission.correlationId };
  switch (submission.workflow) {
    case 'deleteProject':
      requireFields({ key: submission.projectId });
      return enqueueJob(q, 'delete_project', { projectId: submission.projectId, origin }, deps);
    case 'deleteApp':
      requireFields({ key: submission.appId });
      return enqueueJob(q, 'delete_app', { appId: submission.appId, origin }, deps);
    case 'stopDeployment':
      return enqueueJob(q, 'stop', { deploymentId: submission.deploymentId, origin }, deps);
    case 'wakeDeployment':
      return enqueueJob(q, 'wake', { deploymentId: submission.deploymentId, origin }, deps);
    case 'promote':
      return enqueueJob(q, 'promote', { deploymentId: submission.targetDeploymentId, origin }, deps);
    case 'rollback': {
      const { sourceDeploymentId, targetDeploymentId } = submission;
      const payload = { sourceDeploymentId, deploymentId: targetDeploymentId, origin };
      return enqueueJob(q, 'rollback', payload, deps);
    }
  }
}

/** A run that cannot be had must not look as if it went on. */
async function giveUp(deps: ControlDeps, { kind, objectKey }: ControlJobRow): Promise<void> {
  if (kind === 'deploy' || kind === 'restart') await giveUpDeployment(deps, objectKey);
}
