import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { outcomeOf, type PlatformWorkspace, platformWorkspace } from '../support/platform-workspace.ts';

let api: TestApi;
let ws: PlatformWorkspace;

beforeAll(async () => {
  api = await startApi();
  await api.insert(
    'regions',
    { id: 'rgn_east', name: 'us-east-1', platform: 'aws', can_schedule: true },
    { id: 'rgn_west', name: 'us-west-2', platform: 'aws', can_schedule: true },
    { id: 'rgn_full', name: 'eu-full-1', platform: 'aws', can_schedule: false },
    { id: 'rgn_home', name: 'home-1', platform: 'local', can_schedule: true },
  );
});
afterAll(() => api.stop());
beforeEach(async () => {
  ws = await platformWorkspace(api);
  await limits({
    cpu_cores_max_per_instance: 2,
    memory_mib_max_per_instance: 4096,
    storage_mib_max_per_instance: 1024,
    autoscaling_replicas_max: 4,
  });
});

const limits = (columns: Record<string, number>) =>
  api.db.primary.run(
    'test',
    `UPDATE limits SET ${Object.entries(columns)
      .map(([column, value]) => `${column} = ${value}`)
      .join(', ')} WHERE workspace_id = :id`,
    { id: ws.id },
  );
const update = (settings: object) => ws.call('environments.updateSettings', { ...ws.path, ...settings });
const get = async () => (await ws.call('environments.getEnvironment', ws.path)).body.data;
const settingsRow = async (table: string) =>
  (await ws.rows(table)).find(({ environment_id }) => environment_id === ws.production.id);
const region = (name: string, min: number, max: number) => ({ name, replicas: { min, max } });

async function expectRefused(settings: object): Promise<string> {
  const before = await get();
  const { answer, events } = await ws.audited(() => update(settings));
  expect(outcomeOf(answer), JSON.stringify(answer.body)).toEqual([400, 'invalid_input']);
  expect(answer.body.error.errors).toEqual([]);
  expect([events, await get()]).toEqual([[], before]);
  return answer.body.error.detail;
}

