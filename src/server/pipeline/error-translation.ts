import { type ErrorCode, errorUrn } from '../../lib/error-codes.ts';
import { Fault, internalDetail, publicDetail } from '../../lib/fault.ts';
import type { Logger } from '../../lib/logger.ts';
import { recover } from '../../lib/maybe-promise.ts';
import { errorContentType } from './content-negotiation.ts';
import { errorReply } from './error-reply.ts';
import type { Exchange, Reply, Stage } from './exchange.ts';
import { asFault } from './failure.ts';

export interface ErrorTranslationOptions {
  readonly log: Logger;
  /** When given, any other code is reported as a breach of the operation's declaration. */
  readonly declared?: ReadonlySet<ErrorCode>;
}

/**
 * Turns a Fault into its envelope. Server errors leave a line with the whole internal chain, which is never sent; bugs
 * pass on to panic recovery.
 */
export function errorTranslation({ log, declared }: ErrorTranslationOptions): Stage {
  return (next, endpoint) => {
    const fail = (exchange: Exchange, thrown: unknown): Reply => {
      const fault = asFault(thrown);
      if (fault === undefined) {
        exchange.error = thrown;
        throw thrown;
      }
      const undeclared = declared !== undefined && !declared.has(fault.code);
      return translate(exchange, undeclared ? breach(endpoint.name, fault.code, thrown) : fault, thrown, log);
    };
    return (exchange) =>
      recover(
        () => next(exchange),
        (thrown) => fail(exchange, thrown),
      );
  };
}

/** `thrown` is the outermost error, `fault` the link of it that carries the code (or replaces it). */
function translate(exchange: Exchange, fault: Fault, thrown: unknown, log: Logger): Reply {
  const error = fault.cause === thrown ? fault : thrown;
  exchange.error = error;
  const reply = errorReply(exchange.requestId, fault.code, {
    detail: publicDetail(error),
    contentType: errorContentType(exchange.request),
  });
  if (reply.status >= 500) logServerError(exchange, fault, error, reply.status, log);
  return reply;
}

function breach(operation: string, code: ErrorCode, cause: unknown): Fault {
  const sentence = `${operation} answered ${errorUrn(code)}, which it does not declare`;
  return new Fault('unkey:application:unexpected_error', { public: sentence, internal: sentence, cause });
}

function logServerError(exchange: Exchange, fault: Fault, error: unknown, status: number, log: Logger): void {
  const { request, client } = exchange;
  const [path, query = ''] = (request.url ?? '').split('?', 2);
  log.error(
    {
      error: internalDetail(error),
      workspaceId: exchange.principal?.workspaceId ?? '',
      requestId: exchange.requestId,
      code: errorUrn(fault.code),
      publicMessage: publicDetail(error),
      http: {
        method: request.method,
        path,
        query,
        host: hostOf(request.headers),
        user_agent: client.userAgent,
        ip: client.ip,
        referer: request.headers.referer ?? '',
        status,
      },
    },
    status === 503 ? 'analytics connection error' : 'api error',
  );
}

/** The Host header, under the name that HTTP/2 gives it. */
export function hostOf(headers: NodeJS.Dict<string | string[]>): string {
  const host = headers.host ?? headers[':authority'];
  return typeof host === 'string' ? host : '';
}
