// Hostnames, and the deployments that they lead to.

import type { Queryable } from '../../database.ts';
import { deleteByPk } from '../../delete-by-pk.ts';
import { insertOrKeep } from '../../dialect.ts';

/** What a hostname follows: one deployment, the newest of a branch or of an environment, or the app's current one. */
export type Stickiness = 'none' | 'branch' | 'environment' | 'live' | 'deployment';

export interface RouteRow {
  readonly hostname: string;
  readonly sticky: Stickiness;
  readonly deploymentId: string;
}

export interface RouteTarget {
  readonly id: string;
  readonly projectId: string;
  readonly appId: string;
  readonly environmentId: string;
}

/** Leads hostnames to a deployment. A hostname of another app is left alone. `id` names a new route. */
export async function pointRoutes(
  q: Queryable,
  target: RouteTarget,
  routes: readonly { readonly id: string; readonly hostname: string; readonly sticky: Stickiness }[],
  now: number,
): Promise<void> {
  if (routes.length === 0) return;
  await insertOrKeep(
    q,
    'insertRoutes',
    'frontline_routes',
    routes.map(({ id, hostname, sticky }) => ({
      id,
      project_id: target.projectId,
      app_id: target.appId,
      deployment_id: target.id,
      environment_id: target.environmentId,
      fully_qualified_domain_name: hostname,
      sticky,
      created_at: now,
    })),
    ['fully_qualified_domain_name'],
  );
  await q.run(
    'pointRoutes',
    `UPDATE frontline_routes
        SET deployment_id = :deploymentId, environment_id = :environmentId, updated_at = :now
      WHERE fully_qualified_domain_name IN (:hostnames) AND app_id = :appId AND deployment_id <> :deploymentId`,
    {
      deploymentId: target.id,
      environmentId: target.environmentId,
      appId: target.appId,
      hostnames: routes.map(({ hostname }) => hostname),
      now,
    },
  );
}

/** Leads what follows the environment, or the app's current deployment, to another deployment of the environment. */
export async function moveTraffic(
  q: Queryable,
  target: Pick<RouteTarget, 'id' | 'environmentId'>,
  now: number,
): Promise<void> {
  await q.run(
    'moveTraffic',
    `UPDATE frontline_routes SET deployment_id = :id, updated_at = :now
      WHERE environment_id = :environmentId AND sticky IN ('live', 'environment') AND deployment_id <> :id`,
    { id: target.id, environmentId: target.environmentId, now },
  );
}

/** All routes of an environment, by hostname. */
export function listEnvironmentRoutes(q: Queryable, environmentId: string): Promise<RouteRow[]> {
  return q.all<RouteRow>(
    'listEnvironmentRoutes',
    `SELECT fully_qualified_domain_name AS hostname, sticky, deployment_id AS deploymentId
       FROM frontline_routes WHERE environment_id = :environmentId ORDER BY fully_qualified_domain_name`,
    { environmentId },
  );
}

/** Takes a hostname from a project. Yields the environment that it was one of; undefined when the project did not have it. */
export async function deleteRoute(
  q: Queryable,
  { projectId, hostname }: { readonly projectId: string; readonly hostname: string },
): Promise<string | undefined> {
  const rows = await q.all<{ pk: number; environmentId: string }>(
    'findRoute',
    `SELECT pk, environment_id AS environmentId FROM frontline_routes
      WHERE fully_qualified_domain_name = :hostname AND project_id = :projectId`,
    { hostname, projectId },
  );
  await deleteByPk(
    q,
    'deleteRoute',
    'frontline_routes',
    rows.map(({ pk }) => pk),
  );
  return rows[0]?.environmentId;
}