describe('environments.updateSettings', () => {
  test('changes what is given and nothing else, with one event', async () => {
    await api.db.primary.run('test', 'UPDATE app_runtime_settings SET sentinel_config = \'{"policies":[]}\'');
    const healthcheck = { method: 'GET', path: '/up', intervalSeconds: 7 };
    await update({
      command: ['node', ''],
      healthcheck,
      openapiSpecPath: '/o.json',
      shutdownSignal: 'SIGINT',
    });
    const { answer, events } = await ws.audited(() => update({ port: 9090, upstreamProtocol: 'h2c' }));
    expect([answer.status, answer.body.data]).toEqual([200, {}]);
    const { runtime, updatedAt } = await get();
    expect(runtime).toEqual({
      port: 9090,
      vCpus: 0.25,
      memoryMib: 256,
      storageMib: 0,
      command: ['node', ''],
      healthcheck: { ...healthcheck, timeoutSeconds: 5, failureThreshold: 3, initialDelaySeconds: 0 },
      shutdownSignal: 'SIGINT',
      upstreamProtocol: 'h2c',
      openapiSpecPath: '/o.json',
    });
    expect(updatedAt, 'the environment itself is not changed').toBeUndefined();
    expect(String((await settingsRow('app_runtime_settings'))?.sentinel_config)).toBe('{"policies":[]}');
    expect(events.map(({ event, targets }) => [event, targets])).toEqual([
      ['environment.update', [{ type: 'environment', id: ws.production.id, name: 'production' }]],
    ]);
  });

  test('clears with null and with empty lists', async () => {
    const everything = {
      dockerfile: 'Dockerfile',
      buildCommand: 'make',
      watchPaths: ['src/**'],
      autoDeploy: false,
      rootDirectory: 'services/api',
      healthcheck: { method: 'POST', path: '/a/b-c.txt', initialDelaySeconds: 9 },
      openapiSpecPath: '/o.json',
      command: ['run'],
    };
    await update(everything);
    expect(await get()).toMatchObject({
      build: {
        dockerfile: 'Dockerfile',
        buildCommand: 'make',
        rootDirectory: 'services/api',
        autoDeploy: false,
      },
      runtime: {
        healthcheck: {
          method: 'POST',
          path: '/a/b-c.txt',
          intervalSeconds: 10,
          timeoutSeconds: 5,
          failureThreshold: 3,
          initialDelaySeconds: 9,
        },
      },
    });
    await update({
      dockerfile: null,
      buildCommand: null,
      watchPaths: [],
      healthcheck: null,
      openapiSpecPath: null,
      command: [],
    });
    const { build, runtime } = await get();
    expect(build).toEqual({ rootDirectory: 'services/api', watchPaths: [], autoDeploy: false });
    expect(runtime).not.toHaveProperty('healthcheck');
    expect(runtime).not.toHaveProperty('openapiSpecPath');
    expect(runtime.command).toEqual([]);
  });

  test('makes settings that were never stored, with the usual values for the rest', async () => {
    for (const table of ['app_build_settings', 'app_runtime_settings', 'app_regional_settings']) {
      await api.db.primary.run('test', `DELETE FROM ${table} WHERE workspace_id = :id`, { id: ws.id });
    }
    await update({ autoDeploy: false, memoryMib: 512 });
    expect(await get()).toMatchObject({
      build: { rootDirectory: '.', watchPaths: [], autoDeploy: false },
      runtime: { port: 8080, vCpus: 0.25, memoryMib: 512, command: [] },
    });
  });

  test('does nothing when nothing is given, even without limits', async () => {
    await api.db.primary.run('test', 'DELETE FROM limits WHERE workspace_id = :id', { id: ws.id });
    const { answer, events } = await ws.audited(() => update({}));
    expect([answer.status, events]).toEqual([200, []]);
    expect((await update({ autoDeploy: false })).status, 'a build needs no limits').toBe(200);
    const refused = await update({ port: 1 });
    expect(outcomeOf(refused)).toEqual([500, 'unexpected_error']);
    expect(refused.body.error.detail).toContain('support');
  });

  test('takes as much as an instance may have, and no more', async () => {
    expect((await update({ vCpus: 2, memoryMib: 4096, storageMib: 1024 })).status).toBe(200);
    expect(await expectRefused({ vCpus: 2.25, memoryMib: 8192 })).toContain('vCpus');
    expect(await expectRefused({ memoryMib: 4352, storageMib: 1536 })).toContain('memoryMib');
    expect(await expectRefused({ storageMib: 1536 })).toContain('storageMib');
  });

  test('refuses more than can be stored, whatever the limits say', async () => {
    await limits({ memory_mib_max_per_instance: 4_294_967_295 });
    await expectRefused({ memoryMib: 2 ** 31 });
  });

  test.each([
    { port: 0 },
    { port: 65_536 },
    { vCpus: 1.3 },
    { vCpus: 0 },
    { memoryMib: 300 },
    { memoryMib: 0 },
    { storageMib: 100 },
    { storageMib: -512 },
    { command: Array.from({ length: 11 }, () => 'x') },
    { command: null },
    { healthcheck: { method: 'PUT', path: '/' } },
    { healthcheck: { method: 'GET', path: 'up' } },
    { healthcheck: { method: 'GET', path: '/up', intervalSeconds: 0 } },
    { shutdownSignal: 'SIGHUP' },
    { upstreamProtocol: 'http2' },
    { dockerfile: '' },
    { rootDirectory: '' },
    { rootDirectory: null },
    { watchPaths: ['x'.repeat(501)] },
    { openapiSpecPath: 'o.json' },
    { regions: [] },
    { regions: Array.from({ length: 6 }, (_, i) => region(`r${i}`, 1, 1)) },
    { regions: [{ name: 'us-east-1' }] },
    { regions: [region('us-east-1', 1, 1.5)] },
    { colour: 'red' },
  ])('refuses %.60j by its schema', async (settings) => {
    const answer = await update(settings);
    expect(outcomeOf(answer)).toEqual([400, 'invalid_input']);
    expect(answer.body.error.errors.length).toBeGreaterThan(0);
  });

  test.each(['./api', '/api', 'a/../b', 'api#x', 'a//b', 'api/', 'a\\b', ' api', 'api ', '..', 'a/.'])(
    'refuses the root directory %j, and stores nothing of the call',
    async (rootDirectory) => {
      await expectRefused({ rootDirectory, autoDeploy: false, port: 9090 });
    },
  );

  test('tells who may not that the environment exists', async () => {
    const as = (environment: string) =>
      ws.as(['environment.*.read_environment'], 'environments.updateSettings', { ...ws.path, environment });
    expect(outcomeOf(await as('production'))).toEqual([403, 'insufficient_permissions']);
    expect(outcomeOf(await as('absent'))).toEqual([404, 'environment_not_found']);
  });
});

