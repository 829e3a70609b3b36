import type { Duplex } from 'node:stream';
import { Fault } from '../../lib/fault.ts';
import type { Exchange, Handler, HttpRequest, HttpResponse, Stage } from './exchange.ts';

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
const BROKEN_BODY = Symbol('broken body');

const lastResponses = new WeakMap<Duplex, HttpResponse>();
const brokenRequests = new WeakSet<HttpRequest>();

/** Remembers what a connection is busy with, so that a parser error finds it. */
export function trackRequest(request: HttpRequest, response: HttpResponse): void {
  if (request.stream === undefined) lastResponses.set(request.socket, response);
}

/** The response that the connection still owes to an earlier request, whole or half-sent. */
export function pendingResponse(socket: Duplex): HttpResponse | undefined {
  const response = lastResponses.get(socket);
  return response === undefined || response.writableEnded ? undefined : response;
}

/** Tells a request that its body is broken: the pipeline will answer it. */
export function breakBody(request: HttpRequest): void {
  brokenRequests.add(request);
  request.emit(BROKEN_BODY);
}

function announcesBody(request: HttpRequest): boolean {
  if (request.stream !== undefined) return !request.stream.endAfterHeaders;
  const { headers } = request;
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/**
 * A small body mostly comes in the same packet as the head and needs no waiting for. A tick after the head, the parser has
 * handed over the bytes that came with it, though not yet said that they are all.
 */
function arrivedWhole(request: HttpRequest, limits: BodyLimits): boolean {
  const { readableLength } = request;
  return (
    request.stream === undefined &&
    readableLength > 0 &&
    readableLength <= limits.maxBytes &&
    (request.complete || readableLength === Number(request.headers['content-length']))
  );
}

/** Buffers the body into the exchange. Never rejects; yields undefined when there is nothing to wait for. */
export function readBody(exchange: Exchange, limits: BodyLimits): Promise<void> | undefined {
  const { request } = exchange;
  if (!announcesBody(request)) return undefined;
  if (arrivedWhole(request, limits)) {
    exchange.body = (request.read() as Buffer | null) ?? exchange.body;
    return undefined;
  }
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    let finished = false;

    /** `failure` is why the body is incomplete; undefined when it is not. */
    const finish = (failure?: string): void => {
      // A request that has ended closes as well.
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      request.off('data', onData);
      if (failure !== undefined) exchange.bodyFault ??= unreadable(failure);
      if (exchange.bodyFault === undefined) {
        exchange.body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      }
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
    const onClose = (): void => finish('the client stopped sending the request body');
    const onBroken = (): void => finish('the request body is not framed correctly');
    const timer = setTimeout(finish, limits.timeoutMs, 'the request body did not arrive in time');

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
