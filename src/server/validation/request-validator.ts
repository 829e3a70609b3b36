import type { ValidateFunction } from 'ajv';
import type { AnyOperation, AuthKind } from '../operation.ts';
import { compileDecider, compileExplainer } from './ajv.ts';
import { misspeltInteger } from './integer-literals.ts';
import { parseJsonBody } from './json-body.ts';
import { type JsonSchema, toJsonSchema } from './json-schema.ts';
import { toViolations, type Violation } from './violations.ts';

/** What validation looks at. A header or cookie that was not sent is undefined. */
export interface RequestInput {
  readonly authorization: string | undefined;
  /** Value of the cookie `portal_session`; may be empty. */
  readonly portalSession: string | undefined;
  readonly contentType: string | undefined;
  readonly body: Buffer;
  /** URL path, for the details. */
  readonly path: string;
}

export type RequestOutcome =
  | {
      readonly ok: true;
      /** The parsed body; undefined when the operation declares none. */
      readonly body: unknown;
      /** To be called after authentication: why the body cannot be bound to its typed fields, or undefined. */
      bind(): string | undefined;
    }
  | { readonly ok: false; readonly detail: string; readonly errors: readonly Violation[] };

export interface RequestValidator {
  /** Runs the steps of request validation in order; the first failing one is the only one reported. */
  validate(input: RequestInput): RequestOutcome;
}

/**
 * Largest body, in bytes, of which every violation is told; of a larger one only the first. A body of the permitted ten
 * megabytes can violate its schema a million times over.
 */
const MAX_EXPLAINED_BODY = 256 * 1024;

const JSON_TYPE = 'application/json';

type Failure = Extract<RequestOutcome, { ok: false }>;

function failure(detail: string, errors: readonly Violation[]): Failure {
  return { ok: false, detail, errors };
}

/** A failure that the caller can mend, and how. */
function refuse(detail: string, error: Required<Violation>): Failure {
  return failure(detail, [error]);
}

/**
 * Prepares what validates the requests of an operation. Source: request validation of the HTTP contract (§3).
 *
 * @throws Error when the operation's schema cannot be expressed as JSON Schema, so that a server with it does not start.
 */
export function compileRequestValidator(operation: AnyOperation): RequestValidator {
  const secured = SECURITY[operation.auth];
  const validateBody = operation.request === undefined ? undefined : compileBody(operation.request);
  return {
    validate: (input) => secured(input) ?? validateBody?.(input) ?? NO_BODY,
  };
}

const NO_BODY: RequestOutcome = { ok: true, body: undefined, bind: () => undefined };

/** Whether a credential is present, by auth kind; whether it is any good is for authentication to say. */
const SECURITY: Readonly<Record<AuthKind, (input: RequestInput) => Failure | undefined>> = {
  bearer: ({ authorization }) =>
    authorization
      ? undefined
      : refuse("Authorization header for 'bearer' scheme", {
          location: 'security',
          message: 'Authorization header not found',
          fix: "Send the header 'Authorization: Bearer <root key>'.",
        }),
  portal: ({ portalSession }) =>
    portalSession === undefined
      ? refuse('API Key portal_session not found in cookies', {
          location: 'security',
          message: "Cookie 'portal_session' not found",
          fix: "Send the cookie 'portal_session' that portal.exchangeCode handed out.",
        })
      : undefined,
  public: () => undefined,
};

type BodyValidator = (input: RequestInput) => RequestOutcome;

function compileBody(request: NonNullable<AnyOperation['request']>): BodyValidator {
  const schema = toJsonSchema(request, 'request');
  // Compiled on first use: a start would wait for dozens of schemas of which the first request needs one.
  let decide: ValidateFunction | undefined;
  let explain: ValidateFunction | undefined;

  return ({ contentType, body: bytes, path }) => {
    if (!isJson(contentType)) return refuseContentType(contentType);
    if (bytes.length === 0) return refuseEmptyBody(path);

    const text = bytes.toString('utf8');
    let body: unknown;
    try {
      body = parseJsonBody(text);
    } catch (error) {
      if (error instanceof SyntaxError) return refuseSyntax(path, error.message);
      throw error;
    }

    decide ??= compileDecider(schema);
    if (decide(body)) return { ok: true, body, bind: () => bind(text, schema) };

    let { errors } = decide;
    if (bytes.length <= MAX_EXPLAINED_BODY) {
      explain ??= compileExplainer(schema);
      explain(body);
      errors = explain.errors;
    }
    return failure(`POST request body for '${path}' failed to validate schema`, toViolations(errors ?? []));
  };
}

function isJson(contentType: string | undefined): boolean {
  if (contentType === JSON_TYPE) return true;
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === JSON_TYPE;
}

function bind(text: string, schema: JsonSchema): string | undefined {
  const complaint = misspeltInteger(text, schema);
  return complaint === undefined ? undefined : `The request body is invalid: ${complaint}.`;
}

function refuseContentType(contentType: string | undefined): Failure {
  return refuse(`POST operation request content type '${contentType ?? ''}' does not exist`, {
    location: 'requestBody',
    message: contentType ? `content type '${contentType}' is not supported` : 'content type is missing',
    fix: `Send the header 'Content-Type: ${JSON_TYPE}'. Supported: ${JSON_TYPE}.`,
  });
}

function refuseEmptyBody(path: string): Failure {
  return refuse(`POST request body is empty for '${path}'`, {
    location: 'requestBody',
    message: 'the request body is empty',
    fix: 'Send a JSON value as the body.',
  });
}

function refuseSyntax(path: string, complaint: string): Failure {
  return refuse(`POST request body for '${path}' failed to validate schema`, {
    location: 'requestBody',
    message: `cannot parse the body as JSON: ${complaint}`,
    fix: 'Send one JSON value with nothing around it.',
  });
}
