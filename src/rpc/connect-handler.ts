// A Connect router as a listener of Node's HTTP server. All methods are unary: one message in, one out.

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type ContextValues,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type Interceptor,
} from '@connectrpc/connect';
import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import { codeToHttpStatus, errorFromJsonBytes, errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';
import type { Logger } from '../lib/logger.ts';

export interface ConnectHandlerOptions {
  readonly routes: (router: ConnectRouter) => void;
  /** What a message that cannot be read is answered with, by the path of its method. */
  readonly unreadable: (path: string) => Code;
  /** Bytes of a message after decompression. */
  readonly maxMessageBytes: number;
  readonly log: Logger;
}

/** What the protocol reads of a request. */
const PROTOCOL_HEADERS = [
  'content-type',
  'content-length',
  'content-encoding',
  'accept-encoding',
  'connect-protocol-version',
];
const TIMEOUT_HEADER = 'connect-timeout-ms';
/** Of a timer. A longer one would end at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** Set when the method itself refused, and the refusal is to be answered as it is. */
const REFUSED = createContextKey(false);

const markRefusals: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    request.contextValues.set(REFUSED, true);
    throw error;
  }
};

/** Serves the Connect protocol alone. The path is one of the router's. */
export function connectHandler(
  options: ConnectHandlerOptions,
): (path: string, request: IncomingMessage, response: ServerResponse) => void {
  const { maxMessageBytes, log } = options;
  const router = createConnectRouter({
    grpc: false,
    grpcWeb: false,
    readMaxBytes: maxMessageBytes,
    acceptCompression: [compressionGzip, compressionBrotli],
    // Ciphertexts do not get smaller, and how small a text gets tells about it.
    compressMinBytes: Number.MAX_SAFE_INTEGER,
    interceptors: [markRefusals],
  });
  options.routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  const serve = async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const handler = handlers.get(path);
    if (handler === undefined) throw new Error(`no handler for ${path}`);
    const contextValues = createContextValues();
    const answer = await handler({
      httpVersion: request.httpVersion,
      method: request.method ?? '',
      // Whatever host a caller names plays no part.
      url: `http://localhost${path}`,
      header: protocolHeaders(request),
      // A message that is too long is not read to its end, and its caller still gets an answer.
      body: request.iterator({ destroyOnReturn: false }),
      signal: endOf(response),
      contextValues,
    });
    const body = answer.body === undefined ? undefined : await bytesOf(answer.body);
    if (isUnread(answer, contextValues)) {
      const code = options.unreadable(path);
      log.warn({ path, code: Code[code], reason: Code[reasonOf(body)] }, 'a call could not be read');
      send(
        request,
        response,
        codeToHttpStatus(code),
        new Headers({ 'Content-Type': 'application/json' }),
        // Not the reader's own words, which quote the message.
        errorToJsonBytes(new ConnectError('the message cannot be read, or is too long', code), undefined),
      );
    } else send(request, response, answer.status, new Headers(answer.header), body);
  };
  return (path, request, response) => {
    serve(path, request, response).catch((error: unknown) => {
      log.error({ err: error, path }, 'a call could not be answered');
      response.destroy();
    });
  };
}

function protocolHeaders({ headers }: IncomingMessage): Headers {
  const read = new Headers();
  for (const name of PROTOCOL_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') read.set(name, value);
  }
  const timeout = headers[TIMEOUT_HEADER];
  if (typeof timeout === 'string' && !(Number(timeout) > LONGEST_TIMEOUT_MS)) {
    read.set(TIMEOUT_HEADER, timeout);
  }
  return read;
}

/** Aborts when the caller is answered, or gone. */
function endOf(response: ServerResponse): AbortSignal {
  const ended = new AbortController();
  response.once('close', () => ended.abort());
  return ended.signal;
}

/** Whether the library refused by itself, and not for the kind of request: those refusals have no body. */
function isUnread({ status, body }: UniversalServerResponse, values: ContextValues): boolean {
  return status !== 200 && body !== undefined && !values.get(REFUSED);
}

/** A message is one chunk. */
async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all.length === 1 && all[0] !== undefined ? all[0] : Buffer.concat(all);
}

function reasonOf(body: Uint8Array | undefined): Code {
  return errorFromJsonBytes(body ?? Buffer.alloc(0), undefined, new ConnectError('', Code.Unknown)).code;
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  header: Headers,
  body: Uint8Array = Buffer.alloc(0),
): void {
  response.setHeaders(header);
  response.setHeader('Content-Length', body.length);
  if (!request.complete) {
    // What is left of the message would be in the way of the next one.
    response.setHeader('Connection', 'close');
    request.resume();
  }
  response.writeHead(status).end(body);
}
