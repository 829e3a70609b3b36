import { Fault, faultCode } from '../../lib/fault.ts';
import { after, recover } from '../../lib/maybe-promise.ts';
import type { Exchange, HttpRequest, Stage } from './exchange.ts';
import { asFault, hasAbortError, hasDeadlineError } from './failure.ts';

/**
 * Gives validation, authentication and handler a common deadline. It is cooperative: nothing is killed, downstream
 * calls observe the signal, and only a failure is re-labelled. A handler that succeeds late has succeeded.
 */
export function deadline(milliseconds: number): Stage {
  return (next) => (exchange) => {
    if (!asksForUpgrade(exchange.request)) exchange.startDeadline(milliseconds);
    const answered = recover(
      () => next(exchange),
      (error) => {
        exchange.stopDeadline();
        throw relabelled(exchange, error);
      },
    );
    return after(answered, (reply) => {
      exchange.stopDeadline();
      return reply;
    });
  };
}

function relabelled(exchange: Exchange, error: unknown): unknown {
  const timedOut = hasDeadlineError(error) || (exchange.deadlinePassed && hasAbortError(error));
  if (asFault(error) === undefined && !timedOut && !hasAbortError(error)) return error;
  if (exchange.clientGone) {
    return new Fault('user:bad_request:client_closed_request', {
      public: 'The client closed the request before it was answered.',
      internal: 'client closed the request',
      cause: withoutPublicMessages(error),
    });
  }
  // The analytics query has a shorter limit of its own, with an answer of its own, unless the request's came first.
  const hasOwnAnswer = faultCode(error) === 'user:unprocessable_entity:query_execution_timeout';
  if (timedOut && (!hasOwnAnswer || exchange.deadlinePassed)) {
    return new Fault('user:bad_request:request_timeout', {
      public: 'The request took too long to process.',
      internal: 'deadline exceeded',
      cause: withoutPublicMessages(error),
    });
  }
  return error;
}

/** Keeps the chain for the log; what the inner failure said to the caller no longer applies. */
function withoutPublicMessages(error: unknown): unknown {
  if (!(error instanceof Fault)) return error;
  return new Error(error.message, { cause: withoutPublicMessages(error.cause) });
}

function asksForUpgrade(request: HttpRequest): boolean {
  const { upgrade, connection = '' } = request.headers;
  if (upgrade === undefined) return false;
  return connection.split(',').some((option) => option.trim().toLowerCase() === 'upgrade');
}
