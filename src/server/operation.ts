import type { Schema } from 'joi';
import type { ErrorCode } from '../lib/error-codes.ts';
import type { Logger } from '../lib/logger.ts';
import type { MaybePromise } from '../lib/maybe-promise.ts';
import type { ClientInfo, Principal } from '../services/auth/principal.ts';
import type { Services } from '../services/services.ts';

// One operation, one declaration: a plain value off which the server mounts the route, the OpenAPI document is
// written, the tests generate calls and the command line lists verbs. A handler never sees hapi.

/** How a request to the operation is authenticated. */
export type AuthKind = 'bearer' | 'portal' | 'public';

/** What a handler gets beside the validated body. */
export interface OperationContext<Auth extends AuthKind = 'bearer'> {
  readonly requestId: string;
  /** The authenticated caller; absent on public operations. */
  readonly principal: Auth extends 'public' ? undefined : Principal;
  readonly client: ClientInfo;
  /** What the caller's tool calls itself, `unkey-cli/2.0`; empty when it does not say. */
  readonly callingTool: string;
  readonly log: Logger;
  /** Aborted when the client is gone or the deadline has passed. */
  readonly signal: AbortSignal;
  readonly services: Services;
  /** Unix milliseconds that the caller set for rate limits (X-Test-Time); undefined outside test mode. */
  readonly requestTime: number | undefined;
  /** False when the caller declined analytics rows for this request, and the operation honours that. */
  readonly recordEvents: boolean;
}

export interface Pagination {
  readonly hasMore: boolean;
  /** First id of the next page; present exactly when there is one. */
  readonly cursor?: string;
}

export interface OperationResult {
  readonly data: unknown;
  readonly pagination?: Pagination;
}

export interface Operation<Body = unknown, Auth extends AuthKind = AuthKind> {
  /** `<namespace>.<operation>`; also the OpenAPI operationId. */
  readonly name: string;
  /** POST for every operation but liveness. */
  readonly method: 'POST' | 'GET';
  readonly path: `/v2/${string}`;
  readonly auth: Auth;
  /** One line, for the document's index and `--help`. */
  readonly summary: string;
  /** Markdown; says what the summary cannot. */
  readonly description: string;
  /** Every permission string that the operation may ask for, ids written as `*`. Root keys with "full" hold them all. */
  readonly permissions: readonly string[];
  /** Joi schema of the body; undefined when none is declared (a body is then ignored). */
  readonly request: Schema | undefined;
  /** Joi schema of the response's `data`. */
  readonly response: Schema;
  readonly paginated: boolean;
  readonly status: 200 | 201 | 202;
  /** Asked so often that it is served past the framework's request lifecycle, by the same pipeline. For a POST alone. */
  readonly isHot?: boolean;
  /** Whether `X-Unkey-Metrics: disabled` keeps a request of this operation out of the analytics store. */
  readonly honoursMetricsOptOut?: boolean;
  /** Codes that this operation may answer beside the ones that every operation of its auth kind may. */
  readonly errors: readonly ErrorCode[];
  readonly examples: {
    readonly request: unknown;
    readonly response: unknown;
  };
  handle(context: OperationContext<Auth>, body: Body): MaybePromise<OperationResult>;
  /** Looks at the whole JSON text of a success; refuses one that may not be sent by throwing a Fault. */
  checkBody?(body: string): void;
}

/** Declares a protected POST operation; fills in what follows from its name. */
export function bearerOperation<Body>(
  declaration: Omit<Operation<Body, 'bearer'>, 'method' | 'path' | 'auth' | 'paginated' | 'status'> &
    Partial<Pick<Operation<Body, 'bearer'>, 'paginated' | 'status'>>,
): Operation<Body, 'bearer'> {
  return {
    method: 'POST',
    path: `/v2/${declaration.name}`,
    auth: 'bearer',
    paginated: false,
    status: 200,
    ...declaration,
  };
}

/** An operation whatever its body and auth kind, as registries and the server hold it (methods compare bivariantly). */
export type AnyOperation = Operation<unknown, AuthKind>;
