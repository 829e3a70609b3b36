import type { ErrorCode } from '../lib/error-codes.ts';
import type { AuthKind } from './operation.ts';

// What the pipeline itself may answer, before, around or instead of a handler.

const EVERY_REQUEST: readonly ErrorCode[] = [
  'unkey:application:invalid_input',
  'user:bad_request:request_body_unreadable',
  'user:bad_request:request_body_too_large',
  'user:bad_request:request_timeout',
  'user:bad_request:client_closed_request',
  'unkey:application:unexpected_error',
  'unkey:application:service_unavailable',
  'unkey:application:assertion_failed',
];

const EVERY_AUTHENTICATED_REQUEST: readonly ErrorCode[] = [
  ...EVERY_REQUEST,
  'unkey:authentication:missing',
  'unkey:authentication:malformed',
  'unkey:authorization:insufficient_permissions',
  'unkey:authorization:forbidden',
  'unkey:authorization:workspace_disabled',
  'user:too_many_requests:workspace_rate_limited',
];

/** The codes that an operation of each auth kind may answer without declaring them. */
export const COMMON_ERRORS: Readonly<Record<AuthKind, readonly ErrorCode[]>> = {
  bearer: [
    ...EVERY_AUTHENTICATED_REQUEST,
    'unkey:authentication:key_not_found',
    'unkey:authorization:key_disabled',
    'unkey:data:workspace_not_found',
  ],
  portal: [
    ...EVERY_AUTHENTICATED_REQUEST,
    'unkey:authentication:portal_token_missing',
    'unkey:authentication:portal_session_not_found',
  ],
  public: EVERY_REQUEST,
};
