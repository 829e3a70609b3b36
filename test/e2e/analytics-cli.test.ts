// `unkey analytics query` and `top` as processes: against a running `unkey dev`, and against the stores that it left.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Unkey } from '@unkey/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCliContext } from '../../src/commands/cli/context.ts';
import { notesOf, pathOf, walk } from '../../src/commands/cli/notes.ts';
import { buildProgram } from '../../src/commands/cli/program.ts';
import { allCommandModules } from '../../src/commands/commands.ts';
import { WRITING_PACE } from '../../src/commands/runtime/open-analytics.ts';
import { memoryIo } from '../support/cli-io.ts';
import { type DevServer, type Outcome, runUnkey, startDev } from '../support/unkey-process.ts';

const BIN = dirname(fileURLToPath(new URL('../../bin/unkey', import.meta.url)));
/** Rows are written within five seconds of `unkey dev`; a machine that is busy takes its time. */
const PATIENCE_MS = 30_000;

let folder: string;
let server: DevServer;
let keyId: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-analytics-cli-'));
  server = await startDev(['--data-dir', 'data'], { cwd: folder });
  const unkey = new Unkey({
    serverURL: server.url,
    rootKey: server.rootKey,
    retryConfig: { strategy: 'none' },
  });
  const { data: created } = await unkey.keys.createKey({ apiId: server.apiId, name: 'CI deploy' });
  keyId = created.keyId;
  for (let times = 0; times < 3; times++) await unkey.keys.verifyKey({ key: created.key });
  await unkey.ratelimit.limit({ namespace: 'n', identifier: 'user_1', limit: 1, duration: 60_000 });
});
afterAll(async () => {
  await server.process.end('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** As a client of the server, unless the environment says otherwise. */
function analytics(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return runUnkey(['analytics', ...args], { cwd: folder, env: { ...clientEnv(), ...env } });
}

const clientEnv = () => ({ UNKEY_API_BASE_URL: server.url, UNKEY_ROOT_KEY: server.rootKey, HOME: folder });

/** The configuration that names what `unkey dev` keeps in its directory. */
const storesEnv = {
  UNKEY_DATABASE_PRIMARY: 'sqlite:data/unkey.db',
  UNKEY_CLICKHOUSE_URL: 'chdb:data/analytics',
};

/** The lines that help prints as examples. */
async function printedExamples(path: string): Promise<string[]> {
  const io = createCliContext(memoryIo(), { exitCode: 0, output: undefined });
  const program = buildProgram(io, await allCommandModules());
  const command = [...walk(program)].find((candidate) => pathOf(candidate) === path);
  if (command === undefined) throw new Error(`there is no ${path}`);
  return notesOf(command).examples.map(([line]) => line);
}

/** Runs a line in a shell, as somebody who pastes it would. */
async function runLine(line: string, env: Readonly<Record<string, string>>): Promise<string> {
  const shell = { PATH: `${BIN}:${dirname(process.execPath)}:${process.env.PATH ?? ''}`, NO_COLOR: '1' };
  const { stdout } = await promisify(execFile)('sh', ['-ec', line], {
    cwd: folder,
    env: { ...shell, ...env },
  });
  return stdout;
}

const isForOperators = (line: string): boolean => line.includes('--workspace');

it('a row of the embedded engine is due well before five seconds have passed', () => {
  expect(WRITING_PACE.chdb.flushIntervalMs).toBeLessThanOrEqual(4_000);
});

describe('while the server runs', () => {
  it('a verification shows in the ranking of keys, with its name', async () => {
    const rows = async () => JSON.parse((await analytics(['top', 'keys', '--json'])).stdout).rows;
    await expect
      .poll(rows, { timeout: PATIENCE_MS })
      .toEqual([{ id: keyId, name: 'CI deploy', total: 3, refused: 0 }]);
    const { stdout, code } = await analytics(['top', 'keys'], { LANG: 'en_US.UTF-8' });
    expect(code).toBe(0);
    expect(stdout).toContain(`CI deploy  ${keyId}`);
    expect(stdout).toContain('█');
    expect(stdout).not.toContain('\u001b');
    expect((await analytics(['top', 'keys'], { LC_ALL: 'C' })).stdout).toMatch(/3 +0\.0% {2}#+\n/);
  });

  it('the examples run as printed', async () => {
    for (const path of ['unkey analytics query', 'unkey analytics top']) {
      for (const line of await printedExamples(path)) {
        if (!isForOperators(line)) await runLine(line, clientEnv());
      }
    }
  });

  it('its data is its own: --workspace ends with 6 and says whom to ask', async () => {
    const { code, stdout, stderr } = await analytics(
      ['top', 'keys', '--workspace', 'local', '--json'],
      storesEnv,
    );
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'analytics_directory_in_use' } });
    expect(stderr).toContain('leave --workspace out');
  });

  it('a refusal is one document, with an exit code of its own', async () => {
    const { code, stdout } = await analytics(['query', 'SELECT file(1) FROM key_verifications_v1', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'invalid_analytics_function' } });
    const denied = await analytics(['query', 'SELECT 1 FROM key_verifications_v1'], {
      UNKEY_ROOT_KEY: 'unkey_no',
    });
    expect(denied.code).toBe(4);
  });
});

