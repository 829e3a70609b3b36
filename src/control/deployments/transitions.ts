// Changes of a deployment's state, together with the steps that tell of them.

import type { DeploymentStatus } from '../../services/deployments/deployment-status.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { changeStatus, type RunnableDeploymentRow } from '../../storage/sql/queries/control/deployments.ts';
import { beginStep, endSteps } from '../../storage/sql/queries/control/steps.ts';
import type { ControlDeps } from '../control-deps.ts';
import { isRunning, stepOf } from './deployment-states.ts';

/** Of the column, in characters. */
const LONGEST_ERROR = 512;

/**
 * Moves a deployment to its next state: its step ends, and that of the new state begins if it has one. False, and nothing
 * is changed, when the deployment is no longer in the state that the row tells.
 */
export async function moveTo(
  tx: Queryable,
  deployment: RunnableDeploymentRow,
  to: DeploymentStatus,
  { clock }: Pick<ControlDeps, 'clock'>,
): Promise<boolean> {
  const { id, status: from } = deployment;
  const now = clock.now();
  if (!(await changeStatus(tx, { id, from, to, now }))) return false;
  await endSteps(tx, { id, error: null, now });
  if (isRunning(to)) await beginStep(tx, deployment, stepOf(to), now);
  return true;
}

/** Ends a run with what went wrong, on the step that it went wrong in; nothing happens when the run has ended already. */
export async function fail(
  { db, clock }: Pick<ControlDeps, 'db' | 'clock'>,
  { id, status }: RunnableDeploymentRow,
  message: string,
): Promise<void> {
  const now = clock.now();
  await db.transaction(async (tx) => {
    if (!(await changeStatus(tx, { id, from: status, to: 'failed', now }))) return;
    await endSteps(tx, { id, error: message.slice(0, LONGEST_ERROR).toWellFormed(), now });
  });
}
