// Two control planes on one database, of which one is killed while it has work of every kind in hand.

import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Unkey } from '@unkey/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, startInstallation } from '../support/control-installation.ts';
import { freshMysqlDatabase, type MysqlDatabase, requireOrSkip } from '../support/servers.ts';

const UNTIL = { timeout: 90_000, interval: 100 };
const PLACE = { project: 'shop', app: 'web' };

/** Keeps what it is asked for in a file. While there is a file `hold`, it does not get on with what holds names. */
const runnerScript = (folder: string) => `#!${process.execPath}
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
const { action, deployment, environment } = JSON.parse(readFileSync(0, 'utf8'));
const subject = deployment?.id ?? environment.id;
const note = (what) => appendFileSync(${JSON.stringify(join(folder, 'told'))}, what + ' ' + action + ' ' + subject + '\\n');
note('begun');
const isHeld = () => existsSync(${JSON.stringify(join(folder, 'hold'))});
while (isHeld()) await new Promise((resolve) => setTimeout(resolve, 20));
note('done');
`;

describe.runIf(requireOrSkip('mysql'))('two control planes, one of them killed', () => {
  let folder: string;
  let database: MysqlDatabase;
  let installation: Installation;
  let unkey: Unkey;

  const facts = async (deploymentId: string) =>
    (await unkey.deployments.getDeployment({ deploymentId })).data;
  const untilStatus = (deploymentId: string, status: string) =>
    expect.poll(async () => (await facts(deploymentId)).status, UNTIL).toBe(status);
  const deploy = async (environment: string): Promise<string> => {
    const image = { dockerImage: 'web:1' };
    const { data } = await unkey.deployments.createDeployment({ ...PLACE, environment, image });
    return data.deploymentId;
  };
  const told = async (): Promise<string[]> => {
    const path = join(folder, 'told');
    return existsSync(path) ? (await readFile(path, 'utf8')).split('\n') : [];
  };
  const untilTold = (line: string) => expect.poll(told, UNTIL).toContain(line);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'unkey-recovery-'));
    database = await freshMysqlDatabase();
    const runner = join(folder, 'runner.mjs');
    await writeFile(runner, runnerScript(folder));
    await chmod(runner, 0o700);
    installation = await startInstallation({
      folder,
      runner: [runner],
      controls: 2,
      databaseUrl: database.url,
    });
    unkey = installation.unkey;
  });
  afterAll(async () => {
    await installation?.stop();
    await database?.drop();
    await rm(folder, { recursive: true });
  });

  it('finishes what was being deployed, stopped, routed and deleted', { timeout: 240_000 }, async () => {
    const stopping = await deploy('preview');
    await untilStatus(stopping, 'ready');
    await unkey.apps.createApp({ project: 'shop', name: 'Old', slug: 'old' });
    const old = await unkey.deployments.createDeployment({
      ...{ project: 'shop', app: 'old', environment: 'preview' },
      image: { dockerImage: 'web:1' },
    });
    await untilStatus(old.data.deploymentId, 'ready');
    const { data: production } = await unkey.environments.getEnvironment({
      ...PLACE,
      environment: 'production',
    });
    // What leads to production is told once, and again while the runner is held.
    const first = await deploy('production');
    await untilTold(`done route ${production.id}`);
    const second = await deploy('production');
    await untilStatus(second, 'ready');

    await writeFile(join(folder, 'hold'), '');
    await unkey.deployments.rollbackDeployment({ deploymentId: first });
    await unkey.deployments.stopDeployment({ deploymentId: stopping });
    await unkey.apps.deleteApp({ project: 'shop', app: 'old' });
    const deploying = await deploy('preview');
    await untilTold(`begun stop ${stopping}`);
    await untilTold(`begun stop ${old.data.deploymentId}`);
    await untilTold(`begun deploy ${deploying}`);
    const [killed] = installation.controls;
    await killed?.end('SIGKILL');
    await rm(join(folder, 'hold'));

    // The API asks the one that is gone; the other one works on.
    await untilStatus(deploying, 'ready');
    await untilStatus(stopping, 'stopped');
    await expect
      .poll(
        async () => (await unkey.apps.listApps({ project: 'shop' })).result.data.map(({ slug }) => slug),
        UNTIL,
      )
      .toEqual(['web']);
    await expect.poll(async () => (await facts(first)).isCurrent, UNTIL).toBe(true);
    const domains = (await facts(first)).domains ?? [];
    expect(domains.some((name) => name.startsWith('shop-web-production-'))).toBe(true);
    await expect(deploy('preview')).rejects.toMatchObject({ statusCode: 500 });

    await installation.startControl(0);
    await untilStatus(await deploy('preview'), 'ready');
  });
});
