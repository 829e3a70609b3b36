import { after } from '../../lib/maybe-promise.ts';
import type { Endpoint, Observer, Stage } from './exchange.ts';

/**
 * Shows each reply to the observers, in their order; what the first of them throws keeps it from the others. One stage
 * for all of them: each stage costs every request something.
 * @param observers made once per endpoint
 */
export function observation(observers: readonly ((endpoint: Endpoint) => Observer)[]): Stage {
  return (next, endpoint) => {
    const own = observers.map((observer) => observer(endpoint));
    return (exchange) =>
      after(next(exchange), (reply) => {
        for (const observe of own) observe(exchange, reply);
        return reply;
      });
  };
}
