// Promote, roll back, stop, wake. Source: the state machine of the platform chapter, section minimal control plane.

import {
  promotionRefusal,
  rollbackRefusal,
  startRefusal,
  stopRefusal,
} from '../../services/deployments/lifecycle-rules.ts';
import {
  findRunnableDeployment,
  holdApp,
  markStopped,
  setDesiredState,
} from '../../storage/sql/queries/control/deployments.ts';
import { hasUnbegunControlJob } from '../../storage/sql/queries/control/jobs.ts';
import { listTopology } from '../../storage/sql/queries/control/placement.ts';
import type { ControlDeps } from '../control-deps.ts';
import { runnerDeployment } from '../deployments/runner-deployment.ts';
import { publish, takeOver } from '../deployments/take-over.ts';
import { moveTo } from '../deployments/transitions.ts';
import { enqueueJob, type JobHandlers } from '../jobs/control-job.ts';
import { carryOut } from './order.ts';

export function lifecycleHandlers(
  deps: ControlDeps,
): Pick<JobHandlers, 'promote' | 'rollback' | 'stop' | 'wake' | 'drain' | 'retire'> {
  return {
    promote: (payload, { pk }) =>
      carryOut(deps, {
        ...payload,
        pk,
        event: 'deployment.promote',
        refusal: promotionRefusal,
        async carryOut(tx, deployment) {
          await takeOver(tx, deps, deployment, { isRolledBack: false });
          await publish(tx, deps, deployment);
        },
      }),
    rollback: (payload, { pk }) =>
      carryOut(deps, {
        ...payload,
        pk,
        event: 'deployment.rollback',
        refusal: (state) =>
          rollbackRefusal(state) ??
          (state.currentDeploymentId === payload.sourceDeploymentId
            ? undefined
            : 'the deployment to leave is not the current one any more'),
        async carryOut(tx, deployment) {
          await takeOver(tx, deps, deployment, { isRolledBack: true });
          await publish(tx, deps, deployment);
        },
      }),
    stop: (payload, { pk }) =>
      carryOut(deps, {
        ...payload,
        pk,
        event: 'deployment.stop',
        refusal: stopRefusal,
        async carryOut(tx, { id }) {
          await setDesiredState(tx, { id, desiredState: 'stopped', now: deps.clock.now() });
          await enqueueJob(tx, 'drain', { deploymentId: id }, deps);
        },
      }),
    wake: (payload, { pk }) =>
      carryOut(deps, {
        ...payload,
        pk,
        event: 'deployment.wake',
        refusal: (state) =>
          startRefusal(state) ??
          // Ready: its stop has not begun, or has failed so far.
          (state.status === 'stopped' || state.status === 'ready'
            ? undefined
            : 'the deployment has not stopped'),
        async carryOut(tx, deployment) {
          const { id } = deployment;
          await setDesiredState(tx, { id, desiredState: 'running', now: deps.clock.now() });
          // Nothing of it has stopped yet; once that was begun, who knows what runs.
          if (await hasUnbegunControlJob(tx, { kind: 'drain', objectKey: id })) return;
          await moveTo(tx, deployment, 'deploying', deps);
          await enqueueJob(tx, 'restart', { deploymentId: id }, deps);
        },
      }),
    drain: async ({ deploymentId }, { signal }) => {
      const deployment = await findRunnableDeployment(deps.db.primary, deploymentId);
      if (deployment === undefined || !isDraining(deployment)) return;
      const placements = await listTopology(deps.db.primary, deploymentId);
      await deps.runner.stop(runnerDeployment(deployment, placements), { signal });
      await markStopped(deps.db.primary, { id: deploymentId, now: deps.clock.now() });
    },
    retire: async ({ deploymentId }) => {
      const known = await findRunnableDeployment(deps.db.primary, deploymentId);
      if (known === undefined) return;
      await deps.db.transaction(async (tx) => {
        await holdApp(tx, known.appId);
        const deployment = await findRunnableDeployment(tx, deploymentId);
        // What serves by now never stops by itself.
        if (deployment === undefined || deployment.currentDeploymentId === deploymentId) return;
        if (deployment.status !== 'ready' || deployment.desiredState !== 'running') return;
        await setDesiredState(tx, { id: deploymentId, desiredState: 'stopped', now: deps.clock.now() });
        await enqueueJob(tx, 'drain', { deploymentId }, deps);
      });
    },
  };
}

function isDraining({ status, desiredState }: { status: string; desiredState: string }): boolean {
  return status === 'ready' && desiredState === 'stopped';
}
