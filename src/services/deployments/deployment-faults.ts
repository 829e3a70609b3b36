import type { ErrorCode } from '../../lib/error-codes.ts';
import { Fault } from '../../lib/fault.ts';

/**
 * The answer for a deployment that is absent, of another workspace, or that the caller may not know of. Made in one
 * place and without arguments, so that these cases cannot be told apart.
 */
export function deploymentNotFound(): Fault {
  return new Fault('unkey:data:deployment_not_found', { public: 'The requested deployment does not exist.' });
}

export function keyspaceNotFound(): Fault {
  return new Fault('unkey:data:key_auth_not_found', { public: 'The requested keyspace does not exist.' });
}

/** Something that is not about the deployment's own state stands in the way; `detail` is told to the caller. */
export function preconditionFailed(detail: string): Fault {
  return new Fault('unkey:application:precondition_failed', { public: detail });
}

/** Why an operation does not apply to a deployment as it is now, by the code of the answer. */
const STATE_DETAILS = {
  deployment_not_ready: 'The deployment is not ready and running.',
  deployment_not_production: 'The deployment is not in a production environment.',
  deployment_no_current: 'The app has no current deployment.',
  deployment_is_current: 'The deployment is the current deployment of its app already.',
  deployment_not_running: 'The deployment is not running.',
  deployment_is_stopping: 'The deployment is being stopped already.',
  deployment_not_stopped: 'The deployment is not stopped.',
  deployment_is_production: 'Deployments in a production environment cannot be started or stopped.',
} as const;

export type StateRefusal = keyof typeof STATE_DETAILS;

/** An operation that does not apply to the deployment as it is now. */
export function stateRefused(refusal: StateRefusal): Fault {
  const code: ErrorCode = `unkey:application:${refusal}`;
  return new Fault(code, { public: STATE_DETAILS[refusal] });
}
