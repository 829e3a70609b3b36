// The audit events of the links between a key and its permissions and roles.

import type { AttachedPermissionRow, AttachedRoleRow } from '../../storage/sql/queries/key-grants.ts';
import type { AuditEvent, AuditTarget } from '../audit/audit-log.ts';

interface NamedKey {
  readonly id: string;
  readonly name: string | null | undefined;
}

export function permissionConnected(key: NamedKey, permission: AttachedPermissionRow): AuditEvent {
  return {
    event: 'authorization.connect_permission_and_key',
    description: `Connected permission ${permission.name ?? permission.id} to key ${key.id}`,
    targets: [keyTarget(key), permissionTarget(permission)],
  };
}

export function permissionDisconnected(key: NamedKey, permission: AttachedPermissionRow): AuditEvent {
  return {
    event: 'authorization.disconnect_permission_and_key',
    description: `Disconnected permission ${permission.name ?? permission.id} from key ${key.id}`,
    targets: [keyTarget(key), permissionTarget(permission)],
  };
}

export function roleConnected(key: NamedKey, role: AttachedRoleRow): AuditEvent {
  return {
    event: 'authorization.connect_role_and_key',
    description: `Connected role ${role.name ?? role.id} to key ${key.id}`,
    targets: [keyTarget(key), roleTarget(role)],
  };
}

export function roleDisconnected(key: NamedKey, role: AttachedRoleRow): AuditEvent {
  return {
    event: 'authorization.disconnect_role_and_key',
    description: `Disconnected role ${role.name ?? role.id} from key ${key.id}`,
    targets: [keyTarget(key), roleTarget(role)],
  };
}

function keyTarget({ id, name }: NamedKey): AuditTarget {
  return { type: 'key', id, name: name ?? null };
}

function permissionTarget({ id, slug }: AttachedPermissionRow): AuditTarget {
  return { type: 'permission', id, name: slug };
}

function roleTarget({ id, name }: AttachedRoleRow): AuditTarget {
  return { type: 'role', id, name };
}
