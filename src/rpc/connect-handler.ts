// A Connect router as a listener of Node's HTTP server.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Code, ConnectError, type ConnectRouter, createConnectRouter } from '@connectrpc/connect';
import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import { codeToHttpStatus, errorFromJsonBytes, errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from '@connectrpc/connect-node';
import type { Logger } from '../lib/logger.ts';

export interface ConnectHandlerOptions {
  readonly routes: (router: ConnectRouter) => void;
  /** What a message that cannot be read is answered with, by the path of its method; `internal` unless said. */
  readonly unreadable: Readonly<Record<string, Code>>;
  /** Bytes of a message after decompression. */
  readonly maxMessageBytes: number;
  readonly log: Logger;
}

/** Serves the Connect protocol alone. The path is one of the router's. */
export function connectHandler(
  options: ConnectHandlerOptions,
): (path: string, request: IncomingMessage, response: ServerResponse) => void {
  const router = createConnectRouter({
    grpc: false,
    grpcWeb: false,
    readMaxBytes: options.maxMessageBytes,
    acceptCompression: [compressionGzip, compressionBrotli],
  });
  options.routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  const serve = async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const handler = handlers.get(path);
    if (handler === undefined) throw new Error(`no handler for ${path}`);
    const answer = await handler(universalRequestFromNodeRequest(request, response, undefined, undefined));
    const code = options.unreadable[path];
    await universalResponseToNodeResponse(
      code === undefined ? answer : await withoutInternal(answer, code),
      response,
    );
  };
  return (path, request, response) => {
    serve(path, request, response).catch((error: unknown) => {
      // Callers may leave while they are answered.
      if (ConnectError.from(error).code !== Code.Aborted) {
        options.log.error({ err: error, path }, 'a call could not be answered');
      }
      response.destroy();
    });
  };
}

/** The library answers `internal` where the method never does: to a message that is no protobuf. */
async function withoutInternal(
  answer: UniversalServerResponse,
  code: Code,
): Promise<UniversalServerResponse> {
  if (answer.status !== codeToHttpStatus(Code.Internal) || answer.body === undefined) return answer;
  const bytes = await buffer(answer.body);
  const error = errorFromJsonBytes(bytes, undefined, new ConnectError('unreadable', Code.Internal));
  if (error.code !== Code.Internal) return { ...answer, body: once(bytes) };
  const body = errorToJsonBytes(new ConnectError(error.rawMessage, code), undefined);
  const header = new Headers(answer.header);
  header.set('Content-Length', String(body.length));
  return { status: codeToHttpStatus(code), header, body: once(body) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
