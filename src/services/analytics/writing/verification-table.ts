import { type AnalyticsTable, storable } from './analytics-table.ts';
import type { VerificationEvent } from './event-sink.ts';

/** One row a verification. Source: the verification event of the key chapter. */
export const verificationTable: AnalyticsTable<VerificationEvent> = {
  name: 'key_verifications_raw_v2',
  columns: [
    'request_id',
    'time',
    'workspace_id',
    'key_space_id',
    'identity_id',
    'external_id',
    'key_id',
    'region',
    'source',
    'app_id',
    'outcome',
    'tags',
    'spent_credits',
    'latency',
  ],
  row: (event) => ({
    request_id: event.requestId,
    time: event.timeMs,
    workspace_id: event.workspaceId,
    key_space_id: event.keyspaceId,
    identity_id: event.identityId,
    external_id: storable(event.externalId),
    key_id: event.keyId,
    region: event.region,
    source: event.source,
    // Only the gateway knows apps.
    app_id: '',
    outcome: event.outcome,
    tags: event.tags.map(storable),
    spent_credits: event.spentCredits,
    latency: event.latencyMs,
  }),
};
