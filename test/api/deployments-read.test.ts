import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { errorType } from '../support/access.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { type DeploymentWorkspace, deploymentWorkspace } from '../support/deployments.ts';

const GET = 'deployments.getDeployment';
const LIST = 'deployments.listDeployments';

let api: TestApi;
let ws: DeploymentWorkspace;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  ws = await deploymentWorkspace(api);
});

const get = async (deploymentId: string) => {
  const { status, body } = await ws.call(GET, { deploymentId });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data;
};
const ids = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id);

/** Records a step of a deployment. */
const step = (deploymentId: string, name: string, startedAt: number, error: string | null) =>
  api.insert('deployment_steps', {
    workspace_id: ws.id,
    project_id: ws.projectId,
    app_id: ws.appId,
    environment_id: ws.production.id,
    deployment_id: deploymentId,
    step: name,
    started_at: startedAt,
    error,
  });

const place = (deploymentId: string, regionId: string) =>
  api.insert('deployment_topology', {
    workspace_id: ws.id,
    deployment_id: deploymentId,
    region_id: regionId,
    desired_status: 'running',
    created_at: 0,
  });

const route = (deploymentId: string, hostname: string) =>
  api.insert('frontline_routes', {
    id: `flr_${hostname}`.slice(0, 48),
    project_id: ws.projectId,
    app_id: ws.appId,
    environment_id: ws.production.id,
    deployment_id: deploymentId,
    fully_qualified_domain_name: hostname,
    created_at: 0,
  });

describe('a deployment', () => {
  test('is shown with its place, its settings and nothing else', async () => {
    const id = await ws.deployment(ws.production, { created_at: 5 });
    expect(await get(id)).toEqual({
      id,
      status: 'ready',
      isCurrent: false,
      environment: 'production',
      app: 'the-api',
      project: 'payments',
      availableActions: [],
      regions: [],
      domains: [],
      runtime: {
        vCpus: 0.25,
        memoryMib: 256,
        storageMib: 0,
        port: 8080,
        command: [],
        shutdownSignal: 'SIGTERM',
        upstreamProtocol: 'http1',
      },
      createdAt: 5,
    });
  });

  test('shows the settings that it was made with', async () => {
    const id = await ws.deployment(ws.production, {
      cpu_millicores: 1500,
      storage_mib: 512,
      port: 3000,
      command: '["node","server.js"]',
      shutdown_signal: 'SIGINT',
      upstream_protocol: 'h2c',
      healthcheck: '{"method":"POST","path":"/up","intervalSeconds":7}',
      updated_at: 9,
    });
    expect(await get(id)).toMatchObject({
      updatedAt: 9,
      runtime: {
        vCpus: 1.5,
        storageMib: 512,
        port: 3000,
        command: ['node', 'server.js'],
        shutdownSignal: 'SIGINT',
        upstreamProtocol: 'h2c',
        healthcheck: {
          method: 'POST',
          path: '/up',
          intervalSeconds: 7,
          timeoutSeconds: 5,
          failureThreshold: 3,
          initialDelaySeconds: 0,
        },
      },
    });
    const unprobed = await ws.deployment(ws.production, { healthcheck: 'null' });
    expect(await get(unprobed)).not.toHaveProperty('runtime.healthcheck');
  });

  test.each([
    [
      'its commit and branch',
      { git_commit_sha: 'abc', git_branch: 'main', image: 'a:1' },
      { git: { commitSha: 'abc', branch: 'main' } },
    ],
    ['its commit', { git_commit_sha: 'abc', git_branch: '' }, { git: { commitSha: 'abc' } }],
    ['its image', { image: 'a:1', git_branch: 'main' }, { docker: { image: 'a:1' } }],
    ['neither while a branch is to be built', { git_branch: 'main' }, {}],
  ])('is of %s', async (_, columns, expected) => {
    const { git, docker } = await get(await ws.deployment(ws.production, columns));
    expect({ git, docker }).toEqual({ git: undefined, docker: undefined, ...expected });
  });

  test('tells its regions and hostnames in order', async () => {
    const id = await ws.deployment(ws.production);
    const first = `rgn_a${ws.id}`;
    await api.insert('regions', {
      id: first,
      name: `a-${ws.regionName}`,
      platform: 'aws',
      can_schedule: false,
    });
    await place(id, ws.regionId);
    await place(id, first);
    const names = [`b-${ws.id}.test`, `a-${ws.id}.test`];
    for (const name of names) await route(id, name);
    await route(await ws.deployment(ws.production), `c-${ws.id}.test`);
    expect(await get(id)).toMatchObject({
      regions: [`a-${ws.regionName}`, ws.regionName],
      domains: names.toSorted(),
    });
  });

  test('whose place is gone has no names and no actions', async () => {
    const id = await ws.deployment(ws.production);
    const older = await ws.deployment(ws.production);
    await ws.makeCurrent(id);
    expect((await get(older)).availableActions).toEqual(['promote', 'rollback']);
    for (const [table, member] of [
      ['projects', 'project'],
      ['apps', 'app'],
      ['environments', 'environment'],
    ] as const) {
      await ws.change(table, { workspace_id: ws.id });
      await api.db.primary.run('test', `DELETE FROM ${table} WHERE workspace_id = :id`, { id: ws.id });
      expect(await get(older)).toMatchObject({ [member]: '', availableActions: [] });
    }
  });

  test('is current while the app says so, also when it was rolled back to', async () => {
    const id = await ws.deployment(ws.production);
    for (const isRolledBack of [false, true]) {
      await ws.makeCurrent(id, isRolledBack);
      expect(await get(id)).toMatchObject({
        isCurrent: true,
        availableActions: isRolledBack ? ['promote'] : [],
      });
    }
  });
});

