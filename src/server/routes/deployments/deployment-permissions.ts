import type { Logger } from '../../../lib/logger.ts';
import type { Principal } from '../../../services/auth/principal.ts';
import {
  anyOf,
  authorize,
  isAuthorized,
  type PermissionQuery,
  resource,
  tuple,
} from '../../../services/rbac/query.ts';

/** The environment that permissions for deployments are granted on. */
interface EnvironmentPlace {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly appId: string;
  readonly environmentId: string;
}

/** May read deployments in every environment, or in this one. */
export function readingPermission(environmentId: string): PermissionQuery {
  return anyOf(...tuplesOf(environmentId, 'read_deployment'));
}

export type LifecycleAction = 'promote' | 'rollback' | 'start' | 'stop';

/** May do this in every environment, in this one, or to this deployment. */
export function lifecyclePermission(
  deployment: EnvironmentPlace & { readonly id: string },
  lifecycle: LifecycleAction,
): PermissionQuery {
  const action = `${lifecycle}_deployment`;
  return anyOf(
    ...tuplesOf(deployment.environmentId, action),
    resource(deployment.workspaceId, `${pathOf(deployment)}/deployments/${deployment.id}`, action),
  );
}

/**
 * Lets a principal pass who may deploy to the environment; throws a Fault `insufficient_permissions`. That names the
 * environment's id only when the request did.
 * @param sent how the request named the environment
 */
export function authorizeCreation(
  principal: Principal,
  place: EnvironmentPlace,
  sent: string,
  log: Logger,
): void {
  const action = 'create_deployment';
  const { workspaceId, environmentId } = place;
  const query = anyOf(
    ...tuplesOf(environmentId, action),
    resource(workspaceId, `${pathOf(place)}/deployments/*`, action),
  );
  if (isAuthorized(principal, query)) return;
  const everywhere = [
    tuple(`environment.*.${action}`),
    resource(workspaceId, 'projects/*/apps/*/environments/*/deployments/*', action),
  ];
  // Asks for no more than the query above, so that it refuses whenever that one did.
  const named = sent === environmentId ? [tuple(`environment.${environmentId}.${action}`)] : [];
  authorize(principal, anyOf(...everywhere, ...named), log);
}

function tuplesOf(environmentId: string, action: string): PermissionQuery[] {
  return [tuple(`environment.*.${action}`), tuple(`environment.${environmentId}.${action}`)];
}

function pathOf({ projectId, appId, environmentId }: EnvironmentPlace): string {
  return `projects/${projectId}/apps/${appId}/environments/${environmentId}`;
}
