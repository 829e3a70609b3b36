// `unkey control serve` as its users run it: a process of its own beside an API and a vault, on one database, with an
// executable that runs deployments; and the control plane of `unkey dev`.

import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Unkey } from '@unkey/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { createRemoteControlPlane } from '../../src/services/control/remote-control-plane.ts';
import { openDatabase } from '../../src/storage/sql/open-database.ts';
import { markedSecret } from '../support/secret-watch.ts';
import { freshMysqlDatabase, type MysqlDatabase, requireOrSkip } from '../support/servers.ts';
import { freePort } from '../support/servers-local.ts';
import {
  type DevServer,
  runUnkey,
  startDev,
  startUnkey,
  type UnkeyProcess,
  untilStarted,
} from '../support/unkey-process.ts';

const TOKEN = markedSecret('a-token-of-the-control-plane');
const VAULT_TOKEN = markedSecret('a-token-of-the-vault');
const SECRET = 'marked-secret-of-a-variable';
const UNTIL_READY = { timeout: 60_000, interval: 50 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-control-'));
});
afterAll(() => rm(folder, { recursive: true }));

const sdk = ({ url, rootKey }: DevServer): Unkey =>
  new Unkey({ serverURL: url, rootKey, retryConfig: { strategy: 'none' } });

/** Keeps what it is told in a file; an image called `slow` is up once there is a file `go`. */
async function writeRunner(directory: string): Promise<string> {
  const path = join(directory, 'runner.mjs');
  await writeFile(
    path,
    `#!${process.execPath}
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
const told = readFileSync(0, 'utf8');
appendFileSync(${JSON.stringify(join(directory, 'told'))}, told + '\\n');
const { action, deployment, variables } = JSON.parse(told);
console.log(JSON.stringify({ message: action + ' with ' + JSON.stringify(variables ?? {}) }));
if (action === 'deploy' && deployment.image === 'broken:1') {
  console.log(JSON.stringify({ error: 'no such image' }));
  process.exit(1);
}
while (action === 'deploy' && deployment.image === 'slow:1' && !existsSync(${JSON.stringify(join(directory, 'go'))})) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
`,
  );
  await chmod(path, 0o700);
  return path;
}

interface Told {
  readonly action: string;
  readonly deployment?: { readonly id: string; readonly image: string };
  readonly variables?: Readonly<Record<string, string>>;
  readonly routes?: readonly { readonly hostname: string; readonly deploymentId: string }[];
}

async function toldIn(directory: string): Promise<Told[]> {
  const path = join(directory, 'told');
  if (!existsSync(path)) return [];
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line));
}

const stores = ['sqlite', ...(requireOrSkip('mysql') ? ['mysql'] : [])];

