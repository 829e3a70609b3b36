import { PROBLEM } from './deployability.ts';

export const FAILURE_CODES = [
  'no_schedulable_regions',
  'invalid_runtime_settings',
  'cpu_quota_exceeded',
  'memory_quota_exceeded',
  'storage_quota_exceeded',
  'build_failed',
  'unknown',
] as const;

export type FailureCode = (typeof FAILURE_CODES)[number];

const BY_MESSAGE: readonly (readonly [fragment: string, code: FailureCode])[] = [
  [PROBLEM.noRegion, 'no_schedulable_regions'],
  [PROBLEM.cpuQuota, 'cpu_quota_exceeded'],
  [PROBLEM.memoryQuota, 'memory_quota_exceeded'],
  [PROBLEM.storageQuota, 'storage_quota_exceeded'],
  [PROBLEM.port, 'invalid_runtime_settings'],
  [PROBLEM.cpu, 'invalid_runtime_settings'],
  [PROBLEM.memory, 'invalid_runtime_settings'],
];

/** Why a deployment failed, for programs: by the step that failed, else by what was recorded, in any letter case. */
export function failureCode(step: string, message: string): FailureCode {
  if (step === 'building') return 'build_failed';
  const recorded = message.toLowerCase();
  return BY_MESSAGE.find(([fragment]) => recorded.includes(fragment.toLowerCase()))?.[1] ?? 'unknown';
}
