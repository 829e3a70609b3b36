import { Fault, internalDetail } from '../../../lib/fault.ts';

/** This installation has no analytics, or the workspace is not set up for it. */
export function analyticsNotConfigured(internal: string): Fault {
  return new Fault('unkey:data:analytics_not_configured', {
    public: 'Analytics are not configured for this workspace.',
    internal,
  });
}

/**
 * The analytics store is there but cannot be used now. What `failure` tells goes to the log; it is no cause, because a
 * timeout of a connection among the causes would turn the answer into that of a request that took too long.
 */
export function analyticsConnectionFailed(internal: string, failure: unknown): Fault {
  return new Fault('unkey:data:analytics_connection_failed', {
    public: 'The analytics store cannot be reached. Please try again.',
    internal: `${internal}: ${internalDetail(failure)}`,
  });
}

/** The query did not end in time, or its caller did not wait for it. */
export function queryTimedOut(cause: unknown): Fault {
  return new Fault('user:unprocessable_entity:query_execution_timeout', {
    public: 'The query took too long. Narrow its time range, select less, or read a rolled-up table.',
    internal: 'the analytics query ran out of time',
    cause,
  });
}

/** The workspace has spent what its window allows. */
export function queryQuotaExceeded(internal: string, cause?: unknown): Fault {
  return new Fault('user:too_many_requests:query_quota_exceeded', {
    public: 'The workspace has used up its quota of analytics queries. Please try again later.',
    internal,
    cause,
  });
}

/** The query, or its answer, is larger than allowed. */
export function queryTooLarge(internal: string, cause?: unknown): Fault {
  return new Fault('user:unprocessable_entity:query_memory_limit_exceeded', {
    public:
      'The query needs more memory than allowed, or its result is too large. Select less or aggregate more.',
    internal,
    cause,
  });
}

export function tooManyRows(cause: unknown): Fault {
  return new Fault('user:unprocessable_entity:query_rows_limit_exceeded', {
    public: 'The query reads or returns more rows than allowed. Narrow its conditions or lower its LIMIT.',
    internal: 'the analytics query exceeds its rows',
    cause,
  });
}
