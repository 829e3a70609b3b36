import type { Logger } from '../../lib/logger.ts';
import { recover } from '../../lib/maybe-promise.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { errorReply } from './error-reply.ts';
import type { Exchange, Reply, Stage } from './exchange.ts';

export interface PanicRecoveryOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Turns whatever nobody expected into a 500 that tells nothing of the inside; the log line tells everything. */
export function panicRecovery({ log, metrics }: PanicRecoveryOptions): Stage {
  return (next, endpoint) => {
    const panic = (exchange: Exchange, error: unknown): Reply => {
      log.error(
        {
          panic: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
          requestId: exchange.requestId,
          method: exchange.request.method,
          path: endpoint.path,
          stack: error instanceof Error ? stackWithCauses(error) : undefined,
        },
        'panic',
      );
      metrics.count('unkey_internal_panics_total', { caller: '', path: endpoint.path });
      return errorReply(exchange.requestId, 'unkey:application:unexpected_error', {
        detail: 'An unexpected error occurred while processing your request.',
      });
    };
    return (exchange) =>
      recover(
        () => next(exchange),
        (error) => panic(exchange, error),
      );
  };
}

function stackWithCauses(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by: ${stackWithCauses(error.cause)}` : own;
}
