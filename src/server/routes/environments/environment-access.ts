import type { Logger } from '../../../lib/logger.ts';
import type { Principal } from '../../../services/auth/principal.ts';
import type { LocatedEnvironment } from '../../../services/projects/locate.ts';
import { anyOf, authorize, type PermissionQuery, resource, tuple } from '../../../services/rbac/query.ts';

/** How requests name an environment: each part by id or slug. */
export interface EnvironmentBody {
  readonly project: string;
  readonly app: string;
  readonly environment: string;
}

/** What an operation on one environment asks of its caller. */
export function environmentPermission(
  { workspaceId }: Principal,
  { project, app, environment }: LocatedEnvironment,
  action: string,
): PermissionQuery {
  return anyOf(
    tuple(`environment.*.${action}`),
    tuple(`environment.${environment.id}.${action}`),
    resource(workspaceId, `projects/${project.id}/apps/${app.id}/environments/${environment.id}`, action),
  );
}

/**
 * Lets a principal pass who may do `action` to the environment; throws a Fault `insufficient_permissions`, which names
 * only ids that the request brought along.
 * @param sent how the request named the environment
 */
export function authorizeOnEnvironment(
  principal: Principal,
  located: LocatedEnvironment,
  sent: EnvironmentBody,
  action: string,
  log: Logger,
): void {
  authorize(principal, environmentPermission(principal, located, action), log, {
    ids: [located.project.id, located.app.id, located.environment.id],
    sent: [sent.project, sent.app, sent.environment],
  });
}
