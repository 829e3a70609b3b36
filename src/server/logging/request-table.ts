// Finished requests as rows of the analytics store, without what must not be kept. Source: the request-log sections of
// the HTTP and analytics chapters.

import { type AnalyticsTable, storable } from '../../services/analytics/writing/analytics-table.ts';
import type { RequestLogEntry } from '../pipeline/request-log.ts';
import type { BodyRedactor } from './body-redaction.ts';
import { headerLines, headerPairs } from './header-lines.ts';

/** @param region the configured one, told in every row */
export function requestTable({
  redactBody,
  region,
}: {
  readonly redactBody: BodyRedactor;
  readonly region: string;
}): AnalyticsTable<RequestLogEntry> {
  return {
    name: 'api_requests_raw_v2',
    columns: [
      'request_id',
      'time',
      'workspace_id',
      'host',
      'method',
      'path',
      'query_string',
      'query_params',
      'request_headers',
      'request_body',
      'response_status',
      'response_headers',
      'response_body',
      'error',
      'service_latency',
      'user_agent',
      'ip_address',
      'region',
    ],
    row: (entry) => {
      const { path, query } = splitUrl(entry.url);
      return {
        request_id: entry.requestId,
        time: entry.timeMs,
        workspace_id: entry.workspaceId,
        host: entry.host,
        method: entry.method,
        path: decodedPath(path),
        query_string: query,
        query_params: queryParams(query),
        request_headers: headerLines(headerPairs(entry.requestHeaders)),
        // What is no UTF-8 becomes replacement characters, as the store keeps text.
        request_body: redactBody(entry.requestBody.toString('utf8')),
        response_status: entry.responseStatus,
        response_headers: headerLines(Object.entries(entry.responseHeaders)),
        response_body: redactBody(storable(entry.responseBody.toString())),
        error: storable(entry.error),
        service_latency: entry.latencyMs,
        user_agent: entry.userAgent,
        ip_address: entry.ipAddress,
        region,
      };
    },
  };
}

function splitUrl(url: string): { path: string; query: string } {
  const mark = url.indexOf('?');
  return mark === -1 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** As sent, where its escapes are none. */
function decodedPath(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return path;
    throw error;
  }
}

/** Every value of every name, in the order sent. */
function queryParams(query: string): Readonly<Record<string, readonly string[]>> {
  if (query === '') return {};
  const values = Map.groupBy(new URLSearchParams(query), ([name]) => name);
  return Object.fromEntries([...values].map(([name, pairs]) => [name, pairs.map(([, value]) => value)]));
}
