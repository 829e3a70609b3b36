import { listEnvironmentDeployments } from '../../storage/sql/queries/control/deployments.ts';
import { listEnvironmentRoutes } from '../../storage/sql/queries/control/routes.ts';
import type { ControlDeps } from '../control-deps.ts';
import { restartDeployment, runDeployment } from '../deployments/run-deployment.ts';
import { verifyDomain } from '../domains/verify-domain.ts';
import type { JobHandlers } from '../jobs/control-job.ts';
import { deletionHandlers } from './deletion.ts';
import { lifecycleHandlers } from './lifecycle.ts';

/** What each kind of job does. */
export function jobHandlers(deps: ControlDeps): JobHandlers {
  return {
    ...lifecycleHandlers(deps),
    ...deletionHandlers(deps),
    deploy: ({ deploymentId }, { signal }) => runDeployment(deps, deploymentId, signal),
    restart: ({ deploymentId }, { signal }) => restartDeployment(deps, deploymentId, signal),
    verify_domain: (payload, { pk }) => verifyDomain(deps, payload, pk),
    publish: async ({ environmentId }, { signal }) => {
      const routes = await listEnvironmentRoutes(deps.db.primary, environmentId);
      if (routes.length === 0) return;
      const deployments = await listEnvironmentDeployments(deps.db.primary, environmentId);
      const targets = new Map(deployments.map(({ id, k8sName, port }) => [id, { name: k8sName, port }]));
      const known = routes.flatMap(({ hostname, deploymentId }) => {
        const target = targets.get(deploymentId);
        return target === undefined ? [] : [{ hostname, deploymentId, ...target }];
      });
      await deps.runner.route({ id: environmentId }, known, { signal });
    },
  };
}
