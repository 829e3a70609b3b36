import { Fault } from '../../lib/fault.ts';
import { findRuntimeNeeds, hasSchedulableRegion } from '../../storage/sql/queries/deployability.ts';
import type { Caller } from '../audit/audit-log.ts';
import { callerActor } from '../control/caller-actor.ts';
import { reportingControlFailure } from '../control/control-faults.ts';
import type { DeploymentTrigger } from '../control/control-plane.ts';
import { deployabilityProblems } from './deployability.ts';
import type { DeploymentDeps } from './deployment-deps.ts';
import { type DeploymentTarget, resolveSource, type SourceRequest } from './deployment-source.ts';
import { reportingResolution } from './resolution-fault.ts';

export interface DeploymentRequest {
  readonly source: SourceRequest;
  readonly trigger: DeploymentTrigger;
}

/**
 * Has the control plane make a deployment; yields its id. Nothing is written here. Throws a Fault: as `resolveSource`
 * does, `invalid_environment_settings` with everything that is wrong with the environment, `precondition_failed` when the
 * control plane refuses, and otherwise what it failed with.
 */
export async function createDeployment(
  { db, controlPlane }: DeploymentDeps,
  caller: Caller,
  target: DeploymentTarget,
  { source, trigger }: DeploymentRequest,
): Promise<string> {
  const resolved = await reportingResolution(() => resolveSource(db.replica, target, source));
  await assertDeployable(db, target);
  const { deploymentId } = await reportingControlFailure(
    'creating a deployment',
    () =>
      controlPlane.createDeployment({
        projectId: target.projectId,
        appId: target.appId,
        environmentSlug: target.environmentSlug,
        ...resolved,
        keyspaceId: undefined,
        command: [],
        trigger,
        triggerReason: '',
        triggeredBy: caller.principal.subject.id,
        actor: callerActor(caller),
      }),
    { failed_precondition: refusedByControlPlane },
  );
  return deploymentId;
}

/** Tells all that is wrong at once, so that one round of changes mends it. */
async function assertDeployable(
  { replica }: DeploymentDeps['db'],
  { appId, environmentId, environmentSlug }: DeploymentTarget,
): Promise<void> {
  const [runtime, hasRegion] = await reportingResolution(() =>
    Promise.all([
      findRuntimeNeeds(replica, appId, environmentId),
      hasSchedulableRegion(replica, appId, environmentId),
    ]),
  );
  const problems = deployabilityProblems(runtime, hasRegion);
  if (problems.length === 0) return;
  throw new Fault('unkey:application:invalid_environment_settings', {
    public: `The environment '${environmentSlug}' cannot be deployed to: ${problems.join('; ')}.`,
  });
}

function refusedByControlPlane(cause: Error): Fault {
  return new Fault('unkey:application:precondition_failed', {
    public:
      'The deployment cannot be made as things are: look at the plan of the workspace, the repository of the app and the settings of the environment.',
    cause,
  });
}
