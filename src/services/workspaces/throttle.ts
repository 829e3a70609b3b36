import type { MaybePromise } from '../../lib/maybe-promise.ts';

/** What the workspace API throttle decided for one authenticated request. */
export interface ThrottleDecision {
  /** Present when a limiter was consulted: the RateLimit-* headers, on success and failure alike. */
  readonly window?: {
    readonly limit: number;
    readonly remaining: number;
    /** Whole seconds until the window ends, never negative. */
    readonly resetSeconds: number;
  };
  readonly denied: boolean;
}

export interface WorkspaceThrottle {
  /** Counts one request of the workspace. Never throws: without limits, or without an answer, the request passes. */
  check(workspaceId: string): MaybePromise<ThrottleDecision>;
}
