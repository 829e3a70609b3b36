import type { Endpoint, Observer, Stage } from './exchange.ts';

/**
 * Shows each reply to the observers, in their order; what the first of them throws keeps it from the others. One stage
 * for all of them: each stage that waits for the next costs every request a promise and a turn of the microtask queue.
 * @param observers made once per endpoint
 */
export function observation(observers: readonly ((endpoint: Endpoint) => Observer)[]): Stage {
  return (next, endpoint) => {
    const own = observers.map((observer) => observer(endpoint));
    return async (exchange) => {
      const reply = await next(exchange);
      for (const observe of own) observe(exchange, reply);
      return reply;
    };
  };
}
