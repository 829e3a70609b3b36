import { Fault } from '../../lib/fault.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import {
  type SettingsOwner,
  updateBuildSettings,
  updateRuntimeSettings,
} from '../../storage/sql/queries/environment-configuration.ts';
import { type EnvironmentRow, lockEnvironment } from '../../storage/sql/queries/environments.ts';
import { findRegions } from '../../storage/sql/queries/placements.ts';
import { findInstanceLimits, type InstanceLimits } from '../../storage/sql/queries/workspaces.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import type { EnvironmentDeps } from './environment-deps.ts';
import { environmentUpdated } from './environment-events.ts';
import { environmentNotFound } from './environment-faults.ts';
import { placeEnvironment } from './place-environment.ts';
import { ownerOf } from './settings-owner.ts';
import {
  type BuildPatch,
  isGiven,
  type RegionSetting,
  type RuntimePatch,
  type SettingsPatch,
} from './settings-patch.ts';
import {
  millicores,
  refuseBadDirectory,
  refuseExcess,
  type WantedRegion,
  wantedRegions,
} from './settings-rules.ts';

/** Regions are looked up under this name, whatever the platform of the configuration. Source: the same section. */
const REGION_PLATFORM = 'aws';

/**
 * Changes what is given, for deployments to come. Nothing given, nothing written. Throws a Fault: `invalid_input`,
 * `environment_not_found`, `unexpected_error` (the workspace has no limits), `service_unavailable`.
 */
export async function updateSettings(
  deps: EnvironmentDeps,
  caller: Caller,
  environment: EnvironmentRow,
  { build, runtime, regions }: SettingsPatch,
): Promise<void> {
  const changesBuild = isGiven(build);
  const changesRuntime = isGiven(runtime);
  if (!changesBuild && !changesRuntime && regions === undefined) return;

  let wanted: readonly WantedRegion[] | undefined;
  if (changesRuntime || regions !== undefined) {
    const limits = await instanceLimits(deps, environment.workspaceId);
    refuseExcess(runtime, limits);
    wanted = regions && (await lookUpRegions(deps, regions, limits));
  }
  if (build.rootDirectory !== undefined) refuseBadDirectory(build.rootDirectory);

  await reportingStoreFailure('updating settings', () =>
    deps.db.transaction(async (tx) => {
      const owner = ownerOf(environment);
      const now = deps.clock.now();
      if (wanted !== undefined) await holdEnvironment(tx, environment);
      if (changesBuild) await storeBuild(tx, owner, build, now);
      if (changesRuntime) await storeRuntime(tx, owner, runtime, now);
      if (wanted !== undefined) await placeEnvironment(tx, deps, owner, wanted);
      writeCallerEvents(tx, caller, { events: [environmentUpdated(environment)] }, deps);
    }),
  );
}

async function instanceLimits({ db }: EnvironmentDeps, workspaceId: string): Promise<InstanceLimits> {
  const limits = await reportingStoreFailure('loading limits', () =>
    findInstanceLimits(db.replica, workspaceId),
  );
  if (limits !== undefined) return limits;
  throw new Fault('unkey:application:unexpected_error', {
    public: 'The limits of the workspace are not set. Please contact support.',
    internal: `workspace ${workspaceId} has no row in limits`,
  });
}

async function lookUpRegions(
  { db }: EnvironmentDeps,
  regions: readonly RegionSetting[],
  limits: InstanceLimits,
): Promise<WantedRegion[]> {
  const names = regions.map(({ name }) => name);
  const known = await reportingStoreFailure('loading regions', () =>
    findRegions(db.replica, REGION_PLATFORM, names),
  );
  return wantedRegions(regions, known, limits.replicas);
}

/** Locks the environment, so that two callers do not place it at once. */
async function holdEnvironment(tx: Transaction, { workspaceId, id }: EnvironmentRow): Promise<void> {
  if ((await lockEnvironment(tx, workspaceId, id)) === undefined) throw environmentNotFound();
}

function storeBuild(tx: Transaction, owner: SettingsOwner, build: BuildPatch, now: number): Promise<void> {
  return updateBuildSettings(tx, owner, { ...build, watchPaths: json(build.watchPaths) }, now);
}

function storeRuntime(
  tx: Transaction,
  owner: SettingsOwner,
  { vCpus, command, healthcheck, ...columns }: RuntimePatch,
  now: number,
): Promise<void> {
  const changes = {
    ...columns,
    cpuMillicores: vCpus === undefined ? undefined : millicores(vCpus),
    command: json(command),
    healthcheck: healthcheck === null ? null : json(healthcheck),
  };
  return updateRuntimeSettings(tx, owner, changes, now);
}

function json(value: object | undefined): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
