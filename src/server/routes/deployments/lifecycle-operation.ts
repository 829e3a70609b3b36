import Joi from 'joi';
import type { ErrorCode } from '../../../lib/error-codes.ts';
import { deploymentNotFound } from '../../../services/deployments/deployment-faults.ts';
import { isAuthorized } from '../../../services/rbac/query.ts';
import { bearerOperation, type Operation } from '../../operation.ts';
import { deploymentId } from '../../schemas/deployment-data.ts';
import { type LifecycleAction, lifecyclePermission } from './deployment-permissions.ts';

export interface LifecycleBody {
  readonly deploymentId: string;
}

export interface LifecycleDeclaration {
  readonly action: LifecycleAction;
  readonly summary: string;
  /** What it does and when it is refused, in Markdown; what holds for all of them is added. */
  readonly about: string;
  /** Codes beside the one for a deployment that does not exist. */
  readonly errors: readonly ErrorCode[];
}

/** Declares what is handed over to the control plane about a deployment. */
export function lifecycleOperation({
  action,
  summary,
  about,
  errors,
}: LifecycleDeclaration): Operation<LifecycleBody, 'bearer'> {
  return bearerOperation<LifecycleBody>({
    name: `deployments.${action}Deployment`,
    summary,
    description: [
      about,
      '',
      'The control plane does it after the answer: read the deployment to see it happen. A caller without permission for the deployment gets the same answer as for one that does not exist.',
    ].join('\n'),
    permissions: [`environment.*.${action}_deployment`],
    request: Joi.object({ deploymentId: deploymentId() }),
    response: Joi.object({}),
    status: 202,
    errors: ['unkey:data:deployment_not_found', ...errors],
    examples: { request: { deploymentId: 'd_5Rw2nXk9P' }, response: {} },

    async handle({ principal, client, services, log }, body) {
      const { deployments } = services;
      const deployment = await deployments.findChangeable(principal.workspaceId, body.deploymentId);
      if (!isAuthorized(principal, lifecyclePermission(deployment, action), log)) throw deploymentNotFound();
      await deployments[action]({ principal, client }, deployment);
      return { data: {} };
    },
  });
}
