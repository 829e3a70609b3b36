// The analytics queries of the API, as the command line chooses among them.

import {
  GATEWAY_REQUEST_TABLES,
  RATELIMIT_TABLES,
  RUNTIME_LOG_TABLES,
  type TableAliases,
  VERIFICATION_TABLES,
} from '../../services/analytics/public-tables.ts';
import { tokenize } from '../../services/analytics/sql/lexer.ts';

export interface Endpoint {
  readonly operation: `analytics.get${string}`;
  readonly tables: TableAliases;
}

export const VERIFICATIONS: Endpoint = {
  operation: 'analytics.getVerifications',
  tables: VERIFICATION_TABLES,
};

export const RATELIMITS: Endpoint = { operation: 'analytics.getRatelimits', tables: RATELIMIT_TABLES };

const ENDPOINTS: readonly Endpoint[] = [
  VERIFICATIONS,
  RATELIMITS,
  { operation: 'analytics.getGatewayRequests', tables: GATEWAY_REQUEST_TABLES },
  { operation: 'analytics.getRuntimeLogs', tables: RUNTIME_LOG_TABLES },
];

/** Every table that some endpoint offers. */
export const PUBLIC_TABLES: readonly string[] = ENDPOINTS.flatMap(({ tables }) => [...tables.keys()]);

/** The endpoint of the first public table that the text names; any of them says what is wrong with a text without. */
export function endpointOf(sql: string): Endpoint {
  for (const name of namesIn(sql)) {
    const endpoint = ENDPOINTS.find(({ tables }) => tables.has(name));
    if (endpoint !== undefined) return endpoint;
  }
  return VERIFICATIONS;
}

/** Names outside comments and strings; none when the text is not even lexically a query. */
function namesIn(sql: string): string[] {
  try {
    return tokenize(sql).flatMap(({ kind, text }) => (kind === 'word' || kind === 'quoted' ? [text] : []));
  } catch {
    // The service reads it again and tells what it is.
    return [];
  }
}
