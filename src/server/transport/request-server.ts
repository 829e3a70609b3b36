import type { Logger } from '../../lib/logger.ts';
import type { IdSource } from '../../lib/uid.ts';
import { type Endpoint, Exchange, type ExchangeHost, type Handler } from '../pipeline/exchange.ts';
import { type BodyLimits, readBody } from '../pipeline/read-body.ts';
import { sendReply } from '../pipeline/reply.ts';
import type { Inflight } from './inflight.ts';
import type { Mount } from './mount.ts';
import { sendText } from './unmatched.ts';

export interface RequestServerOptions {
  readonly host: ExchangeHost;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly inflight: Inflight;
  readonly body: BodyLimits;
  isDraining(): boolean;
}

/** Connects a composed stack to the raw request: id, body, stack, reply. */
export function requestServer(
  options: RequestServerOptions,
): (endpoint: Endpoint, handler: Handler, isHot?: boolean) => Mount {
  const { host, ids, log, inflight, body, isDraining } = options;
  return (endpoint, handler, isHot = false) => ({
    endpoint,
    isHot,
    async serve(request, response) {
      inflight.enter();
      try {
        const exchange = new Exchange(host, endpoint, ids.next('request'), request, response);
        const reading = readBody(exchange, body);
        if (reading !== undefined) await reading;
        const answer = handler(exchange);
        sendReply(exchange, answer instanceof Promise ? await answer : answer, isDraining());
      } catch (error) {
        // Panic recovery lets nothing through; what arrives here is a bug of the stages around it.
        log.error({ err: error, path: endpoint.path }, 'the pipeline failed');
        if (!response.headersSent) sendText(response, 500, 'Internal Server Error\n');
      } finally {
        inflight.leave();
      }
    },
  });
}
