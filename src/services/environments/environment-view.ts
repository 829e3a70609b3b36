import type { Logger } from '../../lib/logger.ts';
import { idsOf } from '../../lib/rows.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import {
  type BuildSettingsRow,
  listBuildSettings,
  listRegionalSettings,
  listRuntimeSettings,
  type RegionalSettingsRow,
  type RuntimeSettingsRow,
} from '../../storage/sql/queries/environment-settings.ts';
import type { EnvironmentRow } from '../../storage/sql/queries/environments.ts';
import { type RuntimeView, runtimeView } from '../deployments/runtime-view.ts';
import { parseStringList } from '../deployments/stored-json.ts';

export interface BuildView {
  readonly rootDirectory: string;
  readonly dockerfile?: string;
  readonly buildCommand?: string;
  readonly watchPaths: readonly string[];
  readonly autoDeploy: boolean;
}

export interface RegionView {
  readonly name: string;
  readonly replicas: { readonly min: number; readonly max: number };
}

export interface EnvironmentView {
  readonly id: string;
  readonly slug: string;
  readonly description: string;
  readonly kind: string;
  readonly deleteProtection: boolean;
  readonly createdAt: number;
  readonly updatedAt?: number;
  readonly runtime?: RuntimeView & { readonly openapiSpecPath?: string };
  readonly build?: BuildView;
  readonly regions?: readonly RegionView[];
}

/** Environments of one app as callers see them, with their settings. */
export async function environmentViews(
  q: Queryable,
  appId: string,
  environments: readonly EnvironmentRow[],
  log: Logger,
): Promise<EnvironmentView[]> {
  if (environments.length === 0) return [];
  const of = { appId, environmentIds: idsOf(environments) };
  const [runtime, build, regional] = await Promise.all([
    listRuntimeSettings(q, of),
    listBuildSettings(q, of),
    listRegionalSettings(q, of),
  ]);
  const regionsOf = Map.groupBy(regional, ({ environmentId }) => environmentId);
  return environments.map((environment) => {
    const isOfIt = ({ environmentId }: { readonly environmentId: string }) =>
      environmentId === environment.id;
    const runs = runtime.find(isOfIt);
    const builds = build.find(isOfIt);
    const regions = regionsOf.get(environment.id);
    return {
      ...membersOf(environment),
      ...(runs && { runtime: runtimeOf(runs, log) }),
      ...(builds && { build: buildOf(builds, log) }),
      ...(regions && { regions: regions.map(regionOf) }),
    };
  });
}

function membersOf(environment: EnvironmentRow): EnvironmentView {
  const { id, slug, description, kind, deleteProtection, createdAt, updatedAt } = environment;
  return {
    id,
    slug,
    description,
    kind,
    deleteProtection: Boolean(deleteProtection),
    createdAt,
    ...(updatedAt === null ? undefined : { updatedAt }),
  };
}

function runtimeOf(row: RuntimeSettingsRow, log: Logger): NonNullable<EnvironmentView['runtime']> {
  const { environmentId, openapiSpecPath } = row;
  return {
    ...runtimeView(row, log, { environmentId }),
    ...(openapiSpecPath === null ? undefined : { openapiSpecPath }),
  };
}

function buildOf(row: BuildSettingsRow, log: Logger): BuildView {
  const { environmentId, rootDirectory, dockerfile, buildCommand, watchPaths, autoDeploy } = row;
  return {
    rootDirectory,
    ...(dockerfile === null ? undefined : { dockerfile }),
    ...(buildCommand === null ? undefined : { buildCommand }),
    watchPaths: parseStringList(watchPaths, log, { environmentId }),
    autoDeploy: Boolean(autoDeploy),
  };
}

function regionOf({ name, replicas, replicasMin, replicasMax }: RegionalSettingsRow): RegionView {
  return { name, replicas: { min: replicasMin ?? replicas, max: replicasMax ?? replicas } };
}
