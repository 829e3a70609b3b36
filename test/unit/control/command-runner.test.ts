// An executable that runs deployments, as the control plane calls it.

import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCommandRunner } from '../../../src/control/runners/command-runner.ts';
import type { RunContext, RunnerDeployment } from '../../../src/control/runners/runner.ts';
import { recordingLogger } from '../support/recorders.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-runner-'));
});
afterEach(() => rm(folder, { recursive: true }));

const DEPLOYMENT: RunnerDeployment = {
  id: 'd_1',
  name: 'd-abc',
  workspaceId: 'ws_1',
  project: { id: 'proj_1', slug: 'shop' },
  app: { id: 'app_1', slug: 'web' },
  environment: { id: 'env_1', slug: 'production', kind: 'production' },
  image: 'web:1',
  git: null,
  build: { dockerfile: null, context: '.', command: null },
  command: [],
  port: 8080,
  cpuMillicores: 250,
  memoryMib: 256,
  storageMib: 0,
  shutdownSignal: 'SIGTERM',
  upstreamProtocol: 'http1',
  healthcheck: null,
  regions: [{ name: 'local', replicasMin: 1, replicasMax: 1 }],
};

/** A runner whose executable is this script for Node; `folder` is its working place, in OUT. */
async function runnerOf(script: string, options: { timeoutMs?: number; env?: Record<string, string> } = {}) {
  const path = join(folder, 'runner.mjs');
  await writeFile(
    path,
    `#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs';
const out = ${JSON.stringify(folder)};
${script}`,
  );
  await chmod(path, 0o700);
  const log = recordingLogger();
  const runner = createCommandRunner({
    command: [process.execPath, path, '--flag'],
    timeoutMs: options.timeoutMs ?? 20_000,
    env: { PATH: process.env.PATH, ...options.env },
    log,
  });
  return { runner, log };
}