describe.each(stores)('an API, a vault and a control plane as processes of their own, on %s', (store) => {
  let directory: string;
  let database: MysqlDatabase | undefined;
  let primary: string;
  let vault: UnkeyProcess;
  let control: UnkeyProcess;
  let configPath: string;
  let url: string;
  let api: DevServer;
  let logs = '';

  const startControl = async (): Promise<void> => {
    control = startUnkey(['control', 'serve', '--config', configPath]);
    await untilStarted(control, url);
  };
  const endControl = async (signal: NodeJS.Signals): Promise<number | null> => {
    const { code, stderr } = await control.end(signal);
    logs += stderr;
    return code;
  };
  const untilStatus = (deploymentId: string, status: string) =>
    expect
      .poll(async () => (await sdk(api).deployments.getDeployment({ deploymentId })).data.status, UNTIL_READY)
      .toBe(status);
  const deploy = async (image: string, environment = 'production'): Promise<string> => {
    const { data } = await sdk(api).deployments.createDeployment({
      project: 'shop',
      app: 'web',
      environment,
      image: { dockerImage: image },
    });
    return data.deploymentId;
  };

  beforeAll(async () => {
    directory = join(folder, store);
    await mkdir(directory);
    database = store === 'mysql' ? await freshMysqlDatabase() : undefined;
    primary = database?.url ?? `sqlite:${join(directory, 'unkey.db')}`;
    const [port, vaultPort] = [await freePort(), await freePort()];
    url = `http://127.0.0.1:${port}`;
    const vaultUrl = `http://127.0.0.1:${vaultPort}`;
    const { stdout } = await runUnkey(['vault', 'generate-master-key']);
    const server = '[server]\nhost = "127.0.0.1"\ndrain_delay = "0s"\n';
    const vaultPath = join(directory, 'vault.toml');
    await writeFile(
      vaultPath,
      `http_port = ${vaultPort}\nbearer_token = "${VAULT_TOKEN}"\n${server}[encryption]\nmaster_key = "${stdout.trim()}"\n[storage.disk]\npath = "${join(directory, 'objects')}"\n`,
    );
    configPath = join(directory, 'control.toml');
    await writeFile(
      configPath,
      `http_port = ${port}
bearer_token = "${TOKEN}"
domain = "apps.test"
regions = ["here"]
${server}
[database]
primary = "${primary}"
[vault]
url = "${vaultUrl}"
token = "${VAULT_TOKEN}"
[runner]
command = ["${await writeRunner(directory)}"]
`,
    );
    vault = startUnkey(['vault', 'serve', '--config', vaultPath]);
    await untilStarted(vault, vaultUrl);
    api = await startDev(['--data-dir', directory], {
      env: {
        ...(database === undefined ? {} : { UNKEY_DATABASE_PRIMARY: primary }),
        UNKEY_VAULT_URL: vaultUrl,
        UNKEY_VAULT_TOKEN: VAULT_TOKEN,
        UNKEY_CONTROL_URL: url,
        UNKEY_CONTROL_TOKEN: TOKEN,
        UNKEY_RESTATE_URL: url,
        UNKEY_RESTATE_API_KEY: TOKEN,
      },
    });
    await startControl();
    await sdk(api).projects.createProject({ name: 'Shop', slug: 'shop' });
    await sdk(api).apps.createApp({ project: 'shop', name: 'Web', slug: 'web' });
  });
  afterAll(async () => {
    await control?.end('SIGTERM');
    await api?.process.end('SIGTERM');
    await vault?.end('SIGTERM');
    await database?.drop();
  });

  it('runs a deployment with its variables in clear text', async () => {
    await sdk(api).environments.setEnvironmentVariables({
      project: 'shop',
      app: 'web',
      environment: 'production',
      variables: [{ key: 'TOKEN', value: SECRET }],
    });
    const id = await deploy('web:1');
    await untilStatus(id, 'ready');
    const told = await toldIn(directory);
    expect(told.find(({ action }) => action === 'deploy')).toMatchObject({
      deployment: { id, image: 'web:1', regions: [{ name: 'here' }] },
      variables: { TOKEN: SECRET },
    });
    const { data } = await sdk(api).deployments.getDeployment({ deploymentId: id });
    expect(data).toMatchObject({ isCurrent: true, regions: ['here'] });
    expect(data.domains).toContainEqual(expect.stringMatching(/\.apps\.test$/));
    await expect
      .poll(
        async () => (await toldIn(directory)).find(({ action }) => action === 'route')?.routes,
        UNTIL_READY,
      )
      .toEqual(expect.arrayContaining([expect.objectContaining({ deploymentId: id })]));
  });

  it('tells why a deployment failed', async () => {
    const id = await deploy('broken:1');
    await untilStatus(id, 'failed');
    const { data } = await sdk(api).deployments.getDeployment({ deploymentId: id });
    expect(data).toMatchObject({ error: { step: 'deploying', message: 'no such image' } });
  });

  it('promotes and rolls back, stops and wakes', async () => {
    const unkey = sdk(api);
    const [first, second] = [await deploy('web:2'), await deploy('web:3')];
    await untilStatus(first, 'ready');
    await untilStatus(second, 'ready');
    const isCurrent = (deploymentId: string) =>
      expect.poll(
        async () => (await unkey.deployments.getDeployment({ deploymentId })).data.isCurrent,
        UNTIL_READY,
      );
    const { data: newest } = await unkey.deployments.getDeployment({ deploymentId: second });
    const [current, other] = newest.isCurrent ? [second, first] : [first, second];
    await unkey.deployments.rollbackDeployment({ deploymentId: other });
    await isCurrent(other).toBe(true);
    await unkey.deployments.promoteDeployment({ deploymentId: current });
    await isCurrent(current).toBe(true);

    const preview = await deploy('web:2', 'preview');
    await untilStatus(preview, 'ready');
    await unkey.deployments.stopDeployment({ deploymentId: preview });
    await untilStatus(preview, 'stopped');
    await unkey.deployments.startDeployment({ deploymentId: preview });
    await untilStatus(preview, 'ready');
  });

  it('goes on with a deployment after a kill -9 in the middle of it', { timeout: 120_000 }, async () => {
    const id = await deploy('slow:1');
    const calls = async () =>
      (await toldIn(directory)).filter(({ deployment }) => deployment?.id === id).length;
    await expect.poll(calls, UNTIL_READY).toBe(1);
    await untilStatus(id, 'deploying');
    await endControl('SIGKILL');
    await startControl();
    await writeFile(join(directory, 'go'), '');
    await untilStatus(id, 'ready');
    expect(await calls()).toBe(2);
    await expect
      .poll(
        async () => (await sdk(api).deployments.getDeployment({ deploymentId: id })).data.isCurrent,
        UNTIL_READY,
      )
      .toBe(true);
  });

  it('attaches a domain, has it verified anew, and takes it away', async () => {
    const store = openDatabase({
      primary,
      log: silentLogger,
      metrics: silentMetrics,
      tags: { region: 'test' },
    });
    // An installation begins without any.
    await store.primary.run('raiseLimit', 'UPDATE limits SET custom_domains_max = 1');
    await store.close();
    const client = createRemoteControlPlane({ url, token: TOKEN });
    const place = { project: 'shop', app: 'web' };
    const { data: project } = await sdk(api).projects.getProject({ project: 'shop' });
    const { data: app } = await sdk(api).apps.getApp(place);
    const { data: environment } = await sdk(api).environments.getEnvironment({
      ...place,
      environment: 'production',
    });
    const named = {
      workspaceId: api.workspaceId,
      projectId: project.id,
      // Nobody has a name below this one.
      domain: 'shop.acme.invalid',
      actor: undefined,
    };
    const added = await client.addCustomDomain({ ...named, appId: app.id, environmentId: environment.id });
    expect(added).toMatchObject({
      domainId: expect.stringMatching(/^dom_/),
      targetCname: expect.stringMatching(/^[a-z0-9]{16}\.apps\.test$/),
      domainConnect: undefined,
    });
    await client.retryVerification(named);
    await client.deleteCustomDomain(named);
    await expect(client.retryVerification(named)).rejects.toMatchObject({ code: 'not_found' });
    client.close();
  });

  it('is found well by the doctor, and a wrong token is told apart', async () => {
    const doctor = async (token: string) => {
      const { stdout } = await runUnkey(['doctor', '--only', 'control', '--json'], {
        env: { UNKEY_CONTROL_URL: url, UNKEY_CONTROL_TOKEN: token },
      });
      const [check] = JSON.parse(stdout).checks;
      return check;
    };
    expect(await doctor(TOKEN)).toMatchObject({ id: 'control.connect', status: 'ok' });
    expect(await doctor('wrong')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('token'),
    });
  });

  it('while it is away, is 500, and nothing is half made', async () => {
    await endControl('SIGTERM');
    const failure = await sdk(api)
      .projects.createProject({ name: 'Lost', slug: 'lost' })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ statusCode: 500 });
    await startControl();
    await expect
      .poll(
        async () => (await sdk(api).projects.listProjects({ search: 'lost' })).result.data.length,
        UNTIL_READY,
      )
      .toBe(0);
  });

  it('deletes a project with all that is in it', async () => {
    await sdk(api).projects.deleteProject({ project: 'shop' });
    await expect
      .poll(
        async () => (await sdk(api).projects.listProjects({ search: 'shop' })).result.data.length,
        UNTIL_READY,
      )
      .toBe(0);
    const stopped = (await toldIn(directory)).filter(({ action }) => action === 'stop');
    expect(stopped.length).toBeGreaterThan(0);
  });

  it('ends with 0 on a signal, and its log holds no token and no variable', async () => {
    expect(await endControl('SIGTERM')).toBe(0);
    expect(logs).toContain('control call');
    expect(logs).toContain('runner: deploy with');
    for (const secret of [TOKEN, VAULT_TOKEN, SECRET]) expect(logs).not.toContain(secret);
  });
});

