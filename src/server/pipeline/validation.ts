import type { Tracer } from '@opentelemetry/api';
import { Fault } from '../../lib/fault.ts';
import type { RequestValidator } from '../validation/request-validator.ts';
import { portalSessionCookie } from './cookies.ts';
import { errorReply } from './error-reply.ts';
import type { Exchange, Stage } from './exchange.ts';

/**
 * Refuses a request that does not fit its operation's declaration, before anybody asks who sent it. Refusals are always
 * plain JSON and are no errors to the request log. What the schema lets through but typed decoding refuses is reported
 * by `bindInput`, which belongs behind authentication.
 */
export function validation(validator: RequestValidator, tracer: Tracer | undefined): Stage {
  const validate = tracer === undefined ? validator.validate.bind(validator) : traced(validator, tracer);
  return (next, endpoint) => (exchange) => {
    const { headers } = exchange.request;
    const outcome = validate({
      authorization: headers.authorization,
      portalSession: headers.cookie === undefined ? undefined : portalSessionCookie(headers.cookie),
      contentType: headers['content-type'],
      body: exchange.body,
      path: endpoint.path,
    });
    if (outcome.ok) {
      exchange.input = outcome.body;
      exchange.binding = outcome;
      return next(exchange);
    }
    return errorReply(exchange.requestId, 'unkey:application:invalid_input', {
      detail: outcome.detail,
      errors: outcome.errors,
    });
  };
}

function traced(validator: RequestValidator, tracer: Tracer): RequestValidator['validate'] {
  return (input) =>
    tracer.startActiveSpan('openapi.Validate', (span) => {
      try {
        return validator.validate(input);
      } finally {
        span.end();
      }
    });
}

/** Throws the Fault of a body that the schema allows and typed decoding does not. */
export function bindInput(exchange: Exchange): void {
  const detail = exchange.binding?.bind();
  if (detail !== undefined) throw new Fault('unkey:application:invalid_input', { public: detail });
}
