import http from 'node:http';
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import { breakBody, pendingResponse, trackRequest } from '../pipeline/read-body.ts';

// The socket side: plain HTTP/1.1, or HTTPS with HTTP/2 by ALPN when there is a certificate. No cleartext HTTP/2. The
// limits here bound idle and half-sent requests; the deadline of a running request is the pipeline's.

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

export type Listener = http.Server | http2.Http2SecureServer;

const LIMITS = {
  /** Time to send the request head. */
  headersTimeout: 10_000,
  /** Time to send a whole request; the body reader gives up earlier, with an answer. */
  requestTimeout: 30_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
};

const MAX_HEADER_BYTES = 1024 * 1024;

/** Requests of one HTTP/2 connection that are served at once; the others wait with the client. Node sets no bound. */
const MAX_STREAMS = 250;

const MIN_TLS = 'TLSv1.3';

/**
 * Builds the listener; nothing is bound yet. A connection on which nothing moves for `idleTimeoutMs` is cut, so that has
 * to be longer than any request may take. Throws when certificate and key are unreadable or do not match.
 */
export function createListener(certificate: Certificate | undefined, idleTimeoutMs: number): Listener {
  const listener =
    certificate === undefined
      ? http.createServer({ ...LIMITS, maxHeaderSize: MAX_HEADER_BYTES })
      : http2.createSecureServer({
          ...LIMITS,
          ...certificate,
          minVersion: MIN_TLS,
          allowHTTP1: true,
          settings: { maxHeaderListSize: MAX_HEADER_BYTES, maxConcurrentStreams: MAX_STREAMS },
        });
  listener.setTimeout(idleTimeoutMs);
  listener.on('request', trackRequest);
  return listener;
}

/** Serves new connections with another certificate. Throws, and keeps the old one, when the pair does not match. */
export function replaceCertificate(listener: Listener, certificate: Certificate): void {
  if (!('setSecureContext' in listener)) throw new Error('this server was started without TLS');
  listener.setSecureContext({ ...certificate, minVersion: MIN_TLS });
}

const PARSER_ANSWERS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/**
 * Answers what the HTTP parser refuses: in the middle of a body through the pipeline, which has an envelope for it, else
 * with a bare status line.
 */
export function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(error);
    return;
  }
  const status = PARSER_ANSWERS[error.code ?? ''] ?? '400 Bad Request';
  const refuse = (): unknown =>
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  const pending = pendingResponse(socket);
  if (pending === undefined) refuse();
  else if (pending.req.complete) pending.once('finish', refuse);
  else breakBody(pending.req);
}
