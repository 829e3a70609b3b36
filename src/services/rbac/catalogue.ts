// Every permission there is to grant: what the root-key commands offer, check and suggest. Source: the tuple and
// resource-path catalogues of the authorization model.

import { nearest } from '../../lib/nearest.ts';
import { parseResourcePermission } from './resource-permission.ts';

/**
 * Actions by resource type. Some are granted by older tools although nothing checks them (`api.*.update_api`); some are
 * asked for with `*` only (`api.*.create_api`).
 */
const TUPLE_ACTIONS = {
  api: [
    'create_api',
    'read_api',
    'update_api',
    'delete_api',
    'create_key',
    'read_key',
    'update_key',
    'delete_key',
    'verify_key',
    'encrypt_key',
    'decrypt_key',
    'read_analytics',
  ],
  ratelimit: [
    'create_namespace',
    'read_namespace',
    'update_namespace',
    'delete_namespace',
    'limit',
    'set_override',
    'read_override',
    'delete_override',
    'list_overrides',
    'read_analytics',
  ],
  rbac: [
    'create_permission',
    'read_permission',
    'update_permission',
    'delete_permission',
    'create_role',
    'read_role',
    'update_role',
    'delete_role',
    'add_permission_to_key',
    'remove_permission_from_key',
    'add_role_to_key',
    'remove_role_from_key',
    'add_permission_to_role',
    'remove_permission_from_role',
  ],
  identity: ['create_identity', 'update_identity', 'delete_identity', 'read_identity'],
  project: [
    'create_project',
    'read_project',
    'update_project',
    'delete_project',
    'create_app',
    'create_deployment',
    'read_deployment',
    'generate_upload_url',
    'read_gateway_requests',
    'read_runtime_logs',
  ],
  app: ['read_app', 'update_app', 'delete_app', 'connect_repository'],
  environment: [
    'read_environment',
    'update_environment',
    'read_environment_variables',
    'set_environment_variables',
    'remove_environment_variables',
    'create_deployment',
    'read_deployment',
    'start_deployment',
    'stop_deployment',
    'promote_deployment',
    'rollback_deployment',
    'read_policies',
    'set_policies',
    'update_policy',
    'create_domain',
    'read_domain',
    'verify_domain',
    'delete_domain',
  ],
  portal: ['create_portal', 'read_portal', 'update_portal', 'delete_portal', 'create_portal_session'],
  workspace: ['install_github', 'read_workspace'],
} as const;

/** Actions of resource permissions, whatever their path. */
const RESOURCE_ACTIONS: readonly string[] = [
  'read_keyspace',
  'create_key',
  'read_key',
  'update_key',
  'delete_key',
  'verify_key',
  'encrypt_key',
  'decrypt_key',
  'set_override',
  'read_override',
  'delete_override',
  'create_permission',
  'create_project',
  'update_project',
  'delete_project',
  'create_identity',
  'read_identity',
  'update_identity',
  'delete_identity',
  'create_app',
  'delete_app',
  'create_environment',
  'read_environment',
  'update_environment',
  'read_environment_variables',
  'set_environment_variables',
  'remove_environment_variables',
  'create_domain',
  'create_variable',
  'create_deployment',
  'start_deployment',
  'stop_deployment',
  'promote_deployment',
  'rollback_deployment',
  'create_portal',
  'read_portal',
  'update_portal',
  'delete_portal',
  'create_portal_session',
];

/** Longest permission that the store can hold, in characters. */
export const MAX_PERMISSION_LENGTH = 128;

/** Every tuple of the catalogue for one resource id. */
function tuplesFor(id: string): string[] {
  return Object.entries(TUPLE_ACTIONS).flatMap(([type, actions]) =>
    actions.map((action) => `${type}.${id}.${action}`),
  );
}

/** Every tuple permission, its resource id written as `*`. */
export const TUPLE_PERMISSIONS: readonly string[] = tuplesFor('*');

/**
 * Named sets of permissions for root keys. `full` is every tuple: no operation asks for a resource permission without
 * offering a tuple in its place.
 */
export const PERMISSION_PRESETS = {
  full: TUPLE_PERMISSIONS,
  'read-only': TUPLE_PERMISSIONS.filter((permission) => /\.(read|list)_/.test(permission)),
  'verify-only': ['api.*.verify_key'],
  'ratelimit-only': ['ratelimit.*.limit', 'ratelimit.*.create_namespace'],
} as const satisfies Record<string, readonly string[]>;

export type PermissionPreset = keyof typeof PERMISSION_PRESETS;

export type PermissionCheck =
  | { readonly ok: true }
  /** `reason` completes "the permission …"; `nearest` is a known permission that was probably meant. */
  | { readonly ok: false; readonly reason: string; readonly nearest?: string };

/**
 * Whether a string can be granted to a root key: a tuple `type.id.action` of the catalogue with any id, or a well-formed
 * resource permission with a known action. The API itself compares stored grants without checking them.
 */
export function checkPermission(permission: string): PermissionCheck {
  if (permission.length > MAX_PERMISSION_LENGTH) {
    return { ok: false, reason: `is longer than ${MAX_PERMISSION_LENGTH} characters` };
  }
  return permission.startsWith('unkey:') ? checkResourcePermission(permission) : checkTuple(permission);
}

function checkTuple(permission: string): PermissionCheck {
  const [, id, ...rest] = permission.split('.');
  const candidates = tuplesFor(id !== undefined && id !== '' && rest.length === 1 ? id : '*');
  return candidates.includes(permission) ? { ok: true } : unknown(permission, candidates);
}

function checkResourcePermission(permission: string): PermissionCheck {
  const parsed = parseResourcePermission(permission);
  if (parsed === undefined) {
    return { ok: false, reason: 'is not of the form unkey:v1:<workspace id>:<path>#<action>' };
  }
  if (parsed.action === '*' || RESOURCE_ACTIONS.includes(parsed.action)) return { ok: true };
  const name = permission.slice(0, permission.indexOf('#'));
  return unknown(
    permission,
    RESOURCE_ACTIONS.map((action) => `${name}#${action}`),
  );
}

function unknown(permission: string, candidates: readonly string[]): PermissionCheck {
  const meant = nearest(permission, candidates);
  return { ok: false, reason: 'is not known', ...(meant === undefined ? {} : { nearest: meant }) };
}
