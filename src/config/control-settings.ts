import type { ControlPlaneConfig } from './server-config.ts';

interface Reader {
  optional(path: string): string | undefined;
  boolean(path: string): boolean;
  list(path: string): readonly string[] | undefined;
  durationMs(path: string): number;
}

/** The settings of a control plane; `prefix` is where they stand in the file, `control.` or nothing. */
export function controlSettings(read: Reader, prefix: '' | 'control.'): ControlPlaneConfig {
  const [program, ...args] = read.list(`${prefix}runner.command`) ?? [];
  return {
    runner:
      program === undefined
        ? undefined
        : { command: [program, ...args], timeoutMs: read.durationMs(`${prefix}runner.timeout`) },
    domain: read.optional(`${prefix}domain`),
    regions: read.list(`${prefix}regions`) ?? [],
    requirePlan: read.boolean(`${prefix}require_plan`),
  };
}