describe('a failure', () => {
  const failed = () => ws.deployment(ws.production, { status: 'failed' });

  test('is told by the last step with an error', async () => {
    const id = await failed();
    await step(id, 'queued', 1, 'an early error');
    await step(id, 'building', 3, 'npm ci exited with 1');
    await step(id, 'deploying', 4, '');
    await step(id, 'network', 5, null);
    expect((await get(id)).error).toEqual({
      code: 'build_failed',
      step: 'building',
      message: 'npm ci exited with 1',
    });
  });

  test('is classified by what was recorded', async () => {
    const id = await failed();
    await step(id, 'deploying', 1, 'Memory quota exceeded: 8192 of 4096 MiB');
    expect((await get(id)).error).toMatchObject({ code: 'memory_quota_exceeded', step: 'deploying' });
  });

  test('without a recorded step is unknown', async () => {
    expect((await get(await failed())).error).toEqual({
      code: 'unknown',
      step: '',
      message: expect.stringMatching(/./),
    });
  });

  test('is told of failed deployments only', async () => {
    const id = await ws.deployment(ws.production);
    await step(id, 'building', 1, 'recovered from');
    expect(await get(id)).not.toHaveProperty('error');
  });
});

describe('permission to read one', () => {
  test('may be for its environment; without it there is no such deployment', async () => {
    const deploymentId = await ws.deployment(ws.preview);
    const granted = await ws.as([`environment.${ws.preview.id}.read_deployment`], GET, { deploymentId });
    expect(granted.status).toBe(200);

    const absent = await ws.call(GET, { deploymentId: 'd_absent' });
    expect(absent.body.error.type).toBe(errorType('data/deployment_not_found'));
    for (const grants of [
      ['environment.*.create_deployment'],
      [`environment.${ws.production.id}.read_deployment`],
    ]) {
      const denied = await ws.as(grants, GET, { deploymentId });
      expect(denied.status).toBe(404);
      expect(denied.body.error).toEqual(absent.body.error);
    }
  });

  test('does not reach other workspaces, nor ids in another letter case', async () => {
    const other = await deploymentWorkspace(api);
    const foreign = await other.deployment(other.production);
    const own = await ws.deployment(ws.production);
    for (const deploymentId of [foreign, own.toUpperCase()]) {
      expect((await ws.call(GET, { deploymentId })).status, deploymentId).toBe(404);
    }
  });
});

