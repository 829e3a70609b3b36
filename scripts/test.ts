// `npm test [-- vitest filters and options]`: provides the servers that this machine can, runs vitest once on them,
// stops what it started, and closes with what did not run and why. TEST_REQUIRE_ALL=1 makes a suite that did not run
// a failure. A run whose output holds a secret of its tests has failed, too.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSecretWatch, describeLeak } from '../test/support/secret-watch.ts';
import { provideServers } from '../test/support/servers-provide.ts';
import { watchOutput } from '../test/support/watch-output.ts';

const VITEST = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const requireAll = process.env.TEST_REQUIRE_ALL === '1';

/** The counts of vitest's JSON report that the closing line tells. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  // Ctrl-C reaches vitest too, which ends by itself; this process stays to stop the servers. Other signals are passed on.
  const interruption = new AbortController();
  process.on('SIGINT', () => interruption.abort('SIGINT'));
  process.on('SIGTERM', () => interruption.abort('SIGTERM'));

  const servers = await provideServers();
  try {
    for (const line of servers.present) console.log(line);
    if (requireAll && servers.missing.length > 0) {
      console.error(`TEST_REQUIRE_ALL is set, but not every suite can run: ${servers.missing.join(', ')}`);
      return 1;
    }
    if (interruption.signal.aborted) return 130;
    return await runVitest(args, servers.variables, servers.missing, interruption.signal);
  } finally {
    await servers.stop();
  }
}

async function runVitest(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  missing: readonly string[],
  interrupted: AbortSignal,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-test-report-'));
  const reportFile = join(folder, 'report.json');
  try {
    const child = spawn(
      process.execPath,
      [VITEST, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...args],
      { stdio: ['inherit', 'pipe', 'pipe'], env: { ...process.env, ...colours(), ...variables } },
    );
    const watch = createSecretWatch();
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].pipe(process[stream], { end: false });
      watchOutput(child[stream], watch);
    }
    interrupted.addEventListener('abort', () => child.kill(interrupted.reason));
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      // All that it has written is read by then.
      child.once('close', (status) => resolve(status ?? 1));
    });
    const leaks = watch.leaks();
    for (const leak of leaks) console.error(describeLeak(leak));
    const code = exitCode === 0 && leaks.length > 0 ? 1 : exitCode;
    const report = await readReport(reportFile);
    // A file that does not even load has no tests to count, but it did fail.
    const failed = Math.max(report.numFailedTests, code === 0 ? 0 : 1);
    if (missing.length > 0) console.log(`not run: ${missing.join(', ')}`);
    console.log(
      `${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`,
    );
    return interrupted.aborted ? 130 : code;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is piped is no terminal any more, but somebody may still look at it on one. */
function colours(): Record<string, string> {
  return process.stdout.isTTY && process.env.NO_COLOR === undefined ? { FORCE_COLOR: '1' } : {};
}

/** Reads what vitest counted; a run that was cut short has written nothing. */
async function readReport(file: string): Promise<Report> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Report;
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  }
}
