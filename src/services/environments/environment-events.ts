import type { EnvironmentRow } from '../../storage/sql/queries/environments.ts';
import type { AuditEvent } from '../audit/audit-log.ts';

/** @param meta what of the environment was changed */
export function environmentUpdated(
  { id, slug }: EnvironmentRow,
  meta: Readonly<Record<string, unknown>> = {},
): AuditEvent {
  return {
    event: 'environment.update',
    description: `Updated environment ${slug} (${id})`,
    targets: [{ type: 'environment', id, name: slug, meta }],
  };
}
