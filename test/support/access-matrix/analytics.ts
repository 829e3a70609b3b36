import { type AccessRow, IN_OWN_WORKSPACE } from './row.ts';

/** Scoped permissions for single APIs and namespaces are the business of the tests of each operation. */
export const ANALYTICS_ACCESS: readonly AccessRow[] = [
  {
    operation: 'analytics.getVerifications',
    permissions: ['api.*.read_analytics'],
    body: () => ({ query: 'SELECT count() AS n FROM key_verifications_v1' }),
    outcomes: IN_OWN_WORKSPACE,
  },
  {
    operation: 'analytics.getRatelimits',
    permissions: ['ratelimit.*.read_analytics'],
    body: () => ({ query: 'SELECT count() AS n FROM ratelimits_v1' }),
    outcomes: IN_OWN_WORKSPACE,
  },
  {
    operation: 'analytics.getGatewayRequests',
    permissions: ['project.*.read_gateway_requests'],
    body: () => ({ query: 'SELECT count() AS n FROM gateway_requests_v1' }),
    outcomes: IN_OWN_WORKSPACE,
  },
  {
    operation: 'analytics.getRuntimeLogs',
    permissions: ['project.*.read_runtime_logs'],
    body: () => ({ query: 'SELECT count() AS n FROM runtime_logs_v1' }),
    outcomes: IN_OWN_WORKSPACE,
  },
];
