// The steps that a deployment went through.

import type { Queryable } from '../../database.ts';
import { insertOrKeep } from '../../dialect.ts';

/** Which deployment a step is of. */
export interface StepOwner {
  readonly id: string;
  readonly workspaceId: string;
  readonly projectId: string;
  readonly environmentId: string;
  readonly appId: string;
}

/** Begins a step; one that was begun before begins anew. */
export async function beginStep(q: Queryable, owner: StepOwner, step: string, now: number): Promise<void> {
  await insertOrKeep(
    q,
    'beginStep',
    'deployment_steps',
    [
      {
        workspace_id: owner.workspaceId,
        project_id: owner.projectId,
        environment_id: owner.environmentId,
        deployment_id: owner.id,
        app_id: owner.appId,
        step,
        started_at: now,
      },
    ],
    ['deployment_id', 'step'],
  );
  await q.run(
    'restartStep',
    `UPDATE deployment_steps SET started_at = :now, ended_at = NULL, error = NULL
      WHERE deployment_id = :id AND step = :step`,
    { id: owner.id, step, now },
  );
}

/** Ends the steps of a deployment that have not ended, with what went wrong if anything did. */
export async function endSteps(
  q: Queryable,
  end: { readonly id: string; readonly error: string | null; readonly now: number },
): Promise<void> {
  await q.run(
    'endSteps',
    `UPDATE deployment_steps SET ended_at = :now, error = :error
      WHERE deployment_id = :id AND ended_at IS NULL`,
    { ...end },
  );
}
