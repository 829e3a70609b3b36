import { type ErrorCode, errorTypeUrl, errorUrn } from '../../lib/error-codes.ts';
import { COMMON_ERRORS } from '../common-errors.ts';
import { errorRendering } from '../error-catalogue.ts';
import type { AnyOperation, AuthKind } from '../operation.ts';
import type { DocumentSchema, Reference, ResponseObject } from './openapi-types.ts';

const AUTH_KINDS: readonly AuthKind[] = ['bearer', 'portal', 'public'];

/** The error envelopes, as components of the document. */
export const ERROR_SCHEMAS: Readonly<Record<string, DocumentSchema>> = {
  Error: {
    type: 'object',
    description: 'What went wrong, after RFC 9457.',
    required: ['title', 'detail', 'status', 'type'],
    properties: {
      title: { type: 'string', description: 'The kind of failure, for people.', examples: ['Not Found'] },
      detail: { type: 'string', description: 'This failure, for people. May be empty.' },
      status: { type: 'integer', description: 'The HTTP status.', examples: [404] },
      type: {
        type: 'string',
        format: 'uri',
        description: 'The error code as the address of its documentation. Programs decide by this.',
        examples: ['https://unkey.com/docs/errors/unkey/data/key_not_found'],
      },
    },
  },
  ErrorResponse: {
    type: 'object',
    required: ['meta', 'error'],
    properties: {
      meta: { $ref: '#/components/schemas/Meta' },
      error: { $ref: '#/components/schemas/Error' },
    },
  },
  InputErrorResponse: {
    type: 'object',
    required: ['meta', 'error'],
    properties: {
      meta: { $ref: '#/components/schemas/Meta' },
      error: {
        allOf: [
          { $ref: '#/components/schemas/Error' },
          {
            type: 'object',
            required: ['errors'],
            properties: {
              errors: {
                type: 'array',
                description: 'Each place that does not fit; empty when the failure lies elsewhere.',
                items: { $ref: '#/components/schemas/Violation' },
              },
            },
          },
        ],
      },
    },
  },
  Violation: {
    type: 'object',
    required: ['location', 'message'],
    properties: {
      location: {
        type: 'string',
        description:
          'JSON pointer of the violated keyword in the body schema, or `security` or `requestBody`.',
        examples: ['/properties/name/minLength'],
      },
      message: { type: 'string', examples: ['minLength: got 2, want 3'] },
      fix: { type: 'string', description: 'What to do about it.' },
    },
  },
};

const THROTTLE_HEADERS = {
  'RateLimit-Limit': { description: 'Requests per minute.', schema: { type: 'integer' } },
  'RateLimit-Remaining': { description: 'Requests left in this window.', schema: { type: 'integer' } },
  'RateLimit-Reset': { description: 'Seconds until the window ends.', schema: { type: 'integer' } },
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } },
};

/** The error responses that operations of one auth kind share, as components named `<auth kind>.<status>`. */
export function sharedErrorResponses(
  operations: readonly AnyOperation[],
): Readonly<Record<string, ResponseObject>> {
  return Object.fromEntries(
    AUTH_KINDS.flatMap((auth) =>
      [...byStatus(COMMON_ERRORS[auth])]
        .filter(([status]) => operations.some((each) => each.auth === auth && !hasOwnErrors(each, status)))
        .map(([status, codes]) => [sharedName(auth, status), errorResponse(status, codes)]),
    ),
  );
}

/** Every error response of an operation by status, ascending: its own codes and those that its auth kind may answer. */
export function errorResponses(
  operation: AnyOperation,
): Readonly<Record<string, ResponseObject | Reference>> {
  return Object.fromEntries(
    [...byStatus([...COMMON_ERRORS[operation.auth], ...operation.errors])].map(([status, codes]) => [
      String(status),
      hasOwnErrors(operation, status)
        ? errorResponse(status, codes)
        : { $ref: `#/components/responses/${sharedName(operation.auth, status)}` },
    ]),
  );
}

/** Whether the operation adds a code to those that its auth kind shares under a status. */
function hasOwnErrors({ auth, errors }: AnyOperation, status: number): boolean {
  return errors.some((code) => errorRendering(code).status === status && !COMMON_ERRORS[auth].includes(code));
}

function sharedName(auth: AuthKind, status: number): string {
  return `${auth}.${status}`;
}

/** Codes by their status, both ascending, each once. */
function byStatus(codes: readonly ErrorCode[]): Map<number, ErrorCode[]> {
  const groups = Map.groupBy([...new Set(codes)].toSorted(), (code) => errorRendering(code).status);
  return new Map([...groups].toSorted(([a], [b]) => a - b));
}

function errorResponse(status: number, codes: readonly ErrorCode[]): ResponseObject {
  const titles = [...new Set(codes.map((code) => errorRendering(code).title))];
  const listsErrors = codes.some((code) => errorRendering(code).listsErrors);
  const schema = { $ref: `#/components/schemas/${listsErrors ? 'InputErrorResponse' : 'ErrorResponse'}` };
  return {
    description: [`${titles.join(', ')}.`, '', ...codes.map((code) => `- \`${errorUrn(code)}\``)].join('\n'),
    ...(status === 429 ? { headers: THROTTLE_HEADERS } : undefined),
    content: { 'application/json': { schema }, 'application/problem+json': { schema } },
    'x-unkey-error-types': codes.map(errorTypeUrl),
  };
}
