import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { outcomeOf, type PlatformWorkspace, platformWorkspace } from '../support/platform-workspace.ts';

let api: TestApi;
let ws: PlatformWorkspace;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  ws = await platformWorkspace(api);
});

const get = async (environment = 'production') =>
  (await ws.call('environments.getEnvironment', { ...ws.path, environment })).body.data;

describe('environments.getEnvironment', () => {
  test('tells what an environment is made with', async () => {
    expect(await get('PRODUCTION')).toEqual({
      id: ws.production.id,
      slug: 'production',
      description: '',
      kind: 'production',
      deleteProtection: false,
      createdAt: 0,
      runtime: {
        port: 8080,
        vCpus: 0.25,
        memoryMib: 256,
        storageMib: 0,
        command: [],
        shutdownSignal: 'SIGTERM',
        upstreamProtocol: 'http1',
      },
      build: { rootDirectory: '.', watchPaths: [], autoDeploy: true },
      regions: [{ name: ws.regionName, replicas: { min: 1, max: 1 } }],
    });
  });

  test('leaves out settings that were never stored', async () => {
    const id = `env_bare_${ws.id}`;
    await api.insert('environments', {
      id,
      workspace_id: ws.id,
      project_id: ws.projectId,
      app_id: ws.appId,
      slug: 'bare',
      description: 'for trials',
      kind: 'preview',
      delete_protection: true,
      created_at: 1,
      updated_at: 2,
    });
    expect(await get('bare')).toEqual({
      id,
      slug: 'bare',
      description: 'for trials',
      kind: 'preview',
      deleteProtection: true,
      createdAt: 1,
      updatedAt: 2,
    });
  });

  test('tells everything that is set', async () => {
    const { id } = ws.preview;
    const change = (table: string, assignments: string) =>
      api.db.primary.run('test', `UPDATE ${table} SET ${assignments} WHERE environment_id = :id`, { id });
    await change('app_build_settings', `dockerfile = 'D', build_command = 'make', watch_paths = '["a"]'`);
    const check = {
      method: 'POST',
      path: '/up',
      intervalSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: 3,
      initialDelaySeconds: 4,
    };
    await api.db.primary.run(
      'test',
      `UPDATE app_runtime_settings SET cpu_millicores = 1500, healthcheck = :check, command = '["x"]',
              openapi_spec_path = '/o.json' WHERE environment_id = :id`,
      { id, check: JSON.stringify(check) },
    );
    expect(await get('preview')).toMatchObject({
      runtime: { vCpus: 1.5, healthcheck: check, command: ['x'], openapiSpecPath: '/o.json' },
      build: { dockerfile: 'D', buildCommand: 'make', watchPaths: ['a'] },
    });
    await change('app_runtime_settings', `healthcheck = 'null'`);
    expect((await get('preview')).runtime).not.toHaveProperty('healthcheck');
  });

  test('tells the bounds of the autoscaling policy, or else the fixed number of replicas', async () => {
    const place = (columns: string) =>
      api.db.primary.run('test', `UPDATE app_regional_settings SET ${columns} WHERE environment_id = :id`, {
        id: ws.production.id,
      });
    await place('replicas = 3');
    expect((await get()).regions).toEqual([{ name: ws.regionName, replicas: { min: 3, max: 3 } }]);
    await api.insert('horizontal_autoscaling_policies', {
      id: `asp_${ws.id}`,
      workspace_id: ws.id,
      replicas_min: 1,
      replicas_max: 5,
      created_at: 0,
    });
    await place(`horizontal_autoscaling_policy_id = 'asp_${ws.id}'`);
    expect((await get()).regions).toEqual([{ name: ws.regionName, replicas: { min: 1, max: 5 } }]);
  });

  test('answers every miss and every denial alike', async () => {
    const paths = [
      { ...ws.path, project: 'absent' },
      { ...ws.path, app: 'absent' },
      { ...ws.path, environment: 'absent' },
    ];
    const answers = await Promise.all(paths.map((path) => ws.call('environments.getEnvironment', path)));
    answers.push(await ws.as([], 'environments.getEnvironment', ws.path));
    for (const answer of answers) expect(outcomeOf(answer)).toEqual([404, 'environment_not_found']);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body.error))).size).toBe(1);
  });

  test('takes a grant for the environment, as a tuple or a resource', async () => {
    const { projectId, appId, production } = ws;
    for (const grant of [
      `environment.${production.id}.read_environment`,
      `unkey:v1:${ws.id}:projects/${projectId}/apps/${appId}/environments/${production.id}#read_environment`,
      `unkey:v1:${ws.id}:projects/${projectId}/**#read_environment`,
    ]) {
      expect((await ws.as([grant], 'environments.getEnvironment', ws.path)).status, grant).toBe(200);
    }
  });
});

describe('environments.listEnvironments', () => {
  const APP = { project: 'payments', app: 'the-api' };

  test('tells all environments by id, without pages', async () => {
    const { status, body } = await ws.call('environments.listEnvironments', APP);
    expect(status).toBe(200);
    expect(body).not.toHaveProperty('pagination');
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([ws.production.id, ws.preview.id].sort());
    expect(body.data).toContainEqual(await get());
  });

  test('tells an app without environments', async () => {
    await api.insert('apps', {
      id: `app_bare_${ws.id}`,
      workspace_id: ws.id,
      project_id: ws.projectId,
      name: 'bare',
      slug: 'bare',
      created_at: 0,
    });
    expect((await ws.call('environments.listEnvironments', { ...APP, app: 'bare' })).body.data).toEqual([]);
  });

  test('is not for those who may read one environment', async () => {
    const absent = await ws.call('environments.listEnvironments', { ...APP, app: 'absent' });
    expect(outcomeOf(absent)).toEqual([404, 'app_not_found']);
    const own = `environment.${ws.production.id}.read_environment`;
    const denied = await ws.as([own], 'environments.listEnvironments', APP);
    expect([denied.status, denied.body.error]).toEqual([404, absent.body.error]);
    const all = `unkey:v1:${ws.id}:projects/*/apps/*/environments/*#read_environment`;
    expect((await ws.as([all], 'environments.listEnvironments', APP)).status).toBe(200);
  });
});
