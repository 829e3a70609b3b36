import { RUNTIME_LOG_TABLES } from '../../../services/analytics/public-tables.ts';
import { authorize, tuple } from '../../../services/rbac/query.ts';
import { analyticsOperation } from './analytics-operation.ts';

const PERMISSION = 'project.*.read_runtime_logs';

export const getRuntimeLogs = analyticsOperation({
  name: 'analytics.getRuntimeLogs',
  summary: 'Query logs of deployments in SQL',
  about: [
    'What deployments wrote to their logs, of all projects of the workspace. Name the columns: `*` is refused. The attributes of a line are JSON in `attributes_text`.',
  ],
  permissions: [PERMISSION],
  tables: RUNTIME_LOG_TABLES,
  examples: {
    query:
      "SELECT JSONExtractString(attributes_text, 'route') AS route, count() AS errors FROM runtime_logs_v1 WHERE severity = 'error' GROUP BY route",
    rows: [{ route: '/checkout', errors: 3 }],
  },

  async authorize({ principal, log }) {
    authorize(principal, tuple(PERMISSION), log);
    return [];
  },
});
