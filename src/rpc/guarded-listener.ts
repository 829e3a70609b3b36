// What every role that is called by other processes answers over HTTP/1.1: its calls, behind a token, and the probes of its
// health.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from '../lib/logger.ts';
import type { Metrics } from '../lib/metrics.ts';
import { bearerCheck } from './bearer.ts';

export type Probe = 'live' | 'ready' | 'startup';

/** How one path is served. */
export interface Route {
  /** The path without anything that callers choose: a label of metrics. */
  readonly template: string;
  /** Served to callers without the token, too. */
  readonly isOpen: boolean;
  readonly serve: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface GuardedListenerOptions {
  /** Names the role in the log. */
  readonly name: string;
  /** How a path, without its query, is served; undefined = it is not. */
  readonly routeOf: (path: string) => Route | undefined;
  /** What callers have to show. */
  readonly bearerToken: string;
  /** The state of the process, as `/health/*` tells it. */
  readonly probe: (probe: Probe) => Promise<{ readonly httpStatus: number; readonly body: object }>;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const PROBES: Readonly<Record<string, Probe>> = {
  '/health/live': 'live',
  '/health/ready': 'ready',
  '/health/startup': 'startup',
};

/** Serves the routes. The token is looked at before anything else of a call, so nobody else learns which paths there are. */
export function guardedListener(options: GuardedListenerOptions): RequestListener {
  const { name, routeOf, metrics, log } = options;
  const isBearer = bearerCheck(options.bearerToken);

  const serveProbe = async (
    probe: Probe,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const { httpStatus, body } = await options.probe(probe);
    sendJson(response, httpStatus, body, request.method === 'HEAD');
  };

  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const probe = PROBES[path];
    if (probe !== undefined && (request.method === 'GET' || request.method === 'HEAD')) {
      serveProbe(probe, request, response).catch((error: unknown) => {
        log.error({ err: error }, 'a probe could not be answered');
        response.destroy();
      });
      return;
    }
    const route = routeOf(path);
    measure(metrics, request, response, route?.template);
    if (route?.isOpen !== true && !isBearer(request.headers.authorization)) {
      log.warn({ path, peer: request.socket.remoteAddress }, `${name} call without the token`);
      sendJson(response, 401, { code: 'unauthenticated', message: 'the bearer token is missing or wrong' });
    } else if (route === undefined) {
      sendJson(response, 404, { code: 'unimplemented', message: 'no such method' });
    } else route.serve(request, response);
  };
}

/** Answers with JSON, or with its headers alone. */
export function sendJson(response: ServerResponse, status: number, body: object, headOnly = false): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(headOnly ? undefined : text);
}

/** Counts the request once it is answered, or given up by its caller. */
function measure(
  metrics: Metrics,
  request: IncomingMessage,
  response: ServerResponse,
  template: string | undefined,
): void {
  const started = performance.now();
  response.once('close', () => {
    const labels = {
      method: request.method ?? '',
      path: template ?? 'unmatched',
      status: String(response.statusCode),
    };
    metrics.count('unkey_http_requests_total', labels);
    if (template === undefined) return;
    metrics.observe('unkey_http_request_latency_seconds', labels, (performance.now() - started) / 1000);
    const bytes = Number(request.headers['content-length'] ?? 0);
    metrics.observe('unkey_http_request_body_size_bytes', labels, bytes);
    if (response.statusCode >= 500) metrics.count('unkey_http_requests_errors_total', labels);
  });
}