describe('unkey control serve refuses to start', () => {
  it('without what it needs, naming all of it', async () => {
    const { code, stderr } = await runUnkey(['control', 'serve', '--config', 'region = "x"']);
    expect(code).toBe(3);
    for (const path of ['bearer_token', 'database.primary']) expect(stderr).toContain(`${path}: is required`);
  });

  it('on a database without the schema, with 9', async () => {
    const { code, stderr } = await runUnkey(['control', 'serve', '--check'], {
      env: { UNKEY_BEARER_TOKEN: TOKEN, UNKEY_DATABASE_PRIMARY: `sqlite:${join(folder, 'empty.db')}` },
    });
    expect(code).toBe(9);
    expect(stderr).toContain('unkey migrate up');
  });
});

describe('unkey dev', () => {
  it('has a control plane of its own that records what there would be', async () => {
    const dev = await startDev();
    const unkey = sdk(dev);
    await unkey.projects.createProject({ name: 'Shop', slug: 'shop' });
    await unkey.apps.createApp({ project: 'shop', name: 'Web', slug: 'web' });
    const { data } = await unkey.deployments.createDeployment({
      project: 'shop',
      app: 'web',
      environment: 'preview',
      image: { dockerImage: 'web:1' },
    });
    const status = () =>
      unkey.deployments
        .getDeployment({ deploymentId: data.deploymentId })
        .then((answer) => answer.data.status);
    await expect.poll(status, UNTIL_READY).toBe('ready');
    await unkey.deployments.stopDeployment({ deploymentId: data.deploymentId });
    await expect.poll(status, UNTIL_READY).toBe('stopped');
    expect((await dev.process.end('SIGTERM')).code).toBe(0);
  });
});
