// What the four lifecycle workflows have in common: the deployment is read under the lock of its app, the same rules decide
// that the API goes by, and the change commits with its audit event and with the end of the job.

import type { AuditEventName } from '../../services/audit/audit-log.ts';
import {
  DEPLOYMENT_STATUSES,
  type DeploymentStatus,
  type DesiredState,
} from '../../services/deployments/deployment-status.ts';
import type { DeploymentState } from '../../services/deployments/lifecycle-rules.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import {
  findRunnableDeployment,
  holdApp,
  type RunnableDeploymentRow,
} from '../../storage/sql/queries/control/deployments.ts';
import { deleteControlJob } from '../../storage/sql/queries/control/jobs.ts';
import type { EnvironmentKind } from '../../storage/sql/queries/environments.ts';
import { writeControlEvents } from '../audit.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { JobOrigin } from '../jobs/control-job.ts';

export interface Order {
  readonly deploymentId: string;
  readonly origin: JobOrigin;
  /** The job's row. */
  readonly pk: number;
  readonly event: Extract<AuditEventName, `deployment.${string}`>;
  /** Why the order is not carried out; undefined when it is. */
  readonly refusal: (state: DeploymentState, deployment: RunnableDeploymentRow) => string | undefined;
  readonly carryOut: (tx: Transaction, deployment: RunnableDeploymentRow) => Promise<void>;
}

/** Carries an order out, or drops it when it does not apply any more: whoever gave it has had an answer long ago. */
export async function carryOut(deps: ControlDeps, order: Order): Promise<void> {
  const { deploymentId, origin, event } = order;
  const known = await findRunnableDeployment(deps.db.primary, deploymentId);
  const refusal =
    known === undefined
      ? 'the deployment is gone'
      : await deps.db.transaction(async (tx) => {
          await holdApp(tx, known.appId);
          const deployment = await findRunnableDeployment(tx, deploymentId);
          if (deployment === undefined) return 'the deployment is gone';
          const refused = order.refusal(stateOf(deployment), deployment);
          if (refused !== undefined) return refused;
          await order.carryOut(tx, deployment);
          const { projectId, appId, environmentId, workspaceId } = deployment;
          const target = {
            type: 'deployment' as const,
            id: deploymentId,
            meta: { projectId, appId, environmentId },
          };
          const description = `${DESCRIPTIONS[event]} ${deploymentId}`;
          writeControlEvents(tx, workspaceId, origin, [{ event, description, targets: [target] }], deps);
          await deleteControlJob(tx, order.pk);
          return undefined;
        });
  if (refusal === undefined) return;
  deps.log.warn({ deployment: deploymentId, event, refusal }, `order dropped: ${refusal}`);
}

const DESCRIPTIONS: Readonly<Record<Order['event'], string>> = {
  'deployment.create': 'Created deployment',
  'deployment.rebuild': 'Rebuilt deployment',
  'deployment.stop': 'Stopped deployment',
  'deployment.wake': 'Woke deployment',
  'deployment.promote': 'Promoted deployment',
  'deployment.rollback': 'Rolled back to deployment',
};

function stateOf(row: RunnableDeploymentRow): DeploymentState {
  return {
    id: row.id,
    status: oneOf<DeploymentStatus>(DEPLOYMENT_STATUSES, row.status),
    desiredState: oneOf<DesiredState>(['running', 'stopped'], row.desiredState),
    environmentKind: oneOf<EnvironmentKind>(['production', 'preview'], row.environmentKind),
    currentDeploymentId: row.currentDeploymentId,
    isRolledBack: Boolean(row.isRolledBack),
  };
}

/** @throws Error when a column holds something that the schema does not allow */
function oneOf<T extends string>(values: readonly T[], text: string): T {
  const value = values.find((candidate) => candidate === text);
  if (value === undefined) throw new Error('a column holds a value that the schema does not allow');
  return value;
}
