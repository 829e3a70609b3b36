import type { Logger } from '../../../lib/logger.ts';
import type { Principal } from '../../../services/auth/principal.ts';
import {
  allOf,
  anyOf,
  authorize,
  isAuthorized,
  type PermissionQuery,
  resource,
  tuple,
} from '../../../services/rbac/query.ts';

export type IdentityAction = 'create_identity' | 'read_identity' | 'update_identity' | 'delete_identity';

/**
 * Lets a principal pass who may do `action` on every identity of the workspace; throws a Fault
 * `insufficient_permissions`.
 */
export function authorizeIdentityAction(principal: Principal, action: IdentityAction, log: Logger): void {
  authorize(principal, everyIdentity(principal, action), log);
}

/**
 * Lets a principal pass who may read all identities, or each of these; throws a Fault `insufficient_permissions`. That
 * names the id of an identity only when the request did: one addressed by its external id keeps its id to itself.
 * @param sent how the request named the one identity that it is about; undefined when it named none
 */
export function authorizeIdentityReading(
  principal: Principal,
  ids: readonly string[],
  sent: string | undefined,
  log: Logger,
): void {
  const everywhere = everyIdentity(principal, 'read_identity');
  // Asked first: of a page, only then does each identity cost a look.
  if (isAuthorized(principal, everywhere)) return;
  const query = anyOf(everywhere, allOf(...ids.map((id) => tuple(`identity.${id}.read_identity`))));
  if (isAuthorized(principal, query)) return;
  // Asks for no less than the query above, so that it refuses whenever that one did.
  authorize(principal, ids.every((id) => id === sent) ? query : everywhere, log);
}

/** Identities belong to the default project, but a grant for that project alone does not reach them. */
function everyIdentity(principal: Principal, action: IdentityAction): PermissionQuery {
  return anyOf(
    tuple(`identity.*.${action}`),
    resource(principal.workspaceId, 'projects/*/identities/*', action),
  );
}
