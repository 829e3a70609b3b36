// What an environment needs before anything can be deployed to it, and the words for what is wrong. The control plane
// records the same words when a deployment fails for one of these reasons; failure-code.ts reads them back.

export const MAX_PORT = 65_535;
export const MIN_CPU_MILLICORES = 250;
export const MIN_MEMORY_MIB = 256;

/** The part of each message that names its kind. */
export const PROBLEM = {
  noRegion: 'no regions configured',
  port: `outside 1-${MAX_PORT}`,
  cpu: `below ${MIN_CPU_MILLICORES} millicores`,
  memory: `below ${MIN_MEMORY_MIB} MiB`,
  cpuQuota: 'CPU quota exceeded',
  memoryQuota: 'Memory quota exceeded',
  storageQuota: 'Storage quota exceeded',
} as const;

export interface RuntimeNeeds {
  readonly port: number;
  readonly cpuMillicores: number;
  readonly memoryMib: number;
}

/**
 * Everything that keeps an environment from being deployed to, a message each; empty when nothing does.
 * @param runtime undefined when the environment has no runtime settings
 * @param hasRegion whether one of its regions takes new deployments
 */
export function deployabilityProblems(runtime: RuntimeNeeds | undefined, hasRegion: boolean): string[] {
  const problems = runtime === undefined ? ['no runtime settings'] : runtimeProblems(runtime);
  return hasRegion ? problems : [...problems, PROBLEM.noRegion];
}

function runtimeProblems({ port, cpuMillicores, memoryMib }: RuntimeNeeds): string[] {
  return [
    ...(port < 1 || port > MAX_PORT ? [`port ${port} is ${PROBLEM.port}`] : []),
    ...(cpuMillicores < MIN_CPU_MILLICORES ? [`cpu ${cpuMillicores} is ${PROBLEM.cpu}`] : []),
    ...(memoryMib < MIN_MEMORY_MIB ? [`memory ${memoryMib} is ${PROBLEM.memory}`] : []),
  ];
}
