import { VERIFICATION_TABLES } from '../../../services/analytics/public-tables.ts';
import { analyticsAccess } from './analytics-access.ts';
import { analyticsOperation } from './analytics-operation.ts';

export const getVerifications = analyticsOperation({
  name: 'analytics.getVerifications',
  summary: 'Query key verifications in SQL',
  about: [
    'Who verified which key, when, and with what outcome: every verification, and sums of them per minute, hour, day and month.',
    '',
    'A caller who may read the analytics of single APIs sees the rows of these APIs alone.',
  ],
  permissions: ['api.*.read_analytics'],
  tables: VERIFICATION_TABLES,
  examples: {
    query:
      'SELECT outcome, count() AS total FROM key_verifications_v1 WHERE time >= toUnixTimestamp64Milli(now64(3) - INTERVAL 1 DAY) GROUP BY outcome',
    rows: [
      { outcome: 'VALID', total: 1042 },
      { outcome: 'RATE_LIMITED', total: 17 },
    ],
  },

  async authorize({ principal, services, log }) {
    const access = analyticsAccess(principal, 'api', log);
    if (access === 'all') return [];
    const keyspaceIds = await services.analytics.keyspacesOf(principal.workspaceId, access);
    return [{ column: 'key_space_id', values: keyspaceIds }];
  },
});