describe('a list', () => {
  test('has the newest first by insertion, page by page', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.push(await ws.deployment(ws.production, { created_at: 100 - i }));
    const newestFirst = made.toReversed();
    const first = await ws.call(LIST, { limit: 2 });
    expect(ids(first.body)).toEqual(newestFirst.slice(0, 2));
    expect(first.body.pagination).toEqual({ hasMore: true, cursor: newestFirst[2] });
    const second = await ws.call(LIST, { limit: 2, cursor: newestFirst[2] });
    expect(ids(second.body)).toEqual(newestFirst.slice(2, 4));
    const last = await ws.call(LIST, { limit: 2, cursor: newestFirst[4] });
    expect(ids(last.body)).toEqual(newestFirst.slice(4));
    expect(last.body.pagination).toEqual({ hasMore: false });
  });

  test('is empty behind a cursor that names no deployment of the workspace', async () => {
    await ws.deployment(ws.production);
    const other = await deploymentWorkspace(api);
    for (const cursor of ['d_none', await other.deployment(other.production)]) {
      const { body } = await ws.call(LIST, { cursor });
      expect(body).toMatchObject({ data: [], pagination: { hasMore: false } });
    }
  });

  test('is about what the path names, by slugs or ids', async () => {
    const inProduction = await ws.deployment(ws.production);
    const inPreview = await ws.deployment(ws.preview);
    const both = [inPreview, inProduction];
    const { project, app, environment } = ws.path;
    for (const [path, expected] of [
      [{}, both],
      [{ project }, both],
      [{ project, app: ws.appId }, both],
      [{ project, app, environment }, [inProduction]],
      [{ project: ws.projectId, app: ws.appId, environment: ws.preview.id }, [inPreview]],
    ] as const) {
      expect(ids((await ws.call(LIST, path)).body), JSON.stringify(path)).toEqual(expected);
    }
    const empty = `proj_empty${ws.id}`;
    await api.insert('projects', {
      id: empty,
      workspace_id: ws.id,
      name: 'Empty',
      slug: 'default',
      created_at: 0,
    });
    expect(ids((await ws.call(LIST, { project: 'default' })).body)).toEqual([]);
  });

  test('may be of some states', async () => {
    const ready = await ws.deployment(ws.production);
    const failed = await ws.deployment(ws.production, { status: 'failed' });
    const stopped = await ws.deployment(ws.preview, { status: 'stopped', desired_state: 'stopped' });
    for (const [status, expected] of [
      [['failed'], [failed]],
      [
        ['ready', 'stopped'],
        [stopped, ready],
      ],
      [['skipped'], []],
      [[], [stopped, failed, ready]],
    ] as const) {
      expect(ids((await ws.call(LIST, { status })).body)).toEqual(expected);
    }
    const unknown = await ws.call(LIST, { status: ['sleeping'] });
    expect(unknown.status).toBe(400);
  });

  test.each([
    ['an app without its project', { app: 'the-api' }, 400, 'application/invalid_input'],
    [
      'an environment without its app',
      { project: 'payments', environment: 'production' },
      400,
      'application/invalid_input',
    ],
    ['an environment alone', { environment: 'production' }, 400, 'application/invalid_input'],
    ['an unknown project', { project: 'absent' }, 404, 'data/project_not_found'],
    ['an unknown app', { project: 'payments', app: 'absent' }, 404, 'data/app_not_found'],
    [
      'an unknown environment',
      { project: 'payments', app: 'the-api', environment: 'absent' },
      404,
      'data/environment_not_found',
    ],
  ])('cannot be about %s', async (_, path, status, type) => {
    const { status: actual, body } = await ws.call(LIST, path);
    expect({ status: actual, type: body.error?.type }).toEqual({ status, type: errorType(type) });
  });

  test('needs permission for every environment, which comes first', async () => {
    const grant = [`environment.${ws.production.id}.read_deployment`];
    for (const body of [ws.path, { project: 'absent' }, { app: 'the-api' }, {}]) {
      expect((await ws.as(grant, LIST, body)).status).toBe(403);
    }
  });

  test('takes as many statements for many deployments as for one', async () => {
    await ws.deployment(ws.production, { status: 'failed' });
    const statementsOf = async (): Promise<number> => {
      api.statements.length = 0;
      await ws.call(LIST, {});
      return api.statements.length;
    };
    await statementsOf();
    const one = await statementsOf();
    for (let i = 0; i < 5; i++) await ws.deployment(ws.production, { status: 'failed' });
    expect(await statementsOf()).toBe(one);
  });
});
