import type { Logger } from '../../../lib/logger.ts';
import type { Principal } from '../../../services/auth/principal.ts';
import { anyOf, authorize, isAuthorized, tuple } from '../../../services/rbac/query.ts';

/**
 * Lets a principal pass who may do `action` in every project, or in this one; throws a Fault
 * `insufficient_permissions`, which does not name the project: requests name it by its slug, or by a deployment.
 */
export function authorizeDeployAction(
  principal: Principal,
  projectId: string,
  action: 'create_deployment' | 'read_deployment',
  log: Logger,
): void {
  const everywhere = tuple(`project.*.${action}`);
  if (isAuthorized(principal, anyOf(everywhere, tuple(`project.${projectId}.${action}`)))) return;
  authorize(principal, everywhere, log);
}
