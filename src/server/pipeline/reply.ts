import { stringifyJson } from '../../lib/json.ts';
import type { OperationResult } from '../operation.ts';
import type { Exchange, Reply } from './exchange.ts';

export const JSON_TYPE = 'application/json';
export const PROBLEM_TYPE = 'application/problem+json';

/** The success envelope. An operation whose `data` is undefined answers `meta` alone. */
export function successReply(
  exchange: Exchange,
  status: number,
  result: OperationResult,
): Reply & { readonly body: string } {
  const body = stringifyJson({
    meta: { requestId: exchange.requestId },
    data: result.data,
    pagination: result.pagination,
  });
  return { status, contentType: JSON_TYPE, body };
}

/**
 * Writes the reply with exactly the headers of the contract (Node adds Date and the connection headers). One
 * X-Unkey-Timing line per cache lookup.
 */
export function sendReply(exchange: Exchange, reply: Reply, closeConnection: boolean): void {
  const { response, request, timings } = exchange;
  if (exchange.clientGone) return;
  const headers: Record<string, string | number | string[]> = {
    'Content-Type': reply.contentType,
    'Content-Length': typeof reply.body === 'string' ? Buffer.byteLength(reply.body) : reply.body.length,
  };
  if (timings.length > 0) headers['X-Unkey-Timing'] = timings;
  if (exchange.headers !== undefined) Object.assign(headers, exchange.headers);
  if (reply.headers !== undefined) Object.assign(headers, reply.headers);
  if (request.httpVersionMajor === 1 && (closeConnection || exchange.bodyFault !== undefined)) {
    headers.Connection = 'close';
  }
  response.writeHead(reply.status, headers);
  if (request.method === 'HEAD') response.end();
  else response.end(reply.body);
}
