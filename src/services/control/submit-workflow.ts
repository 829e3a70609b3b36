import type { IdSource } from '../../lib/uid.ts';
import type { Caller } from '../audit/audit-log.ts';
import { callerActor } from './caller-actor.ts';
import { controlUnavailable } from './control-faults.ts';
import type { WorkflowJob, Workflows } from './workflows.ts';

/**
 * Hands a job over, in the caller's name and under a correlation id of its own. Throws a Fault `service_unavailable` when
 * it was not accepted, whatever the reason.
 */
export async function submitWorkflow(
  { workflows, ids }: { readonly workflows: Workflows; readonly ids: IdSource },
  caller: Caller,
  job: WorkflowJob,
): Promise<void> {
  try {
    await workflows.submit({ ...job, actor: callerActor(caller), correlationId: ids.next('correlation') });
  } catch (error) {
    throw controlUnavailable(`submitting ${job.workflow}`, error);
  }
}
