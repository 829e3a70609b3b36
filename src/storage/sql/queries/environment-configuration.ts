// Writing what environments are configured with. A row is made with the defaults of its columns where none is there yet;
// columns that are not named keep their value.

import type { Queryable, SqlValue } from '../database.ts';
import { insertOrKeep, type RowValues } from '../dialect.ts';
import { updateRow } from '../update-row.ts';

/** Whose settings these are. */
export interface SettingsOwner {
  readonly workspaceId: string;
  readonly appId: string;
  readonly environmentId: string;
}

/** What is undefined stays; null clears. */
export interface BuildChanges {
  readonly dockerfile?: string | null | undefined;
  readonly rootDirectory?: string | undefined;
  readonly buildCommand?: string | null | undefined;
  /** JSON: a list of strings. */
  readonly watchPaths?: string | undefined;
  readonly autoDeploy?: boolean | undefined;
}

/** `now` in unix milliseconds, as below. */
export async function updateBuildSettings(
  q: Queryable,
  owner: SettingsOwner,
  changes: BuildChanges,
  now: number,
): Promise<void> {
  const row = { ...ownerColumns(owner), created_at: now };
  await insertOrKeep(q, 'insertBuildSettings', 'app_build_settings', [row], PER_ENVIRONMENT);
  const columns = {
    dockerfile: changes.dockerfile,
    docker_context: changes.rootDirectory,
    build_command: changes.buildCommand,
    watch_paths: changes.watchPaths,
    auto_deploy: changes.autoDeploy,
    updated_at: now,
  };
  await updateRow(q, 'updateBuildSettings', 'app_build_settings', columns, uniqueKey(owner));
}

/** What is undefined stays; null clears. */
export interface RuntimeChanges {
  readonly port?: number | undefined;
  readonly cpuMillicores?: number | undefined;
  readonly memoryMib?: number | undefined;
  readonly storageMib?: number | undefined;
  /** JSON: a list of strings. */
  readonly command?: string | undefined;
  /** JSON. */
  readonly healthcheck?: string | null | undefined;
  readonly shutdownSignal?: string | undefined;
  readonly upstreamProtocol?: string | undefined;
  readonly openapiSpecPath?: string | null | undefined;
}

export async function updateRuntimeSettings(
  q: Queryable,
  owner: SettingsOwner,
  changes: RuntimeChanges,
  now: number,
): Promise<void> {
  const row = { ...ownerColumns(owner), sentinel_config: new Uint8Array(), created_at: now };
  await insertOrKeep(q, 'insertRuntimeSettings', 'app_runtime_settings', [row], PER_ENVIRONMENT);
  const columns = {
    port: changes.port,
    cpu_millicores: changes.cpuMillicores,
    memory_mib: changes.memoryMib,
    storage_mib: changes.storageMib,
    command: changes.command,
    healthcheck: changes.healthcheck,
    shutdown_signal: changes.shutdownSignal,
    upstream_protocol: changes.upstreamProtocol,
    openapi_spec_path: changes.openapiSpecPath,
    updated_at: now,
  };
  await updateRow(q, 'updateRuntimeSettings', 'app_runtime_settings', columns, uniqueKey(owner));
}

const PER_ENVIRONMENT = ['app_id', 'environment_id'];

function ownerColumns({ workspaceId, appId, environmentId }: SettingsOwner): Record<string, SqlValue> {
  return { workspace_id: workspaceId, app_id: appId, environment_id: environmentId };
}

function uniqueKey({ appId, environmentId }: SettingsOwner): RowValues {
  return { app_id: appId, environment_id: environmentId };
}
