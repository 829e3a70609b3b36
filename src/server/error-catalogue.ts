import { ERROR_CODES, type ErrorCode } from '../lib/error-codes.ts';

/** How an error code looks on the wire. */
export interface ErrorRendering {
  readonly status: number;
  readonly title: string;
  /** True when the envelope carries an `errors` array, empty unless the schema was violated. */
  readonly listsErrors: boolean;
}

const STATUSES_WITH_ERRORS: ReadonlySet<number> = new Set([400, 408, 413, 499]);

function rendering(status: number, title: string): ErrorRendering {
  return { status, title, listsErrors: STATUSES_WITH_ERRORS.has(status) };
}

const BAD_REQUEST = rendering(400, 'Bad Request');
const UNAUTHORIZED = rendering(401, 'Unauthorized');
const NOT_FOUND = rendering(404, 'Not Found');
const CONFLICT = rendering(409, 'Conflicting Resource');
const PRECONDITION_FAILED = rendering(412, 'Precondition Failed');
const UNPROCESSABLE = rendering(422, 'Unprocessable Entity');
const TOO_MANY_REQUESTS = rendering(429, 'Too Many Requests');
const INTERNAL = rendering(500, 'Internal Server Error');

/** Codes whose rendering does not follow from their group; the wire values are kept although some look odd. */
const EXCEPTIONS: Partial<Record<ErrorCode, ErrorRendering>> = {
  'unkey:authentication:key_not_found': UNAUTHORIZED,
  'unkey:authentication:portal_session_not_found': UNAUTHORIZED,
  'unkey:authorization:insufficient_permissions': rendering(403, 'Insufficient Permissions'),
  'unkey:authorization:key_disabled': rendering(403, 'Key is disabled'),
  'unkey:authorization:workspace_disabled': rendering(403, 'Workspace is disabled'),
  'unkey:application:invalid_input': BAD_REQUEST,
  'unkey:application:invalid_environment_settings': BAD_REQUEST,
  'unkey:application:protected_resource': rendering(412, 'Resource is protected'),
  'unkey:application:unexpected_error': INTERNAL,
  'unkey:application:service_unavailable': INTERNAL,
  'unkey:application:assertion_failed': INTERNAL,
  'unkey:data:app_already_exists': CONFLICT,
  'unkey:data:domain_already_exists': CONFLICT,
  'unkey:data:identity_already_exists': CONFLICT,
  'unkey:data:permission_already_exists': CONFLICT,
  'unkey:data:project_already_exists': CONFLICT,
  'unkey:data:role_already_exists': CONFLICT,
  'unkey:data:ratelimit_namespace_gone': rendering(410, 'Resource Gone'),
  'unkey:data:analytics_not_configured': PRECONDITION_FAILED,
  'unkey:data:analytics_connection_failed': rendering(503, 'Service Unavailable'),
  'user:bad_request:request_body_too_large': rendering(413, 'Request Entity Too Large'),
  'user:bad_request:request_timeout': rendering(408, 'Request Timeout'),
  'user:bad_request:client_closed_request': rendering(499, 'Client Closed Request'),
  'user:bad_request:missing_required_header': INTERNAL,
};

const GROUPS: Readonly<Record<string, ErrorRendering>> = {
  'unkey:authentication': BAD_REQUEST,
  'unkey:authorization': rendering(403, 'Forbidden'),
  'unkey:application': PRECONDITION_FAILED,
  'unkey:data': NOT_FOUND,
  'unkey:limits': rendering(403, 'Forbidden'),
  'user:bad_request': BAD_REQUEST,
  'user:unprocessable_entity': UNPROCESSABLE,
  'user:too_many_requests': TOO_MANY_REQUESTS,
};

const CATALOGUE: ReadonlyMap<ErrorCode, ErrorRendering> = new Map(
  ERROR_CODES.map((code) => [
    code,
    EXCEPTIONS[code] ?? GROUPS[code.slice(0, code.lastIndexOf(':'))] ?? INTERNAL,
  ]),
);

/** Status and title of a code. Source: the error catalogue of the HTTP contract. */
export function errorRendering(code: ErrorCode): ErrorRendering {
  return CATALOGUE.get(code) ?? INTERNAL;
}
