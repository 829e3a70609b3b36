import type { Principal } from '../../../services/auth/principal.ts';
import type { LocatedEnvironment } from '../../../services/projects/locate.ts';
import { anyOf, type PermissionQuery, resource, tuple } from '../../../services/rbac/query.ts';

/** How requests name an environment: each part by id or slug. */
export interface EnvironmentBody {
  readonly project: string;
  readonly app: string;
  readonly environment: string;
}

/** What an operation on one environment asks of its caller. */
export function environmentPermission(
  { workspaceId }: Principal,
  { project, app, environment }: LocatedEnvironment,
  action: string,
): PermissionQuery {
  return anyOf(
    tuple(`environment.*.${action}`),
    tuple(`environment.${environment.id}.${action}`),
    resource(workspaceId, `projects/${project.id}/apps/${app.id}/environments/${environment.id}`, action),
  );
}
