import type { SettingsOwner } from '../../storage/sql/queries/environment-configuration.ts';
import type { EnvironmentRow } from '../../storage/sql/queries/environments.ts';

/** The environment as rows of its settings and variables name it. */
export function ownerOf({ workspaceId, appId, id }: EnvironmentRow): SettingsOwner {
  return { workspaceId, appId, environmentId: id };
}