describe('regions of environments.updateSettings', () => {
  const placements = async () =>
    (await ws.rows('app_regional_settings')).filter(
      ({ environment_id }) => environment_id === ws.production.id,
    );
  const policies = () => ws.rows('horizontal_autoscaling_policies');

  test('are replaced as a whole, under one policy that later calls use again', async () => {
    await update({ regions: [region('us-east-1', 1, 3), region('US-WEST-2', 1, 3)] });
    const [policy] = await policies();
    expect(policy).toMatchObject({
      id: expect.stringMatching(/^asp_\w{9}$/),
      replicas_min: 1,
      replicas_max: 3,
      cpu_threshold: 80,
    });
    expect(await placements()).toMatchObject([
      { region_id: 'rgn_east', replicas: 3, horizontal_autoscaling_policy_id: policy?.id },
      { region_id: 'rgn_west', replicas: 3, horizontal_autoscaling_policy_id: policy?.id },
    ]);

    await update({ regions: [region('us-west-2', 2, 4)] });
    expect(await policies()).toMatchObject([{ id: policy?.id, replicas_min: 2, replicas_max: 4 }]);
    expect(await placements()).toMatchObject([{ region_id: 'rgn_west', replicas: 4 }]);
    expect((await get()).regions).toEqual([region('us-west-2', 2, 4)]);
    const { id } = ws.preview;
    const others = (await ws.rows('app_regional_settings')).filter(
      ({ environment_id }) => environment_id === id,
    );
    expect(others, 'the other environment stays where it is').toMatchObject([{ region_id: ws.regionId }]);
  });

  test.each<[string, ReturnType<typeof region>[], RegExp]>([
    ['a region twice', [region('us-east-1', 1, 1), region('us-east-1', 1, 1)], /more than once/],
    ['fewer than one replica', [region('us-east-1', 0, 1)], /between 1 and 4/],
    ['more replicas than there may be', [region('us-east-1', 1, 5)], /between 1 and 4/],
    ['a number beyond any integer column', [region('us-east-1', 1, 2 ** 53 - 1)], /between 1 and 4/],
    ['a minimum above the maximum', [region('us-east-1', 3, 2)], /above/],
    ['an unknown region', [region('mars-1', 1, 1)], /no region 'mars-1'/],
    ['a region of another platform', [region('home-1', 1, 1)], /no region 'home-1'/],
    ['a region that takes nothing', [region('eu-full-1', 1, 1)], /takes no deployments/],
    ['different bounds', [region('us-east-1', 1, 3), region('us-west-2', 2, 4)], /same/],
    ['the first of two mistakes', [region('us-east-1', 2, 1), region('mars-1', 1, 1)], /above/],
  ])('refuses %s, and stores nothing of the call', async (_what, regions, detail) => {
    expect(await expectRefused({ regions, port: 9090, autoDeploy: false })).toMatch(detail);
  });

  test('allow one replica where the limits allow none', async () => {
    await limits({ autoscaling_replicas_max: 0 });
    expect((await update({ regions: [region('us-east-1', 1, 1)] })).status).toBe(200);
    await expectRefused({ regions: [region('us-east-1', 1, 2)] });
  });

  test('are placed once by callers at the same time', async () => {
    await Promise.all(
      [1, 2, 3, 4].map((max) =>
        update({ regions: [region('us-east-1', 1, max), region('us-west-2', 1, max)] }),
      ),
    );
    expect(await policies()).toHaveLength(1);
    expect(await placements()).toHaveLength(2);
  });
});
