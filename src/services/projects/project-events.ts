import type { ProjectRow } from '../../storage/sql/queries/projects.ts';
import type { AuditEvent } from '../audit/audit-log.ts';

/** @param project as it is after the change */
export function projectUpdated({ id, name, slug, deleteProtection }: ProjectRow): AuditEvent {
  return {
    event: 'project.update',
    description: `Updated project ${slug} (${id})`,
    targets: [
      { type: 'project', id, name, meta: { name, slug, deleteProtection: Boolean(deleteProtection) } },
    ],
  };
}
