import { Fault } from '../../lib/fault.ts';
import { after, type MaybePromise } from '../../lib/maybe-promise.ts';
import type { Authenticator } from '../../services/auth/authenticator.ts';
import type { Principal } from '../../services/auth/principal.ts';
import type { ThrottleDecision, WorkspaceThrottle } from '../../services/workspaces/throttle.ts';
import { portalSessionCookie } from './cookies.ts';
import type { Exchange, Reply, Stage } from './exchange.ts';

/**
 * Finds out who is asking, then counts the request against the workspace's limit. The RateLimit-* headers go out with
 * whatever reply follows.
 */
export function authentication(authenticator: Authenticator, throttle: WorkspaceThrottle): Stage {
  return (next) => {
    const admit = (exchange: Exchange, principal: Principal): MaybePromise<Reply> => {
      exchange.principal = principal;
      return after(throttle.check(principal.workspaceId), (decision) => {
        obey(exchange, principal, decision);
        return next(exchange);
      });
    };
    return (exchange) => {
      const { headers } = exchange.request;
      const principal = authenticator.authenticate({
        authorization: headers.authorization,
        portalSession: headers.cookie === undefined ? undefined : portalSessionCookie(headers.cookie),
      });
      return after(principal, (found) => admit(exchange, found));
    };
  };
}

/** Tells the caller of the limit; throws a Fault when the request is beyond it. */
function obey(exchange: Exchange, principal: Principal, decision: ThrottleDecision): void {
  if (decision.window !== undefined) exchange.headers = throttleHeaders(decision.window, decision.denied);
  if (decision.denied) {
    throw new Fault('user:too_many_requests:workspace_rate_limited', {
      public: `This workspace may send ${decision.window?.limit ?? 0} API requests in 1m0s and has sent more. Try again later.`,
      internal: `workspace ${principal.workspaceId} is over its API request limit`,
    });
  }
}

function throttleHeaders(
  window: NonNullable<ThrottleDecision['window']>,
  denied: boolean,
): Record<string, string> {
  const reset = String(window.resetSeconds);
  const headers: Record<string, string> = {
    'RateLimit-Limit': String(window.limit),
    'RateLimit-Remaining': String(window.remaining),
    'RateLimit-Reset': reset,
  };
  if (denied) headers['Retry-After'] = reset;
  return headers;
}
