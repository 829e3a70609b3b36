// `npm run soak`: see docs/reliability.md. Ends with 0 when every invariant held, with 1 when one was broken, with 2 when
// the options have no sense, and with 130 when it was interrupted; all that it started is stopped each time.
import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { buildProgram, PROGRAM } from '../test/support/compiled-program.ts';
import { readOptions, USAGE } from './options.ts';
import { lineProgress } from './report/progress.ts';
import { writeReport } from './report/report.ts';
import { brokenOf } from './result.ts';
import { runSoak } from './soak.ts';
import { INVARIANTS } from './violations.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => interruption.abort(new Error(`interrupted by ${signal}`)));
  }
  // Before the run and not after it: a place that cannot be written to would cost all that was measured.
  for (const file of [options.report, ...(options.json === undefined ? [] : [options.json])]) {
    await mkdir(dirname(file), { recursive: true });
    await access(dirname(file), constants.W_OK);
  }
  console.log(`seed ${options.seed.toString('base64')}`);
  if (!options.fromSource) buildProgram();
  try {
    const run = { ...options, program: options.fromSource ? undefined : PROGRAM };
    const result = await runSoak(run, lineProgress(console.log), interruption.signal);
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result)}\n`);
    await writeReport(options.report, result);
    const broken = brokenOf(result);
    for (const { invariant, broken: times, checks } of broken) {
      console.log(`BROKEN: ${INVARIANTS[invariant]}, ${times} of ${checks} checks`);
    }
    if (broken.length === 0) console.log('every invariant held');
    console.log(`report: ${options.report}`);
    return broken.length === 0 ? 0 : 1;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    console.log('interrupted; everything is stopped');
    return 130;
  }
}
