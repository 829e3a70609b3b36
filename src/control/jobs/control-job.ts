// What the control plane takes on and does behind its callers' back. A job is stored before its caller gets an answer, so
// that it outlives the process.

import type { ControlActor } from '../../services/control/control-plane.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { type ControlJobRow, insertControlJob } from '../../storage/sql/queries/control/jobs.ts';
import type { ControlDeps } from '../control-deps.ts';

/** On whose behalf a job is done. */
export interface JobOrigin {
  readonly actor: ControlActor;
  readonly correlationId: string;
}

interface DeploymentJob {
  readonly deploymentId: string;
}

interface OrderedDeploymentJob extends DeploymentJob {
  readonly origin: JobOrigin;
}

/** What each kind of job is about. */
export interface JobPayloads {
  /** Runs a new deployment. */
  deploy: DeploymentJob;
  /** Runs one again that was stopped. */
  restart: DeploymentJob;
  /** Ends one that is to be stopped. */
  drain: DeploymentJob;
  /** Stops one that another has taken the place of. */
  retire: DeploymentJob;
  /** Tells the runner where the hostnames of an environment lead. */
  publish: { readonly environmentId: string };
  /** Looks whether a domain is proven to be its workspace's. */
  verify_domain: {
    readonly domainId: string;
    /** The run of checks; one that another has taken the place of ends. */
    readonly invocationId: string;
    /** Unix milliseconds of the run's beginning. */
    readonly startedAt: number;
  };
  stop: OrderedDeploymentJob;
  wake: OrderedDeploymentJob;
  promote: OrderedDeploymentJob;
  rollback: OrderedDeploymentJob & { readonly sourceDeploymentId: string };
  delete_project: { readonly projectId: string; readonly origin: JobOrigin };
  delete_app: { readonly appId: string; readonly origin: JobOrigin };
}

export type JobKind = keyof JobPayloads;

/** Which object a job is about; jobs of one object run one after another. */
const OBJECT_KEYS: { readonly [Kind in JobKind]: (payload: JobPayloads[Kind]) => string } = {
  deploy: ofDeployment,
  restart: ofDeployment,
  drain: ofDeployment,
  retire: ofDeployment,
  publish: ({ environmentId }) => environmentId,
  verify_domain: ({ domainId }) => domainId,
  stop: ofDeployment,
  wake: ofDeployment,
  promote: ofDeployment,
  rollback: ({ sourceDeploymentId }) => sourceDeploymentId,
  delete_project: ({ projectId }) => projectId,
  delete_app: ({ appId }) => appId,
};

function ofDeployment({ deploymentId }: DeploymentJob): string {
  return deploymentId;
}

/**
 * Takes a job on, with the transaction if `q` is one, and yields its id.
 * @param delayMs milliseconds before which it does not run
 */
export async function enqueueJob<Kind extends JobKind>(
  q: Queryable,
  kind: Kind,
  payload: JobPayloads[Kind],
  { clock, ids, delayMs = 0 }: Pick<ControlDeps, 'clock' | 'ids'> & { readonly delayMs?: number },
): Promise<string> {
  const id = ids.next('invocation');
  const now = clock.now();
  await insertControlJob(q, {
    id,
    kind,
    objectKey: OBJECT_KEYS[kind](payload),
    payload: JSON.stringify(payload),
    runAt: now + delayMs,
    createdAt: now,
  });
  return id;
}

/** A stored job of one kind. */
export interface StoredJob<Kind extends JobKind = JobKind> {
  readonly pk: number;
  readonly kind: Kind;
  readonly payload: JobPayloads[Kind];
}

/** Does a job. It is done again when it fails, or when the process ends on the way: what is done already must do no harm. */
export type JobHandler<Kind extends JobKind> = (
  payload: JobPayloads[Kind],
  context: {
    /** The job's own row, for handlers that end it with the transaction that does its work. */
    readonly pk: number;
    /** Aborted when the process ends, or when another one has taken over. */
    readonly signal: AbortSignal;
  },
) => Promise<void>;

export type JobHandlers = { readonly [Kind in JobKind]: JobHandler<Kind> };

/** Does a stored job with the handler of its kind. @throws Error when its row holds no job of this version */
export async function handleJob(
  handlers: JobHandlers,
  { pk, kind, payload }: ControlJobRow,
  signal: AbortSignal,
): Promise<void> {
  if (!isKind(kind)) throw new Error(`a job is of an unknown kind: ${kind}`);
  await dispatch(handlers, kind, JSON.parse(payload), { pk, signal });
}

function dispatch<Kind extends JobKind>(
  handlers: JobHandlers,
  kind: Kind,
  // Rows are written by enqueueJob alone, which pairs kind and payload.
  payload: JobPayloads[Kind],
  context: { readonly pk: number; readonly signal: AbortSignal },
): Promise<void> {
  const handle: JobHandler<Kind> = handlers[kind];
  return handle(payload, context);
}

function isKind(kind: string): kind is JobKind {
  return Object.hasOwn(OBJECT_KEYS, kind);
}
