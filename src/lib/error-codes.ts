// Every error code that this service can answer, as the last two segments of its URN grouped by the first two.
// Source: the error catalogue of the HTTP contract. Status and title of each code belong to the server
// (server/error-catalogue.ts); the rooms below only name the code.

const CODES = {
  'unkey:authentication': [
    'missing',
    'malformed',
    'key_not_found',
    'portal_token_missing',
    'portal_session_not_found',
  ],
  'unkey:authorization': ['insufficient_permissions', 'forbidden', 'key_disabled', 'workspace_disabled'],
  'unkey:application': [
    'invalid_input',
    'invalid_environment_settings',
    'protected_resource',
    'precondition_failed',
    'deployment_not_ready',
    'deployment_not_production',
    'deployment_no_current',
    'deployment_is_current',
    'deployment_not_running',
    'deployment_is_stopping',
    'deployment_not_stopped',
    'deployment_is_production',
    'unexpected_error',
    'service_unavailable',
    'assertion_failed',
  ],
  'unkey:data': [
    'api_not_found',
    'app_not_found',
    'audit_log_not_found',
    'deployment_not_found',
    'domain_not_found',
    'environment_not_found',
    'identity_not_found',
    'key_auth_not_found',
    'key_not_found',
    'key_space_not_found',
    'migration_not_found',
    'permission_not_found',
    'policy_not_found',
    'portal_not_found',
    'project_not_found',
    'ratelimit_namespace_not_found',
    'ratelimit_override_not_found',
    'role_not_found',
    'workspace_not_found',
    'app_already_exists',
    'domain_already_exists',
    'identity_already_exists',
    'permission_already_exists',
    'project_already_exists',
    'role_already_exists',
    'ratelimit_namespace_gone',
    'analytics_not_configured',
    'analytics_connection_failed',
  ],
  'unkey:limits': ['custom_domain_limit_exceeded'],
  'user:bad_request': [
    'permissions_query_syntax_error',
    'invalid_analytics_query',
    'invalid_analytics_table',
    'invalid_analytics_function',
    'invalid_analytics_query_type',
    'query_range_exceeds_retention',
    'request_body_unreadable',
    'request_body_too_large',
    'request_timeout',
    'client_closed_request',
    'missing_required_header',
  ],
  'user:unprocessable_entity': [
    'query_execution_timeout',
    'query_memory_limit_exceeded',
    'query_rows_limit_exceeded',
  ],
  'user:too_many_requests': ['query_quota_exceeded', 'workspace_rate_limited'],
} as const;

type Catalogue = typeof CODES;

/** An error code: `<system>:<category>:<specific>`, the URN without its leading `err:`. */
export type ErrorCode = {
  [Group in keyof Catalogue]: `${Group}:${Catalogue[Group][number]}`;
}[keyof Catalogue];

/** All codes, in catalogue order. */
export const ERROR_CODES: readonly ErrorCode[] = Object.entries(CODES).flatMap(([group, specifics]) =>
  specifics.map((specific) => `${group}:${specific}` as ErrorCode),
);

/** The code as a URN, for logs: `err:unkey:data:key_not_found`. */
export function errorUrn(code: ErrorCode): string {
  return `err:${code}`;
}

/** The documentation address that the wire calls `error.type`. */
export function errorTypeUrl(code: ErrorCode): string {
  return `https://unkey.com/docs/errors/${code.replaceAll(':', '/')}`;
}
