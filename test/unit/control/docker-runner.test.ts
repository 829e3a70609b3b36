// The runner that the documentation shows, against something that says it is docker.

import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCommandRunner } from '../../../src/control/runners/command-runner.ts';
import type { RunnerDeployment } from '../../../src/control/runners/runner.ts';
import { recordingLogger } from '../support/recorders.ts';

const SCRIPT = fileURLToPath(new URL('../../../deploy/runners/docker.mjs', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-docker-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A `docker` that keeps its arguments and what it reads when it runs something, and does what the script says. */
async function runnerOn(script: string) {
  const docker = join(folder, 'docker');
  await writeFile(
    docker,
    `#!/bin/sh
echo "$*" >> "${folder}/calls"
[ "$1" = run ] && cat /dev/stdin > "${folder}/env"
${script}`,
  );
  await chmod(docker, 0o700);
  return createCommandRunner({
    command: [process.execPath, SCRIPT],
    timeoutMs: 20_000,
    env: { PATH: `${folder}:${process.env.PATH}`, SITES: folder, STEADY_MS: '0' },
    log: recordingLogger(),
  });
}

const DEPLOYMENT: RunnerDeployment = {
  id: 'd_1',
  name: 'd-abc',
  workspaceId: 'ws_1',
  project: { id: 'proj_1', slug: 'shop' },
  app: { id: 'app_1', slug: 'web' },
  environment: { id: 'env_1', slug: 'production', kind: 'production' },
  image: 'web:1',
  git: { repository: 'acme/web', branch: 'main', commitSha: null },
  build: { dockerfile: 'Dockerfile', context: '.', command: null },
  command: ['serve'],
  port: 9000,
  cpuMillicores: 250,
  memoryMib: 256,
  storageMib: 0,
  shutdownSignal: 'SIGINT',
  upstreamProtocol: 'http1',
  healthcheck: null,
  regions: [],
};
const { signal } = new AbortController();
const context = { signal, variables: async () => ({ TOKEN: 'marked-secret' }) };
const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');

test('deploys a container with its variables, whose values are in no argument', async () => {
  const runner = await runnerOn('[ "$1" = inspect ] && echo "true 0"; exit 0');
  await runner.deploy(DEPLOYMENT, context);
  expect(await calls()).toEqual([
    'rm --force d-abc',
    'run --detach --name d-abc --network unkey --restart unless-stopped --cpus 0.25 --memory 256m --stop-signal SIGINT --label unkey.deployment=d_1 --env-file /dev/stdin -- web:1 serve',
    'inspect --format {{.State.Running}} {{.RestartCount}} d-abc',
  ]);
  expect(await readFile(join(folder, 'env'), 'utf8')).toBe('PORT=9000\nTOKEN=marked-secret\n');
});

test.each(['one\nDOCKER=two', 'one\r'])('refuses a variable that would become another: %j', async (value) => {
  const runner = await runnerOn('exit 0');
  const variables = async () => ({ TOKEN: value });
  await expect(runner.deploy(DEPLOYMENT, { signal, variables })).rejects.toThrow('TOKEN has a line break');
  expect((await calls()).some((call) => call.startsWith('run'))).toBe(false);
});

test('fails with what docker says', async () => {
  const runner = await runnerOn(
    '[ "$1" = run ] && { echo "no such image" >&2; echo "See \'docker run --help\'." >&2; exit 125; }; exit 0',
  );
  await expect(runner.deploy(DEPLOYMENT, context)).rejects.toThrow('docker run failed: no such image');
});

test('fails when the container does not stay up, and takes it away', async () => {
  const runner = await runnerOn('[ "$1" = inspect ] && echo "true 2"; exit 0');
  await expect(runner.deploy(DEPLOYMENT, context)).rejects.toThrow('ended as soon as');
  expect((await calls()).at(-1)).toBe('rm --force d-abc');
});

test('stops a container, and does not mind one that is gone', async () => {
  const there = await runnerOn('[ "$1" = ps ] && echo 0123456789ab; exit 0');
  await there.stop(DEPLOYMENT, { signal });
  const looking = 'ps --all --quiet --filter name=^d-abc$';
  expect(await calls()).toEqual([looking, 'stop d-abc', 'rm d-abc']);
  await rm(join(folder, 'calls'));
  const gone = await runnerOn('exit 0');
  await gone.stop(DEPLOYMENT, { signal });
  expect(await calls()).toEqual([looking]);
});

test('does not take an engine that does not answer for a container that is gone', async () => {
  const runner = await runnerOn('echo "Cannot connect to the Docker daemon" >&2; exit 1');
  await expect(runner.stop(DEPLOYMENT, { signal })).rejects.toThrow('Cannot connect');
});

test('builds from the commit and tells the name of the image', async () => {
  const runner = await runnerOn('exit 0');
  expect(await runner.build(DEPLOYMENT, context)).toBe('unkey/d-abc');
  expect(await calls()).toEqual([
    'build --quiet --tag unkey/d-abc --file Dockerfile https://github.com/acme/web.git#main:.',
  ]);
});

test('leads hostnames to containers', async () => {
  const runner = await runnerOn('exit 0');
  const routes = [{ hostname: 'web.apps.test', deploymentId: 'd_1', name: 'd-abc', port: 9000 }];
  await runner.route({ id: 'env_1' }, routes, { signal });
  expect(await readFile(join(folder, 'env_1.caddy'), 'utf8')).toBe(
    'web.apps.test {\n  reverse_proxy d-abc:9000\n}\n',
  );
  expect(await calls()).toEqual(['exec caddy caddy reload --config /etc/caddy/Caddyfile']);
  await runner.route({ id: 'env_1' }, [], { signal });
  expect(existsSync(join(folder, 'env_1.caddy'))).toBe(false);
});
