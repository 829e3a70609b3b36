import type { Duplex } from 'node:stream';
import { Fault } from '../../lib/fault.ts';
import type { Exchange, Handler, HttpRequest, Stage } from './exchange.ts';

// The first thing that happens to a request: its whole body is buffered, whatever the route and the content type. A
// body that cannot be had is remembered on the exchange and reported further in, where the error envelope is made.

export interface BodyLimits {
  /** Bytes, inclusive; Infinity switches the cap off. */
  readonly maxBytes: number;
  /** Milliseconds until a body that does not arrive counts as unreadable. */
  readonly timeoutMs: number;
}

/** How much of an oversized body is read and thrown away, so that the client gets to read the refusal. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

/** Emitted on a request whose framing the HTTP parser refused. */
export const BROKEN_BODY = Symbol('broken body');

const lastRequests = new WeakMap<Duplex, HttpRequest>();
const brokenRequests = new WeakSet<HttpRequest>();

/** Remembers the request that a connection is sending, so that a parser error finds it. */
export function trackRequest(request: HttpRequest): void {
  lastRequests.set(request.socket, request);
}

/**
 * Tells a request that its body is broken. Yields false when the connection is not in the middle of a request: then
 * nobody will answer on it.
 */
export function breakBody(socket: Duplex): boolean {
  const request = lastRequests.get(socket);
  if (request === undefined || request.complete) return false;
  brokenRequests.add(request);
  request.emit(BROKEN_BODY);
  return true;
}

function announcesBody(request: HttpRequest): boolean {
  if (request.stream !== undefined) return !request.stream.endAfterHeaders;
  const { headers } = request;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Buffers the body into the exchange. Never rejects. */
export function readBody(exchange: Exchange, limits: BodyLimits): Promise<void> | undefined {
  const { request } = exchange;
  if (!announcesBody(request)) return undefined;
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    let finished = false;

    const finish = (fault?: Fault): void => {
      // A request that has ended closes as well.
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      exchange.bodyFault ??= fault;
      if (exchange.bodyFault !== undefined) chunks = [];
      exchange.body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      request.off('data', onData);
      resolve();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= limits.maxBytes) {
        chunks.push(chunk);
        return;
      }
      chunks = [];
      exchange.bodyFault ??= tooLarge(limits.maxBytes);
      if (size > limits.maxBytes + MAX_DISCARDED_BYTES) finish();
    };
    const onBroken = (): void => finish(unreadable('the request body is not framed correctly'));
    const onClose = (): void => finish(unreadable('the client stopped sending the request body'));
    const timer = setTimeout(
      () => finish(unreadable('the request body did not arrive in time')),
      limits.timeoutMs,
    );

    if (brokenRequests.has(request)) {
      onBroken();
      return;
    }
    request.on('data', onData);
    request.once('end', () => finish());
    request.once('error', onClose);
    request.once('close', onClose);
    request.once(BROKEN_BODY, onBroken);
  });
}

function unreadable(internal: string): Fault {
  return new Fault('user:bad_request:request_body_unreadable', {
    public: 'The request body could not be read.',
    internal,
  });
}

function tooLarge(maxBytes: number): Fault {
  return new Fault('user:bad_request:request_body_too_large', {
    public: `The request body exceeds the limit of ${maxBytes} bytes.`,
  });
}

/** Reports a body that could not be had, before validation and authentication get to see the request. */
export const refuseUnreadableBody: Stage =
  (next: Handler): Handler =>
  (exchange) =>
    exchange.bodyFault === undefined ? next(exchange) : Promise.reject(exchange.bodyFault);
