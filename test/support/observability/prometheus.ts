// A Prometheus of the test's own, from the binary on PATH (Debian's package `prometheus`).
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { findOnPath, freePort } from '../servers-local.ts';

const run = promisify(execFile);
const READY_TIMEOUT_MS = 30_000;

export interface PrometheusBinaries {
  readonly prometheus: string;
  readonly promtool: string;
}

/**
 * Prometheus and its tool, or undefined with the reason on stderr.
 *
 * @throws Error when they are not there although `TEST_REQUIRE_ALL=1` asks for every suite.
 */
export async function prometheusOrSkip(): Promise<PrometheusBinaries | undefined> {
  const [prometheus, promtool] = await Promise.all([findOnPath('prometheus'), findOnPath('promtool')]);
  if (prometheus !== undefined && promtool !== undefined) return { prometheus, promtool };
  const reason = 'this suite needs prometheus and promtool on PATH';
  if (process.env.TEST_REQUIRE_ALL === '1') throw new Error(reason);
  process.stderr.write(`skipped: ${reason}\n`);
  return undefined;
}

/** Runs promtool. @throws Error, with what it said, when it finds something wrong. */
export async function promtool(binary: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout, stderr } = await run(binary, args, { cwd });
  return stdout + stderr;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
}

export interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly state?: string;
  readonly lastError?: string;
}

export interface TestPrometheus {
  /** What an expression yields now. @throws Error when Prometheus refuses it. */
  query(expr: string): Promise<readonly Sample[]>;
  /** Every rule as it was last evaluated. */
  rules(): Promise<readonly RuleState[]>;
  stop(): Promise<void>;
}

interface ScrapeConfig {
  readonly job_name: string;
  static_configs: { targets: string[] }[];
}

/**
 * Starts Prometheus with a configuration, its targets replaced by those of this test and its intervals by a second.
 *
 * @param config the text of the configuration
 * @param rulesPath the rule file to use instead of the one that it names
 * @param targets `host:port` by the name of the job; every job of the configuration has to have one
 */
export async function startPrometheus(options: {
  readonly binary: string;
  readonly folder: string;
  readonly config: string;
  readonly rulesPath: string;
  readonly targets: Readonly<Record<string, string>>;
}): Promise<TestPrometheus> {
  const config = parse(options.config) as {
    global: Record<string, string>;
    rule_files: string[];
    scrape_configs: ScrapeConfig[];
  };
  config.global = { scrape_interval: '1s', evaluation_interval: '1s' };
  config.rule_files = [options.rulesPath];
  for (const scrape of config.scrape_configs) {
    const target = options.targets[scrape.job_name];
    if (target === undefined) throw new Error(`the test has no target for the job ${scrape.job_name}`);
    scrape.static_configs = [{ targets: [target] }];
  }
  const path = join(options.folder, 'prometheus.yml');
  await writeFile(path, stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    options.binary,
    [
      `--config.file=${path}`,
      `--storage.tsdb.path=${join(options.folder, 'prometheus')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const ask = async (endpoint: string): Promise<unknown> => {
    const response = await fetch(`http://${address}/api/v1/${endpoint}`);
    const answer = (await response.json()) as { status: string; data: unknown; error?: string };
    if (answer.status !== 'success') throw new Error(`${endpoint}: ${answer.error}`);
    return answer.data;
  };
  await untilReady(child, `http://${address}/-/ready`, () => stderr);
  return {
    async query(expr) {
      const data = (await ask(`query?query=${encodeURIComponent(expr)}`)) as { result: Sample[] };
      return data.result;
    },
    async rules() {
      const data = (await ask('rules')) as { groups: { rules: RuleState[] }[] };
      return data.groups.flatMap((group) => group.rules);
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('close', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

async function untilReady(child: ChildProcess, url: string, stderr: () => string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const answered = await fetch(url).catch(() => undefined);
    if (answered?.ok) return;
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`Prometheus did not start: ${stderr()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