const context = (changes: Partial<RunContext> = {}): RunContext => ({
  signal: new AbortController().signal,
  variables: async () => ({}),
  ...changes,
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const KEEP_INPUT =
  "writeFileSync(out + '/input', readFileSync(0)); writeFileSync(out + '/seen', JSON.stringify([process.argv.slice(2), process.env]));";

async function input(): Promise<unknown> {
  return JSON.parse(await readFile(join(folder, 'input'), 'utf8'));
}

describe('it is told', () => {
  test('the deployment and its variables on standard input, and nothing secret anywhere else', async () => {
    const { runner, log } = await runnerOf(KEEP_INPUT);
    await runner.deploy(DEPLOYMENT, context({ variables: async () => ({ TOKEN: 'marked-secret' }) }));
    expect(await input()).toEqual({
      version: 1,
      action: 'deploy',
      deployment: DEPLOYMENT,
      variables: { TOKEN: 'marked-secret' },
    });
    const seen = await readFile(join(folder, 'seen'), 'utf8');
    expect(JSON.parse(seen)[0]).toEqual(['--flag']);
    expect(seen).not.toContain('marked-secret');
    expect(JSON.stringify(log.lines)).not.toContain('marked-secret');
  });

  test('what to stop, without variables', async () => {
    const { runner } = await runnerOf(KEEP_INPUT);
    await runner.stop(DEPLOYMENT, context());
    expect(await input()).toEqual({ version: 1, action: 'stop', deployment: DEPLOYMENT });
  });

  test('where all hostnames of an environment lead', async () => {
    const { runner } = await runnerOf(KEEP_INPUT);
    const routes = [{ hostname: 'a.test', deploymentId: 'd_1', name: 'd-abc', port: 8080 }];
    await runner.route({ id: 'env_1' }, routes, context());
    expect(await input()).toEqual({ version: 1, action: 'route', environment: { id: 'env_1' }, routes });
  });
});

describe('it reports', () => {
  test('the image that it built, the last one if there are several', async () => {
    const { runner } = await runnerOf(
      'console.log(\'{"image":"one"}\'); console.log("text"); console.log(\'{"image":"two","other":1}\');',
    );
    expect(await runner.build(DEPLOYMENT, context())).toBe('two');
  });

  test('its progress, which goes to the log without the values of variables', async () => {
    const { runner, log } = await runnerOf(
      'console.log(\'{"message":"pulling with s3cret-value"}\'); console.error("warn s3cret-value"); console.log("{broken");',
    );
    await runner.deploy(DEPLOYMENT, context({ variables: async () => ({ A: 's3cret-value', B: '1' }) }));
    expect(log.lines.map(({ message }) => message).sort()).toEqual([
      'runner: pulling with ***',
      'runner: warn ***',
      'runner: {broken',
    ]);
  });

  test('no line of a value of several lines, as it is or within JSON', async () => {
    const key = '-----BEGIN KEY-----\nc2VjcmV0\n-----END KEY-----';
    const { runner, log } = await runnerOf(
      'const { variables } = JSON.parse(readFileSync(0)); console.log(variables.KEY); console.log("is " + JSON.stringify(variables));',
    );
    await runner.deploy(DEPLOYMENT, context({ variables: async () => ({ KEY: key }) }));
    expect(log.lines.map(({ message }) => message)).toEqual([
      'runner: ***',
      'runner: ***',
      'runner: ***',
      'runner: is {"KEY":"***"}',
    ]);
  });

  test('why it failed, without the values of variables', async () => {
    const { runner } = await runnerOf(
      'console.log(\'{"error":"cannot pull s3cret-value"}\'); process.exitCode = 3;',
    );
    await expect(
      runner.deploy(DEPLOYMENT, context({ variables: async () => ({ A: 's3cret-value' }) })),
    ).rejects.toMatchObject({ name: 'RunnerError', message: 'cannot pull ***' });
  });
});

describe('it fails', () => {
  test('by its exit code, when it says nothing', async () => {
    const { runner } = await runnerOf('process.exit(7)');
    await expect(runner.deploy(DEPLOYMENT, context())).rejects.toThrow('the runner ended with code 7');
  });

  test('by the signal that ended it', async () => {
    const { runner } = await runnerOf("process.kill(process.pid, 'SIGKILL')");
    await expect(runner.deploy(DEPLOYMENT, context())).rejects.toThrow('SIGKILL');
  });

  test('when it cannot be started', async () => {
    const runner = createCommandRunner({
      command: [join(folder, 'none')],
      timeoutMs: 1_000,
      env: {},
      log: recordingLogger(),
    });
    await expect(runner.deploy(DEPLOYMENT, context())).rejects.toThrow('could not be started');
  });

  test('when it takes too long, and then it is ended, whatever it does about SIGTERM', async () => {
    const { runner } = await runnerOf(
      "process.on('SIGTERM', () => {}); writeFileSync(out + '/pid', String(process.pid)); setInterval(() => {}, 1000);",
      { timeoutMs: 3_000 },
    );
    await expect(runner.deploy(DEPLOYMENT, context())).rejects.toThrow('took too long');
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test('when it built nothing', async () => {
    const { runner } = await runnerOf('');
    await expect(runner.build(DEPLOYMENT, context())).rejects.toThrow('reported no image');
  });
});

test('what it has started ends with it when it takes too long, although it obeys and they do not', async () => {
  const { runner } = await runnerOf(
    `const { spawn } = await import('node:child_process');
     const stubborn = "process.on('SIGTERM', () => {}); console.log('deaf'); setInterval(() => {}, 1000);";
     const child = spawn(process.execPath, ['-e', stubborn], { stdio: ['ignore', 'pipe', 'ignore'] });
     child.stdout.once('data', () => writeFileSync(out + '/pid', String(child.pid)));
     setInterval(() => {}, 1000);`,
    { timeoutMs: 3_000 },
  );
  await expect(runner.deploy(DEPLOYMENT, context())).rejects.toThrow('took too long');
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
  // Whoever adopts it takes a moment to notice.
  await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false);
});

test('a line that is longer than any text can be is cut, and the next one is read', async () => {
  const { runner, log } = await runnerOf(
    `const piece = Buffer.alloc(1 << 20, 'x');
     for (let n = 0; n < 520; n++) await new Promise((done) => process.stdout.write(piece, done));
     console.log('\\nlast');`,
  );
  await runner.deploy(DEPLOYMENT, context());
  expect(log.lines.map(({ message }) => message)).toEqual([`runner: ${'x'.repeat(8_192)}`, 'runner: last']);
});

test('it is ended when the process stops, and that is no failure of the deployment', async () => {
  const { runner } = await runnerOf("console.log('up'); setInterval(() => {}, 1000);");
  const stop = new AbortController();
  const running = runner.deploy(DEPLOYMENT, context({ signal: stop.signal }));
  stop.abort(new Error('stopping'));
  await expect(running).rejects.toThrow('stopping');
});

test('what it leaves running does not hold it up, and goes on', async () => {
  const { runner } = await runnerOf(
    `const { spawn } = await import('node:child_process');
     const child = spawn('sleep', ['60'], { stdio: 'inherit' });
     writeFileSync(out + '/pid', String(child.pid));
     child.unref();`,
  );
  await runner.deploy(DEPLOYMENT, context());
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
  expect(process.kill(pid, 0)).toBe(true);
  process.kill(pid, 'SIGKILL');
});

test('one that does not read its input does its work all the same', async () => {
  const { runner } = await runnerOf('process.stdin.destroy()');
  const long = 'x'.repeat(1_000_000);
  await runner.deploy(DEPLOYMENT, context({ variables: async () => ({ LONG: long }) }));
});
