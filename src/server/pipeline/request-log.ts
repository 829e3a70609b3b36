import { internalDetail } from '../../lib/fault.ts';
import { hostOf } from './error-translation.ts';
import type { Exchange, Observer, Reply } from './exchange.ts';

/** One finished request, as the analytics store keeps it; bodies and headers are still to be redacted by the sink. */
export interface RequestLogEntry {
  readonly requestId: string;
  /** Unix milliseconds. */
  readonly timeMs: number;
  /** Empty when nobody was authenticated. */
  readonly workspaceId: string;
  readonly host: string;
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** Names and values in turn, as sent. */
  readonly requestHeaders: readonly string[];
  readonly requestBody: Buffer;
  readonly responseStatus: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: string | Buffer;
  /** The internal error chain; empty on success and on schema violations. */
  readonly error: string;
  readonly latencyMs: number;
  readonly userAgent: string;
  readonly ipAddress: string;
}

/** Where finished requests go. Never waits and never throws: a lost row must not cost a request. */
export interface RequestLogSink {
  record(entry: RequestLogEntry): void;
}

/** Hands every finished request to the sink, whatever its status; a panic or an opt-out leaves no row. */
export function requestLog(sink: RequestLogSink): () => Observer {
  return () => (exchange, reply) => {
    if (exchange.recordEvents) sink.record(entryOf(exchange, reply));
  };
}

function entryOf(exchange: Exchange, reply: Reply): RequestLogEntry {
  const { request, client } = exchange;
  return {
    requestId: exchange.requestId,
    timeMs: exchange.receivedAt,
    workspaceId: exchange.principal?.workspaceId ?? '',
    host: hostOf(request.headers),
    method: request.method ?? '',
    url: request.url ?? '',
    requestHeaders: request.rawHeaders,
    requestBody: exchange.body,
    responseStatus: reply.status,
    responseHeaders: { 'Content-Type': reply.contentType, ...exchange.headers, ...reply.headers },
    responseBody: reply.body,
    error: exchange.error === undefined ? '' : internalDetail(exchange.error),
    latencyMs: Math.round(exchange.elapsed()),
    userAgent: client.userAgent,
    ipAddress: client.ip,
  };
}
