import { RATELIMIT_TABLES } from '../../../services/analytics/public-tables.ts';
import { analyticsAccess } from './analytics-access.ts';
import { analyticsOperation } from './analytics-operation.ts';

export const getRatelimits = analyticsOperation({
  name: 'analytics.getRatelimits',
  summary: 'Query rate-limit checks in SQL',
  about: [
    'Who was limited by which namespace, and when: every check of `ratelimit.limit` and `ratelimit.multiLimit`, and sums of them per minute, hour, day and month. Deleted namespaces keep their history.',
    '',
    'A caller who may read the analytics of single namespaces sees the rows of these namespaces alone.',
  ],
  permissions: ['ratelimit.*.read_analytics'],
  tables: RATELIMIT_TABLES,
  examples: {
    query:
      'SELECT identifier, sum(total) AS checks, sum(passed) AS passed FROM ratelimits_per_hour_v1 GROUP BY identifier ORDER BY checks DESC LIMIT 10',
    rows: [{ identifier: 'user_123', checks: 120, passed: 100 }],
  },

  async authorize({ principal, log }) {
    const access = analyticsAccess(principal, 'ratelimit', log);
    return access === 'all' ? [] : [{ column: 'namespace_id', values: access }];
  },
});
