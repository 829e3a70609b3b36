// A deployment as callers see it: optional members appear only when they say something. Source: the deployments section
// of the platform chapter.

import { sortedUnique } from '../../lib/byte-order.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import {
  type DeploymentHostnameRow,
  type DeploymentRegionRow,
  listDeploymentHostnames,
  listDeploymentRegions,
  listStepErrors,
  type StepErrorRow,
} from '../../storage/sql/queries/deployment-facts.ts';
import type { DeploymentRow } from '../../storage/sql/queries/deployments-reading.ts';
import type { EnvironmentKind } from '../../storage/sql/queries/environments.ts';
import type { DeploymentStatus, DesiredState } from './deployment-status.ts';
import { type FailureCode, failureCode } from './failure-code.ts';
import { availableActions, type DeploymentAction, isCurrent } from './lifecycle-rules.ts';
import { type RuntimeView, runtimeView } from './runtime-view.ts';

export interface DeploymentView {
  readonly id: string;
  readonly status: string;
  readonly isCurrent: boolean;
  /** Slugs; empty when the row is gone. */
  readonly environment: string;
  readonly app: string;
  readonly project: string;
  readonly git?: { readonly commitSha: string; readonly branch?: string };
  readonly docker?: { readonly image: string };
  readonly availableActions: readonly DeploymentAction[];
  readonly regions: readonly string[];
  readonly domains: readonly string[];
  readonly runtime: RuntimeView;
  readonly error?: { readonly code: FailureCode; readonly step: string; readonly message: string };
  readonly createdAt: number;
  readonly updatedAt?: number;
}

/** What belongs to one deployment. */
interface Facts {
  readonly regions: readonly DeploymentRegionRow[];
  readonly hostnames: readonly DeploymentHostnameRow[];
  readonly stepErrors: readonly StepErrorRow[];
}

/** Adds to the rows what is recorded beside them; three reads, however many rows there are. */
export async function viewDeployments(
  q: Queryable,
  rows: readonly DeploymentRow[],
  log: Logger,
): Promise<DeploymentView[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const failedIds = rows.filter(({ status }) => status === 'failed').map(({ id }) => id);
  const [regions, hostnames, stepErrors] = await Promise.all([
    listDeploymentRegions(q, ids),
    listDeploymentHostnames(q, ids),
    failedIds.length === 0 ? [] : listStepErrors(q, failedIds),
  ]);
  return rows.map((row) => {
    const own = <Row extends { readonly deploymentId: string }>(facts: readonly Row[]): Row[] =>
      facts.filter(({ deploymentId }) => deploymentId === row.id);
    const facts = { regions: own(regions), hostnames: own(hostnames), stepErrors: own(stepErrors) };
    return deploymentView(row, facts, log);
  });
}

/** @param facts step errors in the order in which the steps began */
function deploymentView(row: DeploymentRow, facts: Facts, log: Logger): DeploymentView {
  return {
    id: row.id,
    status: row.status,
    isCurrent: isCurrent(row),
    environment: row.environmentSlug ?? '',
    app: row.appSlug ?? '',
    project: row.projectSlug ?? '',
    ...sourceView(row),
    availableActions: actionsOf(row),
    regions: sortedUnique(facts.regions.map(({ name }) => name)),
    domains: sortedUnique(facts.hostnames.map(({ hostname }) => hostname)),
    runtime: runtimeView(row, log, { deploymentId: row.id }),
    ...(row.status === 'failed' ? { error: failureView(facts.stepErrors.at(-1)) } : undefined),
    createdAt: row.createdAt,
    ...(row.updatedAt === null ? undefined : { updatedAt: row.updatedAt }),
  };
}

/** The commit when one is recorded, else the image; neither for a branch that is still to be built. */
function sourceView({
  gitCommitSha,
  gitBranch,
  image,
}: DeploymentRow): Pick<DeploymentView, 'git' | 'docker'> {
  if (gitCommitSha)
    return { git: { commitSha: gitCommitSha, ...(gitBranch ? { branch: gitBranch } : undefined) } };
  return image ? { docker: { image } } : {};
}

/** Nothing can be done to a deployment of which a part of its place is gone. */
function actionsOf(row: DeploymentRow): readonly DeploymentAction[] {
  if (row.environmentKind === null || row.appSlug === null || row.projectSlug === null) return [];
  return availableActions({
    id: row.id,
    status: row.status as DeploymentStatus,
    desiredState: row.desiredState as DesiredState,
    environmentKind: row.environmentKind as EnvironmentKind,
    currentDeploymentId: row.currentDeploymentId,
    isRolledBack: Boolean(row.isRolledBack),
  });
}

function failureView(last: StepErrorRow | undefined): NonNullable<DeploymentView['error']> {
  if (last === undefined) {
    return { code: 'unknown', step: '', message: 'The deployment failed without a recorded reason.' };
  }
  return { code: failureCode(last.step, last.error), step: last.step, message: last.error };
}
