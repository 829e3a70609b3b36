// The audit events of apps that the API writes itself. Source: the audit table of the platform chapter.

import type { AppRow } from '../../storage/sql/queries/apps.ts';
import type { AuditEvent } from '../audit/audit-log.ts';

/** @param app as it is after the change */
export function appUpdated({ id, name, slug, deleteProtection }: AppRow): AuditEvent {
  return {
    event: 'app.update',
    description: `Updated app ${slug} (${id})`,
    targets: [{ type: 'app', id, name, meta: { name, slug, deleteProtection: Boolean(deleteProtection) } }],
  };
}

export function repositoryConnected(appId: string, repository: string, defaultBranch: string): AuditEvent {
  return {
    event: 'app.connect_repository',
    description: `Connected app ${appId} to branch ${defaultBranch} of ${repository}`,
    targets: [{ type: 'app', id: appId, name: repository, meta: { repository, defaultBranch } }],
  };
}

export function repositoryDisconnected(appId: string): AuditEvent {
  return {
    event: 'app.disconnect_repository',
    description: `Disconnected app ${appId} from its repository`,
    targets: [{ type: 'app', id: appId, name: appId }],
  };
}
