import type { AuditEvent } from '../audit/audit-log.ts';
import { permissionConnected, roleConnected } from './grant-events.ts';
import type { ImportedKey } from './key-imports.ts';

/** The audit events of a migrated key; nothing tells of what was created on the way. */
export function importEvents(
  { id, settings: { name }, permissions, roles }: ImportedKey,
  {
    api,
    migrationId,
  }: { readonly api: { readonly id: string; readonly name: string }; readonly migrationId: string },
): AuditEvent[] {
  const key = { id, name };
  return [
    ...permissions.map((permission) => permissionConnected(key, permission)),
    ...roles.map((role) => roleConnected(key, role)),
    {
      event: 'key.create',
      description: `Created key ${id} under migration ${migrationId}`,
      targets: [
        { type: 'key', id, name },
        { type: 'api', id: api.id, name: api.name },
      ],
    },
  ];
}
