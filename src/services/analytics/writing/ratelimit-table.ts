import { type AnalyticsTable, storable } from './analytics-table.ts';
import type { RatelimitEvent } from './event-sink.ts';

/** One row a check. Source: the analytics events of the rate-limit chapter. */
export const ratelimitTable: AnalyticsTable<RatelimitEvent> = {
  name: 'ratelimits_raw_v2',
  columns: [
    'request_id',
    'time',
    'workspace_id',
    'namespace_id',
    'identifier',
    'passed',
    'latency',
    'override_id',
    'limit',
    'remaining',
    'reset_at',
    'tokens',
  ],
  row: (event) => ({
    request_id: event.requestId,
    time: event.timeMs,
    workspace_id: event.workspaceId,
    namespace_id: event.namespaceId,
    identifier: storable(event.identifier),
    passed: event.passed,
    latency: event.latencyMs,
    override_id: event.overrideId,
    limit: event.limit,
    remaining: event.remaining,
    reset_at: event.resetAt,
    tokens: event.tokens,
  }),
};
