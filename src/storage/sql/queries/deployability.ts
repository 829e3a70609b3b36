// What decides whether an environment can be deployed to.

import type { Queryable } from '../database.ts';

export interface RuntimeNeedsRow {
  readonly port: number;
  readonly cpuMillicores: number;
  readonly memoryMib: number;
}

/** The runtime settings of the app's environment that have bounds, or undefined when it has none. */
export async function findRuntimeNeeds(
  q: Queryable,
  appId: string,
  environmentId: string,
): Promise<RuntimeNeedsRow | undefined> {
  const rows = await q.all<RuntimeNeedsRow>(
    'findRuntimeNeeds',
    `SELECT port, cpu_millicores AS cpuMillicores, memory_mib AS memoryMib FROM app_runtime_settings
      WHERE app_id = :appId AND environment_id = :environmentId`,
    { appId, environmentId },
  );
  return rows[0];
}

/** Whether one of the regions of the app's environment takes new deployments. */
export async function hasSchedulableRegion(
  q: Queryable,
  appId: string,
  environmentId: string,
): Promise<boolean> {
  const rows = await q.all<{ id: string }>(
    'hasSchedulableRegion',
    `SELECT r.id AS id
       FROM app_regional_settings s
       JOIN regions r ON r.id = s.region_id
      WHERE s.app_id = :appId AND s.environment_id = :environmentId AND r.can_schedule = :canSchedule
      LIMIT 1`,
    { appId, environmentId, canSchedule: true },
  );
  return rows.length > 0;
}
