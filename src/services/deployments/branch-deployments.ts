// The deprecated way to deploy: by slugs, with the image of a branch. Source: the deploy section of the platform chapter.

import { sortedUnique } from '../../lib/byte-order.ts';
import type { Logger } from '../../lib/logger.ts';
import { findAppBySlugs, hasKeyspace } from '../../storage/sql/queries/deploy-targets.ts';
import { listDeploymentHostnames } from '../../storage/sql/queries/deployment-facts.ts';
import { findDeploymentStatus } from '../../storage/sql/queries/deployments-reading.ts';
import { reportingControlFailure } from '../control/control-faults.ts';
import type { DeploymentTrigger, GitCommit } from '../control/control-plane.ts';
import { projectNotFound } from '../projects/project-faults.ts';
import { isStoreFailure, reportingStoreFailure } from '../store-fault.ts';
import type { DeploymentDeps } from './deployment-deps.ts';
import { keyspaceNotFound } from './deployment-faults.ts';

export interface BranchDeploymentRequest {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly appId: string;
  /** Not looked up here: the control plane does. */
  readonly environmentSlug: string;
  readonly dockerImage: string;
  readonly keyspaceId: string | undefined;
  readonly gitCommit: GitCommit;
  readonly trigger: DeploymentTrigger;
  /** Id of the caller. */
  readonly triggeredBy: string;
}

export interface DeploymentProgress {
  readonly id: string;
  readonly projectId: string;
  /** As stored. */
  readonly status: string;
}

/** Asks for no permission: that is the operation's. Every method throws `service_unavailable` when the store fails. */
export interface BranchDeployments {
  /** Throws a Fault `project_not_found`, also when only the app is missing. */
  findApp(
    workspaceId: string,
    slugs: { readonly project: string; readonly app: string },
  ): Promise<{ readonly projectId: string; readonly appId: string }>;
  /** Yields the id of the deployment. Throws a Fault `key_auth_not_found`, or what the control plane failed with. */
  create(request: BranchDeploymentRequest): Promise<string>;
  /** Throws a Fault `project_not_found` when there is no such deployment. */
  find(workspaceId: string, id: string): Promise<DeploymentProgress>;
  /** Sorted; empty also when they could not be read, which is logged. */
  hostnamesOf(id: string, log: Logger): Promise<readonly string[]>;
}

export function createBranchDeployments({
  db,
  controlPlane,
}: Pick<DeploymentDeps, 'db' | 'controlPlane'>): BranchDeployments {
  return {
    findApp: (workspaceId, slugs) =>
      reportingStoreFailure('finding an app to deploy', async () => {
        const found = await findAppBySlugs(db.replica, workspaceId, slugs);
        if (found === undefined) throw projectNotFound();
        return found;
      }),

    async create({ workspaceId, ...request }) {
      await reportingStoreFailure('finding a keyspace', async () => {
        if (request.keyspaceId === undefined) return;
        if (!(await hasKeyspace(db.replica, workspaceId, request.keyspaceId))) throw keyspaceNotFound();
      });
      const { deploymentId } = await reportingControlFailure('creating a deployment', () =>
        controlPlane.createDeployment({ ...request, command: [], triggerReason: '', actor: undefined }),
      );
      return deploymentId;
    },

    find: (workspaceId, id) =>
      reportingStoreFailure('loading a deployment', async () => {
        const found = await findDeploymentStatus(db.replica, workspaceId, id);
        if (found === undefined) throw projectNotFound();
        return found;
      }),

    async hostnamesOf(id, log) {
      try {
        const rows = await listDeploymentHostnames(db.replica, [id]);
        return sortedUnique(rows.map(({ hostname }) => hostname));
      } catch (error) {
        if (!isStoreFailure(error)) throw error;
        log.error({ err: error, deploymentId: id }, 'the hostnames of a deployment could not be read');
        return [];
      }
    },
  };
}
