import type { Logger } from '../../../lib/logger.ts';
import type { Principal } from '../../../services/auth/principal.ts';
import { authorize, tuple } from '../../../services/rbac/query.ts';

/** What a caller may see of a kind of resource: all of it, or that of these ids. */
export type AnalyticsAccess = 'all' | readonly string[];

/**
 * Reads from the principal's permissions, literally, whose analytics it may see: `<resource>.*.read_analytics`, or any
 * number of `<resource>.<id>.read_analytics`. Without either it throws a Fault `insufficient_permissions`, which names the
 * first. Source: the permissions of the analytics chapter.
 */
export function analyticsAccess(
  principal: Principal,
  resource: 'api' | 'ratelimit',
  log: Logger,
): AnalyticsAccess {
  const everything = `${resource}.*.read_analytics`;
  if (principal.permissions.includes(everything)) return 'all';
  const ids = principal.permissions.flatMap((permission) => {
    const [first, id = '', action, ...more] = permission.split('.');
    return first === resource && action === 'read_analytics' && more.length === 0 ? [id] : [];
  });
  if (ids.length === 0) authorize(principal, tuple(everything), log);
  return [...new Set(ids)];
}
