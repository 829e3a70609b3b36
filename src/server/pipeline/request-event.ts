import { errorUrn } from '../../lib/error-codes.ts';
import { faultCode, internalDetail, publicDetail } from '../../lib/fault.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Principal } from '../../services/auth/principal.ts';
import { hostOf } from './error-translation.ts';
import type { Endpoint, Exchange, Observer } from './exchange.ts';

export interface RequestEventOptions {
  readonly log: Logger;
  /** Share of ordinary requests that leave a line, 0 to 1; undefined = none. */
  readonly sampleRate: number | undefined;
  /** A request that took longer than this many milliseconds always leaves a line. */
  readonly slowThresholdMs: number;
}

/** One line per request worth telling: every refusal, every slow one, and a sample of the rest. */
export function requestEvent({
  log,
  sampleRate,
  slowThresholdMs,
}: RequestEventOptions): (endpoint: Endpoint) => Observer {
  return ({ path }) =>
    (exchange, reply) => {
      const duration = exchange.elapsed();
      if (
        reply.status >= 400 ||
        duration > slowThresholdMs ||
        (sampleRate !== undefined && Math.random() < sampleRate)
      ) {
        log.info(fieldsOf(exchange, reply.status, duration), `${exchange.request.method} ${path}`);
      }
    };
}

function fieldsOf(exchange: Exchange, status: number, duration: number): object {
  const { request, client, principal, error } = exchange;
  return {
    requestId: exchange.requestId,
    http: {
      method: request.method,
      path: exchange.endpoint.path,
      request_id: exchange.requestId,
      host: hostOf(request.headers),
      user_agent: client.userAgent,
      ip_address: client.ip,
      status_code: status,
    },
    log_meta: { start: new Date(exchange.receivedAt).toISOString(), duration: Number(duration.toFixed(3)) },
    auth: principal === undefined ? undefined : authFields(principal),
    errors: error === undefined ? undefined : [errorFields(error)],
  };
}

function authFields(principal: Principal): object {
  const { source } = principal;
  return {
    type: principal.type,
    workspace_id: principal.workspaceId,
    subject: principal.subject.id,
    subject_name: principal.subject.name,
    permission_count: principal.permissions.length,
    root_key_id: source.kind === 'rootKey' ? source.keyId : undefined,
  };
}

function errorFields(error: unknown): object {
  const code = faultCode(error);
  return {
    internal: internalDetail(error),
    public: publicDetail(error),
    code: code === undefined ? undefined : errorUrn(code),
  };
}
