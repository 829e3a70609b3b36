import type { Logger } from '../../../lib/logger.ts';
import type { Principal } from '../../../services/auth/principal.ts';
import { allOf, anyOf, authorize, isAuthorized, tuple } from '../../../services/rbac/query.ts';

/** A stored namespace, and how the request called it. */
export interface NamedNamespace {
  readonly id: string;
  readonly sent: string;
}

/** May make namespaces; throws a Fault `insufficient_permissions`. */
export function authorizeNamespaceCreation(principal: Principal, log: Logger): void {
  authorize(principal, tuple('ratelimit.*.create_namespace'), log);
}

/**
 * Lets a principal pass who may do `action` in all namespaces, or in each of these, or refuses it with a Fault
 * `insufficient_permissions`. That names only ids which the request brought along: a namespace addressed by its name
 * keeps its id to itself.
 */
export function authorizeNamespaceAction(
  principal: Principal,
  namespaces: readonly NamedNamespace[],
  action: string,
  log: Logger,
): void {
  const everywhere = tuple(`ratelimit.*.${action}`);
  // What most root keys hold, and all that hot operations then ask for.
  if (isAuthorized(principal, everywhere)) return;
  const ids = [...new Set(namespaces.map(({ id }) => id))];
  const query = anyOf(everywhere, allOf(...ids.map((id) => tuple(`ratelimit.${id}.${action}`))));
  if (isAuthorized(principal, query)) return;
  const allSent = namespaces.every(({ id, sent }) => id === sent);
  // Asks for no less than the query above, so that it refuses whenever that one did.
  authorize(principal, allSent ? query : everywhere, log);
}
