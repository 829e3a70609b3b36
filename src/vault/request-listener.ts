// What the Vault answers over HTTP/1.1: its methods, behind the token, and the probes of its health.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Code } from '@connectrpc/connect';
import type { Logger } from '../lib/logger.ts';
import type { Metrics } from '../lib/metrics.ts';
import { VaultService as VaultDescription } from '../proto/vault/v1/vault_pb.ts';
import { bearerCheck } from './bearer.ts';
import { connectHandler } from './connect-handler.ts';
import { connectRoutes } from './connect-routes.ts';
import type { VaultService } from './vault-service.ts';

export type Probe = 'live' | 'ready' | 'startup';

export interface RequestListenerOptions {
  readonly service: VaultService;
  /** What callers have to show. */
  readonly bearerToken: string;
  /** The state of the process, as `/health/*` tells it. */
  readonly probe: (probe: Probe) => Promise<{ readonly httpStatus: number; readonly body: object }>;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Ten MiB of text, encrypted and in base64, twice over. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

const { method } = VaultDescription;
const pathOf = ({ name }: { readonly name: string }): string => `/${VaultDescription.typeName}/${name}`;
const METHODS: ReadonlySet<string> = new Set(VaultDescription.methods.map(pathOf));
const LIVENESS = pathOf(method.liveness);
/** Like any other failure of the method. */
const UNREADABLE: Readonly<Record<string, Code>> = {
  [pathOf(method.decrypt)]: Code.InvalidArgument,
  [pathOf(method.reEncrypt)]: Code.Unknown,
};
const PROBES: Readonly<Record<string, Probe>> = {
  '/health/live': 'live',
  '/health/ready': 'ready',
  '/health/startup': 'startup',
};

/** Serves the Vault. The token is looked at before anything else of a call. */
export function vaultRequestListener(options: RequestListenerOptions): RequestListener {
  const { metrics, log } = options;
  const isBearer = bearerCheck(options.bearerToken);
  const call = connectHandler({
    routes: connectRoutes(options.service, log),
    unreadable: UNREADABLE,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    log,
  });

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
    measure(metrics, request, response, METHODS.has(path) ? path : 'unmatched');
    if (!METHODS.has(path)) sendJson(response, 404, { code: 'unimplemented', message: 'no such method' });
    else if (path === LIVENESS || isBearer(request.headers.authorization)) call(path, request, response);
    else {
      log.warn({ path, peer: request.socket.remoteAddress }, 'vault call without the token');
      sendJson(response, 401, { code: 'unauthenticated', message: 'the bearer token is missing or wrong' });
    }
  };
}

function sendJson(response: ServerResponse, status: number, body: object, headOnly = false): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(headOnly ? undefined : text);
}

/** Counts the request once it is answered, or given up by its caller. */
function measure(metrics: Metrics, request: IncomingMessage, response: ServerResponse, path: string): void {
  const started = performance.now();
  response.once('close', () => {
    const labels = { method: request.method ?? '', path, status: String(response.statusCode) };
    metrics.count('unkey_http_requests_total', labels);
    if (path === 'unmatched') return;
    metrics.observe('unkey_http_request_latency_seconds', labels, (performance.now() - started) / 1000);
    const bytes = Number(request.headers['content-length'] ?? 0);
    metrics.observe('unkey_http_request_body_size_bytes', labels, bytes);
    if (response.statusCode >= 500) metrics.count('unkey_http_requests_errors_total', labels);
  });
}
