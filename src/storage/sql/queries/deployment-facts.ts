// What the control plane records of deployments beside their rows: steps, placement and routes.

import type { Queryable } from '../database.ts';

export interface StepErrorRow {
  readonly deploymentId: string;
  readonly step: string;
  readonly error: string;
}

/** Steps of these deployments that recorded an error, the last to start last. */
export function listStepErrors(q: Queryable, deploymentIds: readonly string[]): Promise<StepErrorRow[]> {
  return q.all<StepErrorRow>(
    'listStepErrors',
    `SELECT deployment_id AS deploymentId, step, error FROM deployment_steps
      WHERE deployment_id IN (:deploymentIds) AND error IS NOT NULL AND error <> ''
      ORDER BY started_at, pk`,
    { deploymentIds },
  );
}

export interface DeploymentRegionRow {
  readonly deploymentId: string;
  readonly name: string;
}

/** The regions that these deployments are placed in. */
export function listDeploymentRegions(
  q: Queryable,
  deploymentIds: readonly string[],
): Promise<DeploymentRegionRow[]> {
  return q.all<DeploymentRegionRow>(
    'listDeploymentRegions',
    `SELECT t.deployment_id AS deploymentId, r.name AS name
       FROM deployment_topology t
       JOIN regions r ON r.id = t.region_id
      WHERE t.deployment_id IN (:deploymentIds)`,
    { deploymentIds },
  );
}

export interface DeploymentHostnameRow {
  readonly deploymentId: string;
  readonly hostname: string;
}

/** The hostnames that lead to these deployments. */
export function listDeploymentHostnames(
  q: Queryable,
  deploymentIds: readonly string[],
): Promise<DeploymentHostnameRow[]> {
  return q.all<DeploymentHostnameRow>(
    'listDeploymentHostnames',
    `SELECT deployment_id AS deploymentId, fully_qualified_domain_name AS hostname FROM frontline_routes
      WHERE deployment_id IN (:deploymentIds)`,
    { deploymentIds },
  );
}
