import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { after, type MaybePromise, recover } from '../../lib/maybe-promise.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Database } from '../../storage/sql/database.ts';
import type { Invalidations } from '../cache/invalidations.ts';
import type { RateLimiter } from '../ratelimit/limiter.ts';
import type { ThrottleDecision, WorkspaceThrottle } from './throttle.ts';
import { createWorkspaceLimits, type WorkspaceLimits } from './workspace-limits.ts';

const NAMESPACE = 'workspace.ratelimit';
const WINDOW_MS = 60_000;

export interface ThrottleDeps {
  readonly db: Database;
  readonly limiter: RateLimiter;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly invalidations?: Invalidations | undefined;
}

/**
 * The per-minute throttle of a workspace's API requests. A workspace without limits passes, as does every request while
 * the store or the limiter does not answer. Source: the workspace API throttle of the limiter chapter.
 */
export function createThrottle(deps: ThrottleDeps): WorkspaceThrottle {
  const limits = createWorkspaceLimits(deps);
  return {
    check: (workspaceId) =>
      recover(
        () => after(limits.find(workspaceId), (found) => decide(found, deps, workspaceId)),
        (error) => {
          deps.log.error(
            { err: error, workspaceId },
            'workspace throttle has no answer, letting the request pass',
          );
          return UNTHROTTLED;
        },
      ),
  };
}

const UNTHROTTLED: ThrottleDecision = { denied: false };

function decide(
  limits: WorkspaceLimits | null,
  deps: ThrottleDeps,
  workspaceId: string,
): MaybePromise<ThrottleDecision> {
  const limit = limits?.requestsPerMinute ?? undefined;
  if (limit === undefined) return UNTHROTTLED;
  if (limit === 0) return { denied: true };
  const deciding = deps.limiter.limit({
    workspaceId,
    namespace: NAMESPACE,
    identifier: workspaceId,
    limit,
    duration: WINDOW_MS,
    cost: 1,
  });
  return after(deciding, (decision) => ({
    denied: !decision.success,
    window: {
      limit,
      remaining: decision.remaining,
      resetSeconds: Math.max(0, Math.floor((decision.reset - deps.clock.now()) / 1000)),
    },
  }));
}
