import { GATEWAY_REQUEST_TABLES } from '../../../services/analytics/public-tables.ts';
import { authorize, tuple } from '../../../services/rbac/query.ts';
import { analyticsOperation } from './analytics-operation.ts';

const PERMISSION = 'project.*.read_gateway_requests';

export const getGatewayRequests = analyticsOperation({
  name: 'analytics.getGatewayRequests',
  summary: 'Query requests of the gateway in SQL',
  about: [
    'Every request that the gateway passed on to a deployment, of all projects of the workspace. Name the columns: `*` is refused.',
  ],
  permissions: [PERMISSION],
  tables: GATEWAY_REQUEST_TABLES,
  examples: {
    query: 'SELECT path, quantile(0.95)(total_latency) AS p95 FROM gateway_requests_v1 GROUP BY path',
    rows: [{ path: '/checkout', p95: 87.5 }],
  },

  async authorize({ principal, log }) {
    authorize(principal, tuple(PERMISSION), log);
    return [];
  },
});
