import { PROBLEM } from '../../services/deployments/deployability.ts';
import type { AllocationLimitsRow, AllocationRow } from '../../storage/sql/queries/control/placement.ts';

/** What the allocations take up together, each times its replicas. */
function totals(allocations: readonly AllocationRow[]) {
  const sum = (part: (allocation: AllocationRow) => number): number =>
    allocations.reduce((total, allocation) => total + part(allocation) * allocation.replicasMax, 0);
  return {
    cpuMillicores: sum(({ cpuMillicores }) => cpuMillicores),
    memoryMib: sum(({ memoryMib }) => memoryMib),
    storageMib: sum(({ storageMib }) => storageMib),
  };
}

/** Which limits the allocations exceed, a message each; none when the workspace has no limits. */
export function quotaProblems(
  limits: AllocationLimitsRow | undefined,
  allocations: readonly AllocationRow[],
): string[] {
  if (limits === undefined) return [];
  const { cpuMillicores, memoryMib, storageMib } = totals(allocations);
  const problem = (kind: string, needed: number, allowed: number, unit: string): string[] =>
    needed > allowed ? [`${kind}: ${needed} of ${allowed} ${unit}`] : [];
  return [
    ...problem(PROBLEM.cpuQuota, cpuMillicores / 1000, limits.cpuCores, 'cores'),
    ...problem(PROBLEM.memoryQuota, memoryMib, limits.memoryMib, 'MiB'),
    ...problem(PROBLEM.storageQuota, storageMib, limits.storageMib, 'MiB'),
  ];
}
