import { expect, it } from 'vitest';
import { ERROR_CODES } from '../../../src/lib/error-codes.ts';
import { COMMON_ERRORS } from '../../../src/server/common-errors.ts';
import { errorRendering } from '../../../src/server/error-catalogue.ts';

it.each([
  ['unkey:authentication:missing', 400, 'Bad Request'],
  ['unkey:authentication:malformed', 400, 'Bad Request'],
  ['unkey:authentication:key_not_found', 401, 'Unauthorized'],
  ['unkey:authentication:portal_token_missing', 400, 'Bad Request'],
  ['unkey:authentication:portal_session_not_found', 401, 'Unauthorized'],
  ['unkey:authorization:insufficient_permissions', 403, 'Insufficient Permissions'],
  ['unkey:authorization:forbidden', 403, 'Forbidden'],
  ['unkey:authorization:key_disabled', 403, 'Key is disabled'],
  ['unkey:authorization:workspace_disabled', 403, 'Workspace is disabled'],
  ['unkey:application:invalid_input', 400, 'Bad Request'],
  ['unkey:application:protected_resource', 412, 'Resource is protected'],
  ['unkey:application:precondition_failed', 412, 'Precondition Failed'],
  ['unkey:application:deployment_not_ready', 412, 'Precondition Failed'],
  ['unkey:application:service_unavailable', 500, 'Internal Server Error'],
  ['unkey:data:api_not_found', 404, 'Not Found'],
  ['unkey:data:role_already_exists', 409, 'Conflicting Resource'],
  ['unkey:data:ratelimit_namespace_gone', 410, 'Resource Gone'],
  ['unkey:data:analytics_connection_failed', 503, 'Service Unavailable'],
  ['unkey:limits:custom_domain_limit_exceeded', 403, 'Forbidden'],
  ['user:bad_request:permissions_query_syntax_error', 400, 'Bad Request'],
  ['user:bad_request:request_body_too_large', 413, 'Request Entity Too Large'],
  ['user:bad_request:request_timeout', 408, 'Request Timeout'],
  ['user:bad_request:client_closed_request', 499, 'Client Closed Request'],
  ['user:bad_request:missing_required_header', 500, 'Internal Server Error'],
  ['user:unprocessable_entity:query_memory_limit_exceeded', 422, 'Unprocessable Entity'],
  ['user:too_many_requests:workspace_rate_limited', 429, 'Too Many Requests'],
] as const)('renders %s as %i %s', (code, status, title) => {
  expect(errorRendering(code)).toMatchObject({ status, title });
});

it('lists errors on 400, 408, 413 and 499 and on no other status', () => {
  for (const code of ERROR_CODES) {
    const { status, listsErrors } = errorRendering(code);
    expect(listsErrors, code).toBe([400, 408, 413, 499].includes(status));
  }
});

it('knows 503 for one code alone', () => {
  expect(ERROR_CODES.filter((code) => errorRendering(code).status === 503)).toEqual([
    'unkey:data:analytics_connection_failed',
  ]);
});

it('names common errors once each', () => {
  for (const codes of Object.values(COMMON_ERRORS)) expect(new Set(codes).size).toBe(codes.length);
});
