import type { Server as HttpServer } from 'node:http';
import { type Lifecycle, type Request, type ResponseToolkit, type Server, server } from '@hapi/hapi';
import type { HttpResponse } from '../pipeline/exchange.ts';
import { hotLane, type RequestListener } from './hot-lane.ts';
import { answerClientError, type Listener } from './listener.ts';
import type { Mount } from './mount.ts';
import {
  cleanedUrl,
  namesPath,
  sendMethodNotAllowed,
  sendNotFound,
  sendRedirect,
  sendText,
} from './unmatched.ts';

// hapi routes and owns the life of a request; body and response are left to the pipeline, whose headers and failures
// are the contract's, not the framework's.

export interface HapiOptions {
  readonly listener: Listener;
  readonly tls: boolean;
  readonly mounts: readonly Mount[];
  /** Told of every request that met no mount. */
  onUnmatched(method: string, status: number): void;
}

/** A hapi server around the listener with one route per mount; binding and closing the listener stay with the caller. */
export function createHapiServer({ listener, tls, mounts, onUnmatched }: HapiOptions): Server {
  const listeners = new Set(listener.listeners('request'));
  const hapi = server({
    // hapi serves HTTP/2 as well; its types do not tell.
    listener: listener as HttpServer,
    tls,
    autoListen: false,
    compression: false,
    debug: false,
    operations: { cleanStop: false },
    routes: {
      cache: false,
      cors: false,
      security: false,
      state: { parse: false, failAction: 'ignore' },
    },
  });
  for (const dispatch of listener.listeners('request')) {
    if (listeners.has(dispatch)) continue;
    listener.off('request', dispatch as RequestListener);
    listener.on('request', hotLane(mounts, dispatch as RequestListener));
  }
  listener.removeAllListeners('clientError');
  listener.on('clientError', answerClientError);

  const refuse = (request: Request, h: ResponseToolkit, send: (response: HttpResponse) => void): symbol => {
    const { req, res } = request.raw;
    const clean = cleanedUrl(req);
    if (clean === undefined) send(res);
    else sendRedirect(res, clean);
    onUnmatched(req.method ?? '', res.statusCode);
    return h.abandon;
  };

  for (const { endpoint, serve } of mounts) {
    hapi.route({
      method: endpoint.method,
      path: endpoint.path,
      options: rawBody(endpoint.method),
      handler: async (request, h) => {
        const { req, res } = request.raw;
        // hapi routes by what a URL parser makes of the path; the contract knows paths exactly as they are.
        if (!namesPath(req, endpoint.path)) return refuse(request, h, sendNotFound);
        await serve(req, res);
        return h.abandon;
      },
    });
    const allow = endpoint.method === 'GET' ? 'GET, HEAD' : endpoint.method;
    hapi.route({
      method: '*',
      path: endpoint.path,
      options: rawBody('*'),
      handler: (request, h) =>
        refuse(
          request,
          h,
          namesPath(request.raw.req, endpoint.path)
            ? (response) => sendMethodNotAllowed(response, allow)
            : sendNotFound,
        ),
    });
  }
  hapi.route({
    method: '*',
    path: '/{any*}',
    options: rawBody('*'),
    handler: (request, h) => refuse(request, h, sendNotFound),
  });
  hapi.ext('onPreResponse', (request, h) => answerFrameworkError(request, h, onUnmatched));
  return hapi;
}

/** The pipeline reads bodies itself: hapi would refuse content types that the contract answers in its own way. */
function rawBody(method: string): object {
  if (method === 'GET') return {};
  return {
    payload: {
      output: 'stream',
      parse: false,
      override: 'application/json',
      maxBytes: Number.MAX_SAFE_INTEGER,
      timeout: false,
    },
  };
}

/** hapi itself refuses only what it cannot parse, such as an impossible URL. */
function answerFrameworkError(
  request: Request,
  h: ResponseToolkit,
  onUnmatched: HapiOptions['onUnmatched'],
): Lifecycle.ReturnValue {
  const { response } = request;
  if (!('isBoom' in response)) return h.continue;
  const { statusCode, payload } = response.output;
  const { res, req } = request.raw;
  if (!res.headersSent) sendText(res, statusCode, `${payload.error}\n`);
  onUnmatched(req.method ?? '', statusCode);
  return h.abandon;
}
