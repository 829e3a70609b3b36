import { findDeployment, listDeployments } from '../../storage/sql/queries/deployments-reading.ts';
import type { Caller } from '../audit/audit-log.ts';
import { type Page, pageOf } from '../page.ts';
import type { EnvironmentPath } from '../projects/locate.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import { createDeployment, type DeploymentRequest } from './create-deployment.ts';
import type { DeploymentDeps } from './deployment-deps.ts';
import { deploymentNotFound } from './deployment-faults.ts';
import { findPlace, findTarget, type ListPath } from './deployment-place.ts';
import type { DeploymentTarget } from './deployment-source.ts';
import type { DeploymentStatus } from './deployment-status.ts';
import { type DeploymentView, viewDeployments } from './deployment-view.ts';
import { type ChangeableDeployment, findChangeable, promote, rollback, start, stop } from './lifecycle.ts';
import { reportingResolution } from './resolution-fault.ts';

/** A deployment, and the id that permissions name its environment by. */
export interface FoundDeployment {
  readonly environmentId: string;
  /** What callers see of it. */
  view(): Promise<DeploymentView>;
}

export interface DeploymentListRequest {
  readonly path: ListPath;
  /** Only those in one of these states; undefined = all. */
  readonly statuses: readonly DeploymentStatus[] | undefined;
  /** Id of the first deployment of the page; undefined = from the newest on. */
  readonly cursor: string | undefined;
  readonly limit: number;
}

/**
 * What runs, where and in which state. Asks for no permission: that is the operation's. The control plane makes and
 * changes deployments; here they are read, and jobs for it are checked and handed over. Unless said otherwise every
 * method throws a Fault `service_unavailable` when the store or the control plane does not answer.
 */
export interface DeploymentService {
  /** Throws a Fault `deployment_not_found`. */
  find(workspaceId: string, id: string): Promise<FoundDeployment>;
  /**
   * One page, newest first; empty when the cursor names no deployment of the workspace. Throws a Fault
   * `project_not_found`, `app_not_found` or `environment_not_found`.
   */
  list(workspaceId: string, request: DeploymentListRequest): Promise<Page<DeploymentView>>;
  /** Throws a Fault `environment_not_found`, or `unexpected_error` when the store does not answer. */
  findTarget(workspaceId: string, path: EnvironmentPath): Promise<DeploymentTarget>;
  /** Yields the id of the new deployment. Throws as `createDeployment` does. */
  create(caller: Caller, target: DeploymentTarget, request: DeploymentRequest): Promise<string>;
  /** The deployment in its latest state. Throws a Fault `deployment_not_found`. */
  findChangeable(workspaceId: string, id: string): Promise<ChangeableDeployment>;
  /** These throw as the functions of their names do. */
  promote(caller: Caller, deployment: ChangeableDeployment): Promise<void>;
  rollback(caller: Caller, target: ChangeableDeployment): Promise<void>;
  start(caller: Caller, deployment: ChangeableDeployment): Promise<void>;
  stop(caller: Caller, deployment: ChangeableDeployment): Promise<void>;
}

export function createDeploymentService(deps: DeploymentDeps): DeploymentService {
  const { db, log } = deps;
  return {
    async find(workspaceId, id) {
      const row = await reportingStoreFailure('loading a deployment', () =>
        findDeployment(db.replica, workspaceId, id),
      );
      if (row === undefined) throw deploymentNotFound();
      return {
        environmentId: row.environmentId,
        view: () =>
          reportingStoreFailure('loading a deployment', async () => {
            const [view] = await viewDeployments(db.replica, [row], log);
            if (view === undefined) throw new Error('a row was left without a view');
            return view;
          }),
      };
    },

    list: (workspaceId, { path, statuses, cursor, limit }) =>
      reportingStoreFailure('listing deployments', async () => {
        const place = await findPlace(db.replica, workspaceId, path);
        const page = { ...place, statuses, cursor, limit: limit + 1 };
        const { items, nextCursor } = pageOf(await listDeployments(db.replica, workspaceId, page), limit);
        return { items: await viewDeployments(db.replica, items, log), nextCursor };
      }),

    findTarget: (workspaceId, path) => reportingResolution(() => findTarget(db.replica, workspaceId, path)),

    create: (caller, target, request) => createDeployment(deps, caller, target, request),

    findChangeable: (workspaceId, id) =>
      reportingStoreFailure('loading a deployment', () => findChangeable(deps, workspaceId, id)),

    promote: (caller, deployment) => promote(deps, caller, deployment),
    rollback: (caller, target) => rollback(deps, caller, target),
    start: (caller, deployment) => start(deps, caller, deployment),
    stop: (caller, deployment) => stop(deps, caller, deployment),
  };
}
