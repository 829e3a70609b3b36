import { runInRequestScope } from '../../lib/request-scope.ts';
import type { Stage } from './exchange.ts';

/** Lets code far below know which request it works for: SQL comments, cache timings, cancellation. */
export const requestScope: Stage = (next) => (exchange) => runInRequestScope(exchange, () => next(exchange));
