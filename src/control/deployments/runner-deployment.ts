import type { RunnableDeploymentRow } from '../../storage/sql/queries/control/deployments.ts';
import type { PlacementRow } from '../../storage/sql/queries/control/placement.ts';
import type { ControlDeps } from '../control-deps.ts';
import type { RunnerDeployment } from '../runners/runner.ts';
import { DeploymentProblem } from './deployment-problem.ts';

/** A stored deployment as a runner is told of it. */
export function runnerDeployment(
  row: RunnableDeploymentRow,
  placements: readonly PlacementRow[],
): RunnerDeployment {
  const isFromGit = row.gitCommitSha !== null || row.gitBranch !== null;
  return {
    id: row.id,
    name: row.k8sName,
    workspaceId: row.workspaceId,
    project: { id: row.projectId, slug: row.projectSlug },
    app: { id: row.appId, slug: row.appSlug },
    environment: { id: row.environmentId, slug: row.environmentSlug, kind: row.environmentKind },
    image: row.image,
    git: isFromGit
      ? {
          repository: row.forkRepository ?? row.repository,
          branch: row.gitBranch,
          commitSha: row.gitCommitSha,
        }
      : null,
    build: {
      dockerfile: row.dockerfile,
      context: row.dockerContext ?? '.',
      command: row.buildCommand,
    },
    command: JSON.parse(row.command),
    port: row.port,
    cpuMillicores: row.cpuMillicores,
    memoryMib: row.memoryMib,
    storageMib: row.storageMib,
    shutdownSignal: row.shutdownSignal,
    upstreamProtocol: row.upstreamProtocol,
    healthcheck: row.healthcheck === null ? null : JSON.parse(row.healthcheck),
    regions: placements.map(({ regionName, replicasMin, replicasMax }) => ({
      name: regionName,
      replicasMin,
      replicasMax,
    })),
  };
}

/**
 * The variables of a deployment in clear text.
 * @throws DeploymentProblem when there are any and there is no Vault; what the Vault throws when it does not answer
 */
export async function readVariables(
  { vault }: Pick<ControlDeps, 'vault'>,
  { environmentId, encryptedVariables }: RunnableDeploymentRow,
): Promise<Readonly<Record<string, string>>> {
  if (encryptedVariables.length === 0) return {};
  const { secrets = {} }: { secrets?: Record<string, string> } = JSON.parse(
    Buffer.from(encryptedVariables).toString(),
  );
  const ciphertexts = new Map(Object.entries(secrets));
  if (ciphertexts.size === 0) return {};
  if (vault === undefined) throw new DeploymentProblem('the variables cannot be read: there is no vault');
  return Object.fromEntries(await vault.decryptBulk(environmentId, ciphertexts));
}
