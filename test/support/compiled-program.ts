// The program as it is published: what the benchmark and the soak run.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** BENCH_PROGRAM names the main module of another build to run; nothing is compiled then. */
const OTHER_PROGRAM = process.env.BENCH_PROGRAM;
export const PROGRAM = OTHER_PROGRAM ?? fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const BUILD = fileURLToPath(new URL('../../scripts/build.ts', import.meta.url));

/** Compiles the program that {@link PROGRAM} names. */
export function buildProgram(): void {
  if (OTHER_PROGRAM === undefined) {
    execFileSync(process.execPath, [BUILD], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
}