describe('on the stores, once the server has ended', () => {
  beforeAll(async () => {
    await server.process.end('SIGTERM');
  });

  it('an operator asks without a root key', async () => {
    const { code, stdout, stderr } = await analytics(
      ['top', 'apis', '--workspace', 'local', '--json'],
      storesEnv,
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).rows).toEqual([
      { id: expect.stringMatching(/^ks_/), name: 'Local API', total: 3, refused: 0 },
    ]);
    const keys = await analytics(['top', 'keys', '--workspace', 'ws_local', '--json'], storesEnv);
    expect(JSON.parse(keys.stdout).rows).toMatchObject([{ id: keyId, name: 'CI deploy' }]);
  });

  it('the same text is refused', async () => {
    const refused = async (sql: string) => {
      const { code, stdout } = await analytics(['query', sql, '--workspace', 'local', '--json'], storesEnv);
      return [code, JSON.parse(stdout).error.code];
    };
    expect(await refused('SELECT name FROM system.tables')).toEqual([1, 'invalid_analytics_table']);
    expect(await refused('SELECT 1 FROM key_verifications_v1 SETTINGS max_threads = 1')).toEqual([
      1,
      'invalid_analytics_query',
    ]);
  });

  it('the examples run as printed', async () => {
    for (const path of ['unkey analytics query', 'unkey analytics top']) {
      for (const line of await printedExamples(path)) {
        if (isForOperators(line)) await runLine(line, { ...storesEnv, HOME: folder });
      }
    }
  });

  it.each<[string, readonly string[], Readonly<Record<string, string>>, number, string]>([
    ['an unknown workspace', ['--workspace', 'nowhere'], {}, 5, 'workspace_not_found'],
    ['no store', ['--workspace', 'local'], { UNKEY_CLICKHOUSE_URL: '' }, 6, 'clickhouse_not_configured'],
    [
      'one in the memory of a server',
      ['--workspace', 'local'],
      { UNKEY_CLICKHOUSE_URL: 'chdb:' },
      6,
      'analytics_in_memory',
    ],
    [
      'a server that does not answer',
      ['--workspace', 'local'],
      { UNKEY_CLICKHOUSE_URL: 'http://127.0.0.1:9' },
      8,
      'clickhouse_failed',
    ],
  ])('%s ends as it should', async (_, flags, env, exitCode, errorCode) => {
    const { code, stdout } = await analytics(['top', 'keys', '--json', ...flags], { ...storesEnv, ...env });
    expect([code, JSON.parse(stdout).error.code]).toEqual([exitCode, errorCode]);
  });
});
