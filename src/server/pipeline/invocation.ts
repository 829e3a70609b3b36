import { Fault } from '../../lib/fault.ts';
import { type Logger, lazyChild } from '../../lib/logger.ts';
import { after } from '../../lib/maybe-promise.ts';
import type { ClientInfo, Principal } from '../../services/auth/principal.ts';
import type { Services } from '../../services/services.ts';
import type { AnyOperation, OperationContext, OperationResult } from '../operation.ts';
import type { Exchange, Handler, Reply } from './exchange.ts';
import { successReply } from './reply.ts';
import { callingTool, declinesMetrics, testTime } from './request-options.ts';
import { bindInput } from './validation.ts';

export interface InvocationOptions {
  readonly services: Services;
  readonly log: Logger;
  /** Lets callers set the time that rate limits go by. */
  readonly testMode: boolean;
  /** What a response's data breaks of its declared schema; given only where responses are checked. */
  readonly responseViolations?: (data: unknown) => readonly string[];
}

/** The innermost handler: binds the input, runs the operation and wraps what it yields in the envelope. */
export function invocation(operation: AnyOperation, options: InvocationOptions): Handler {
  const { responseViolations } = options;
  const { honoursMetricsOptOut = false } = operation;
  const replyTo = (exchange: Exchange, result: OperationResult): Reply => {
    const violations = responseViolations?.(result.data) ?? [];
    if (violations.length > 0) throw breach(operation, violations);
    const reply = successReply(exchange, operation.status, result);
    operation.checkBody?.(reply.body);
    return reply;
  };
  return (exchange) => {
    bindInput(exchange);
    // Only here: a request that was refused before is recorded all the same.
    if (honoursMetricsOptOut && declinesMetrics(exchange.request)) exchange.recordEvents = false;
    const result = operation.handle(new Invocation(exchange, options), exchange.input);
    return after(result, (found) => replyTo(exchange, found));
  };
}

/** The context of one call. What few operations ask for is made when they do. */
class Invocation implements OperationContext {
  readonly requestId: string;
  // An operation of an auth kind that has no principal does not see this field; the types say so.
  readonly principal: Principal;
  readonly services: Services;
  readonly #exchange: Exchange;
  readonly #options: InvocationOptions;

  constructor(exchange: Exchange, options: InvocationOptions) {
    this.requestId = exchange.requestId;
    this.principal = exchange.principal as Principal;
    this.services = options.services;
    this.#exchange = exchange;
    this.#options = options;
  }

  get client(): ClientInfo {
    return this.#exchange.client;
  }

  get callingTool(): string {
    return callingTool(this.#exchange.request);
  }

  get log(): Logger {
    return lazyChild(this.#options.log, { requestId: this.requestId });
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }

  get requestTime(): number | undefined {
    return this.#options.testMode ? testTime(this.#exchange.request, this.log) : undefined;
  }

  get recordEvents(): boolean {
    return this.#exchange.recordEvents;
  }
}

function breach(operation: AnyOperation, violations: readonly string[]): Fault {
  const sentence = `the response of ${operation.name} does not fit its declaration: ${violations.join('; ')}`;
  return new Fault('unkey:application:unexpected_error', { public: sentence, internal: sentence });
}
