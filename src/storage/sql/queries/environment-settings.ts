// What environments are configured with, as it is read. Rows belong to an app's environment; one of other apps that names
// the same environment does not count.

import type { Queryable, SqlParams } from '../database.ts';

/** Environments of one app. */
export interface EnvironmentsOfApp {
  readonly appId: string;
  readonly environmentIds: readonly string[];
}

export interface RuntimeSettingsRow {
  readonly environmentId: string;
  readonly port: number;
  readonly cpuMillicores: number;
  readonly memoryMib: number;
  readonly storageMib: number;
  /** JSON: a list of strings. */
  readonly command: string;
  /** JSON; null, or the JSON `null`, when there is none. */
  readonly healthcheck: string | null;
  readonly shutdownSignal: string;
  readonly upstreamProtocol: string;
  readonly openapiSpecPath: string | null;
}

export interface BuildSettingsRow {
  readonly environmentId: string;
  readonly dockerfile: string | null;
  readonly rootDirectory: string;
  readonly buildCommand: string | null;
  /** JSON: a list of strings. */
  readonly watchPaths: string;
  readonly autoDeploy: number;
}

export interface RegionalSettingsRow {
  readonly environmentId: string;
  /** Name of the region. */
  readonly name: string;
  readonly replicas: number;
  /** Bounds of the autoscaling policy; null where there is none. */
  readonly replicasMin: number | null;
  readonly replicasMax: number | null;
}

export function listRuntimeSettings(q: Queryable, of: EnvironmentsOfApp): Promise<RuntimeSettingsRow[]> {
  return q.all<RuntimeSettingsRow>(
    'listRuntimeSettings',
    `SELECT environment_id AS environmentId, port, cpu_millicores AS cpuMillicores, memory_mib AS memoryMib,
            storage_mib AS storageMib, command, healthcheck, shutdown_signal AS shutdownSignal,
            upstream_protocol AS upstreamProtocol, openapi_spec_path AS openapiSpecPath
       FROM app_runtime_settings
      WHERE app_id = :appId AND environment_id IN (:environmentIds)`,
    paramsOf(of),
  );
}

export function listBuildSettings(q: Queryable, of: EnvironmentsOfApp): Promise<BuildSettingsRow[]> {
  return q.all<BuildSettingsRow>(
    'listBuildSettings',
    `SELECT environment_id AS environmentId, dockerfile, docker_context AS rootDirectory,
            build_command AS buildCommand, watch_paths AS watchPaths, auto_deploy AS autoDeploy
       FROM app_build_settings
      WHERE app_id = :appId AND environment_id IN (:environmentIds)`,
    paramsOf(of),
  );
}

/** By the name of the region. */
export function listRegionalSettings(q: Queryable, of: EnvironmentsOfApp): Promise<RegionalSettingsRow[]> {
  return q.all<RegionalSettingsRow>(
    'listRegionalSettings',
    `SELECT s.environment_id AS environmentId, r.name AS name, s.replicas AS replicas,
            p.replicas_min AS replicasMin, p.replicas_max AS replicasMax
       FROM app_regional_settings s
       JOIN regions r ON r.id = s.region_id
       LEFT JOIN horizontal_autoscaling_policies p ON p.id = s.horizontal_autoscaling_policy_id
      WHERE s.app_id = :appId AND s.environment_id IN (:environmentIds)
      ORDER BY r.name`,
    paramsOf(of),
  );
}

function paramsOf({ appId, environmentIds }: EnvironmentsOfApp): SqlParams {
  return { appId, environmentIds };
}
