// The audit events of permissions and roles. Source: the event catalogue of the audit section.

import type { PermissionRow } from '../../storage/sql/queries/permissions.ts';
import type { HeldPermissionRow } from '../../storage/sql/queries/role-permissions.ts';
import type { RoleRow } from '../../storage/sql/queries/roles.ts';
import type { AuditEvent, AuditTarget } from '../audit/audit-log.ts';

/** Operations differ in what the event tells of the permission beside its name: `meta`. */
export function permissionCreated(permission: PermissionRow, meta?: AuditTarget['meta']): AuditEvent {
  return {
    event: 'permission.create',
    description: `Created permission ${permission.slug} (${permission.id})`,
    targets: [{ ...permissionTarget(permission), ...(meta ? { meta } : undefined) }],
  };
}

/** Created because a request named it, with the slug as its name. */
export function permissionCreatedOnTheWay(permission: PermissionRow): AuditEvent {
  return permissionCreated(permission, { name: permission.name, slug: permission.slug });
}

export function permissionDeleted(permission: PermissionRow): AuditEvent {
  return {
    event: 'permission.delete',
    description: `Deleted permission ${permission.slug} (${permission.id})`,
    targets: [{ ...permissionTarget(permission), meta: permissionMeta(permission) }],
  };
}

/** Everything that a caller chose of a permission. */
export function permissionMeta({ name, slug, description }: PermissionRow): AuditTarget['meta'] {
  return { name, slug, description: description ?? '' };
}

export function roleCreated(role: RoleRow): AuditEvent {
  return {
    event: 'role.create',
    description: `Created role ${role.name} (${role.id})`,
    targets: [{ ...roleTarget(role), meta: roleMeta(role) }],
  };
}

export function roleDeleted(role: RoleRow): AuditEvent {
  return {
    event: 'role.delete',
    description: `Deleted role ${role.name} (${role.id})`,
    targets: [{ ...roleTarget(role), meta: roleMeta(role) }],
  };
}

export function permissionGiven(role: RoleRow, permission: PermissionRow): AuditEvent {
  return {
    event: 'authorization.connect_role_and_permission',
    description: `Gave permission ${permission.slug} (${permission.id}) to role ${role.name} (${role.id})`,
    targets: [roleTarget(role), permissionTarget(permission)],
  };
}

export function permissionTaken(role: RoleRow, permission: HeldPermissionRow): AuditEvent {
  const named = permission.slug === null ? permission.id : `${permission.slug} (${permission.id})`;
  return {
    event: 'authorization.disconnect_role_and_permissions',
    description: `Took permission ${named} from role ${role.name} (${role.id})`,
    targets: [roleTarget(role), permissionTarget(permission)],
  };
}

function permissionTarget({ id, name }: Pick<HeldPermissionRow, 'id' | 'name'>): AuditTarget {
  return { type: 'permission', id, name };
}

function roleTarget({ id, name }: RoleRow): AuditTarget {
  return { type: 'role', id, name };
}

function roleMeta({ name, description }: RoleRow): AuditTarget['meta'] {
  return { name, description: description ?? '' };
}
