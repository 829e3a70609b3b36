import type { Tracer } from '@opentelemetry/api';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Authenticator } from '../../services/auth/authenticator.ts';
import type { Services } from '../../services/services.ts';
import type { WorkspaceThrottle } from '../../services/workspaces/throttle.ts';
import { COMMON_ERRORS } from '../common-errors.ts';
import type { AnyOperation, AuthKind } from '../operation.ts';
import { compileRequestValidator } from '../validation/request-validator.ts';
import { compileResponseValidator } from '../validation/response-validator.ts';
import { authentication } from './authentication.ts';
import { type BasicCredentials, basicAuthentication } from './basic-authentication.ts';
import { deadline } from './deadline.ts';
import { errorTranslation } from './error-translation.ts';
import {
  composeStages,
  type Endpoint,
  type Handler,
  type Observer,
  type Reply,
  type Stage,
} from './exchange.ts';
import { invocation } from './invocation.ts';
import { observation } from './observation.ts';
import { panicRecovery } from './panic-recovery.ts';
import { refuseUnreadableBody } from './read-body.ts';
import { requestEvent } from './request-event.ts';
import { type RequestLogSink, requestLog } from './request-log.ts';
import { requestMetrics } from './request-metrics.ts';
import { requestScope } from './request-scope.ts';
import { requestSpan } from './request-span.ts';
import { validation } from './validation.ts';

// The orders in which stages wrap a handler. Source: the table of middleware stacks of the HTTP contract.

export interface StackOptions {
  readonly services: Services;
  readonly authenticators: { readonly bearer: Authenticator; readonly portal: Authenticator };
  readonly throttle: WorkspaceThrottle;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** undefined = tracing is off and costs nothing. */
  readonly tracer: Tracer | undefined;
  /** undefined = no request rows are kept. */
  readonly requestLogSink: RequestLogSink | undefined;
  readonly requestLogging: {
    readonly sampleRate: number | undefined;
    readonly slowThresholdMs: number;
  };
  readonly deadlineMs: number;
  /** Lets callers set the time that rate limits go by. */
  readonly testMode: boolean;
  /** Checks every response and error code against the operation's declaration. */
  readonly verifyResponses: boolean;
}

/** The endpoint of an operation. */
export function operationEndpoint(operation: AnyOperation): Endpoint {
  return {
    method: operation.method,
    path: operation.path,
    name: `${operation.method} ${operation.path}`,
  };
}

/** The protected, portal or public stack around an operation, by its auth kind. */
export function operationStack(operation: AnyOperation, options: StackOptions): Handler {
  const { log, metrics, tracer, verifyResponses } = options;
  const handler = invocation(operation, {
    services: options.services,
    log,
    testMode: options.testMode,
    ...(verifyResponses ? { responseViolations: compileResponseValidator(operation) } : {}),
  });
  const declared = verifyResponses
    ? new Set([...COMMON_ERRORS[operation.auth], ...operation.errors])
    : undefined;
  return composeStages(
    [
      panicRecovery(options),
      ...spans(options),
      requestScope,
      observation([
        requestEvent({ log, ...options.requestLogging }),
        // Liveness probes are no traffic of a workspace and would drown the rows that are.
        ...(operation.auth === 'public' && operation.method === 'GET' ? [] : rows(options)),
        requestMetrics(metrics),
      ]),
      errorTranslation({ log, ...(declared === undefined ? {} : { declared }) }),
      deadline(options.deadlineMs),
      refuseUnreadableBody,
      validation(compileRequestValidator(operation), tracer),
      ...credentials(operation.auth, options),
    ],
    operationEndpoint(operation),
    handler,
  );
}

/** The stack of pages that are no operations: the document and its reference. They never leave a request row. */
export function pageStack(
  endpoint: Endpoint,
  page: () => Reply,
  options: Pick<StackOptions, 'tracer' | 'metrics' | 'log' | 'requestLogging'>,
): Handler {
  return composeStages(
    [
      ...spans(options),
      observation([
        requestEvent({ log: options.log, ...options.requestLogging }),
        requestMetrics(options.metrics),
      ]),
      panicRecovery(options),
      errorTranslation({ log: options.log }),
      refuseUnreadableBody,
    ],
    endpoint,
    () => page(),
  );
}

/** The stack of the profiler, for whoever knows the credentials. A profile takes as long as it was asked to. */
export function profileStack(
  endpoint: Endpoint,
  handler: Handler,
  credentials: BasicCredentials,
  options: Pick<StackOptions, 'tracer' | 'metrics' | 'log' | 'requestLogging'>,
): Handler {
  return composeStages(
    [
      ...spans(options),
      observation([
        requestMetrics(options.metrics),
        requestEvent({ log: options.log, ...options.requestLogging }),
      ]),
      panicRecovery(options),
      errorTranslation({ log: options.log }),
      refuseUnreadableBody,
      basicAuthentication(credentials),
    ],
    endpoint,
    handler,
  );
}

function spans({ tracer }: Pick<StackOptions, 'tracer'>): Stage[] {
  return tracer === undefined ? [] : [requestSpan(tracer)];
}

function rows({ requestLogSink }: StackOptions): (() => Observer)[] {
  return requestLogSink === undefined ? [] : [requestLog(requestLogSink)];
}

function credentials(auth: AuthKind, { authenticators, throttle }: StackOptions): Stage[] {
  return auth === 'public' ? [] : [authentication(authenticators[auth], throttle)];
}
