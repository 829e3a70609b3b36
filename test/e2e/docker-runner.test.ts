// The worked example of docs/control-plane.md on a real Docker engine: containers that serve, behind a real Caddy.

import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Unkey } from '@unkey/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, startInstallation } from '../support/control-installation.ts';
import { caddyImageOrSkip, docker, dockerEnv } from '../support/docker-cli.ts';

const RUNNER = fileURLToPath(new URL('../../deploy/runners/docker.mjs', import.meta.url));
const UNTIL = { timeout: 60_000, interval: 100 };
const PRODUCTION = { project: 'shop', app: 'web', environment: 'production' };

const image = caddyImageOrSkip();
/** Names of this run, so that two runs on one engine leave each other alone. */
const run = `unkey-test-${randomBytes(4).toString('hex')}`;

describe.runIf(image !== undefined)('the worked example', () => {
  let folder: string;
  let installation: Installation | undefined;
  let unkey: Unkey;
  let proxyPort: number;

  const facts = async (deploymentId: string) =>
    (await unkey.deployments.getDeployment({ deploymentId })).data;
  const untilStatus = (deploymentId: string, status: string) =>
    expect.poll(async () => (await facts(deploymentId)).status, UNTIL).toBe(status);
  const deploy = async (environment: string, greeting: string): Promise<string> => {
    const place = { ...PRODUCTION, environment };
    await unkey.environments.setEnvironmentVariables({
      ...place,
      variables: [{ key: 'GREETING', value: greeting }],
    });
    const { data } = await unkey.deployments.createDeployment({
      ...place,
      image: { dockerImage: image ?? '' },
    });
    return data.deploymentId;
  };
  /** What a browser is answered under a hostname; undefined while nobody answers. */
  const visit = (hostname: string): Promise<string | undefined> =>
    new Promise((resolve) => {
      request(
        {
          host: '127.0.0.1',
          port: proxyPort,
          servername: hostname,
          headers: { host: hostname },
          // Caddy signs its own certificates here.
          rejectUnauthorized: false,
        },
        (response) => resolve(response.statusCode === 200 ? text(response) : undefined),
      )
        .on('error', () => resolve(undefined))
        .end();
    });
  /** Names of the containers of deployments that run on the network of this run. */
  const containers = (): string[] =>
    docker(
      'ps',
      '--filter',
      `network=${run}`,
      '--filter',
      'label=unkey.deployment',
      '--format',
      '{{.Label "unkey.deployment"}}',
    )
      .split('\n')
      .filter((line) => line !== '')
      .sort();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unkey-docker-'));
    const sites = join(folder, 'caddy', 'unkey');
    await mkdir(sites, { recursive: true });
    await writeFile(
      join(folder, 'caddy', 'Caddyfile'),
      '{\n  local_certs\n  skip_install_trust\n}\nimport /etc/caddy/unkey/*.caddy\n',
    );
    docker('network', 'create', run);
    docker(
      ...['run', '--detach', '--name', run, '--network', run, '--publish', '127.0.0.1::443'],
      ...['--volume', `${join(folder, 'caddy')}:/etc/caddy`, image ?? ''],
    );
    proxyPort = Number(docker('port', run, '443').split(':').at(-1));

    const names = [`NETWORK=${run}`, `PROXY=${run}`, `SITES=${sites}`, 'STEADY_MS=300'];
    const runner = ['/usr/bin/env', ...names, process.execPath, RUNNER];
    installation = await startInstallation({ folder, runner, env: dockerEnv });
    unkey = installation.unkey;
    for (const environment of ['production', 'preview']) {
      await unkey.environments.updateSettings({
        ...PRODUCTION,
        environment,
        command: ['sh', '-c', 'exec caddy respond --listen ":$PORT" "$GREETING"'],
      });
    }
  });

  afterAll(async () => {
    await installation?.stop();
    const left = docker('ps', '--all', '--quiet', '--filter', `network=${run}`).split('\n').filter(Boolean);
    if (left.length > 0) docker('rm', '--force', '--volumes', ...left);
    docker('network', 'rm', run);
    await rm(folder, { recursive: true });
  });

  it('deploys, takes over, rolls back and promotes, and the names follow', { timeout: 180_000 }, async () => {
    const first = await deploy('production', 'hello from the first');
    await untilStatus(first, 'ready');
    const { domains } = await facts(first);
    const live = domains?.find((name) => name.startsWith('shop-web-production-')) ?? '';
    await expect.poll(() => visit(live), UNTIL).toBe('hello from the first');

    const second = await deploy('production', 'hello from the second');
    await untilStatus(second, 'ready');
    await expect.poll(() => visit(live), UNTIL).toBe('hello from the second');

    await unkey.deployments.rollbackDeployment({ deploymentId: first });
    await expect.poll(() => visit(live), UNTIL).toBe('hello from the first');
    await unkey.deployments.promoteDeployment({ deploymentId: second });
    await expect.poll(() => visit(live), UNTIL).toBe('hello from the second');
    expect(containers()).toEqual([first, second].sort());
  });

  it('stops the container of a preview, and starts it again', { timeout: 180_000 }, async () => {
    const preview = await deploy('preview', 'hello from a preview');
    await untilStatus(preview, 'ready');
    expect(containers()).toContain(preview);
    await unkey.deployments.stopDeployment({ deploymentId: preview });
    await untilStatus(preview, 'stopped');
    expect(containers()).not.toContain(preview);
    await unkey.deployments.startDeployment({ deploymentId: preview });
    await untilStatus(preview, 'ready');
    expect(containers()).toContain(preview);
  });

  it('tells what the engine says of an image that does not exist', { timeout: 180_000 }, async () => {
    const { data } = await unkey.deployments.createDeployment({
      ...PRODUCTION,
      image: { dockerImage: 'localhost:1/unkey/nowhere:1' },
    });
    await untilStatus(data.deploymentId, 'failed');
    const { error } = await facts(data.deploymentId);
    expect(error).toMatchObject({
      step: 'deploying',
      message: expect.stringMatching(/^docker run failed: .*localhost:1/),
    });
  });

  it('leaves nothing of a project that is deleted', { timeout: 180_000 }, async () => {
    await unkey.projects.deleteProject({ project: 'shop' });
    await expect
      .poll(async () => (await unkey.projects.listProjects({ search: 'shop' })).result.data.length, UNTIL)
      .toBe(0);
    expect(containers()).toEqual([]);
    expect(await readdir(join(folder, 'caddy', 'unkey'))).toEqual([]);
  });
});
