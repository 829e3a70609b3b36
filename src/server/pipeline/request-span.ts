import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { internalDetail } from '../../lib/fault.ts';
import type { Stage } from './exchange.ts';

/** One server span per routed request, named for its route. An incoming traceparent is not honoured. */
export function requestSpan(tracer: Tracer): Stage {
  return (next, endpoint) => (exchange) => {
    const attributes = {
      request_id: exchange.requestId,
      'http.request.method': endpoint.method,
      'http.route': endpoint.path,
    };
    return tracer.startActiveSpan(
      endpoint.name,
      { kind: SpanKind.SERVER, attributes },
      ROOT_CONTEXT,
      async (span) => {
        try {
          const reply = await next(exchange);
          span.setAttribute('http.response.status_code', reply.status);
          if (reply.status >= 500) fail(span, exchange.error);
          return reply;
        } catch (error) {
          fail(span, error);
          throw error;
        } finally {
          span.end();
        }
      },
    );
  };
}

function fail(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: error === undefined ? '' : internalDetail(error) });
  if (error instanceof Error) span.recordException(error);
}
