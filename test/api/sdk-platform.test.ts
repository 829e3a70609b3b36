// Projects, apps and environments through the official SDK, whose own parsing refuses what does not fit.
import { Unkey } from '@unkey/api';
import * as errors from '@unkey/api/models/errors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../support/control.ts';
import { PLATFORM_ADMIN, type PlatformWorkspace, platformWorkspace } from '../support/platform-workspace.ts';
import { EMBEDDED_VAULT } from '../support/vault.ts';

let api: TestApi;
let ws: PlatformWorkspace;
let unkey: Unkey;
const controlPlane = new RecordingControlPlane();
const workflows = new RecordingWorkflows();

beforeAll(async () => {
  api = await startApi({ controlPlane, workflows, config: { vault: EMBEDDED_VAULT } });
  ws = await platformWorkspace(api);
  unkey = new Unkey({
    serverURL: api.url,
    rootKey: await api.rootKey(PLATFORM_ADMIN, ws.id),
    retryConfig: { strategy: 'none' },
  });
});
afterAll(() => api.stop());

const refusal = (work: Promise<unknown>) => work.catch((error: unknown) => error);

test('creates, gets, lists, updates and deletes projects', async () => {
  const created = await unkey.projects.createProject({ name: 'Pay', slug: 'pay' });
  expect(created.data.id).toMatch(/^proj_/);
  expect(await refusal(unkey.projects.createProject({ name: 'Pay', slug: 'default' }))).toBeInstanceOf(
    errors.BadRequestErrorResponse,
  );
  const updated = await unkey.projects.updateProject({ project: 'payments', name: 'Payments' });
  const found = await unkey.projects.getProject({ project: ws.projectId });
  expect(found.data).toEqual(updated.data);
  const listed: string[] = [];
  for await (const page of await unkey.projects.listProjects({ limit: 1 })) {
    listed.push(...page.result.data.map(({ slug }) => slug));
  }
  expect(listed).toEqual(['payments']);
  expect((await unkey.projects.deleteProject({ project: 'payments' })).data).toEqual({});
  expect(workflows.submissions).toMatchObject([{ workflow: 'deleteProject' }]);
  expect(await refusal(unkey.projects.getProject({ project: 'absent' }))).toBeInstanceOf(
    errors.NotFoundErrorResponse,
  );
});

test('creates, gets, lists, updates and deletes apps', async () => {
  const path = { project: 'payments', app: 'the-api' };
  const created = await unkey.apps.createApp({ project: 'payments', name: 'Web', slug: 'web' });
  expect(created.data.appId).toMatch(/^app_/);
  const updated = await unkey.apps.updateApp({ ...path, name: 'API', git: null });
  expect((await unkey.apps.getApp(path)).data).toEqual(updated.data);
  const listed: string[] = [];
  for await (const page of await unkey.apps.listApps({ project: 'payments', limit: 1 })) {
    listed.push(...page.result.data.map(({ name }) => name));
  }
  expect(listed).toEqual(['API']);
  await unkey.apps.updateApp({ ...path, deleteProtection: true });
  expect(await refusal(unkey.apps.deleteApp(path))).toBeInstanceOf(errors.PreconditionFailedErrorResponse);
});

test('reads and configures environments', async () => {
  await unkey.environments.updateSettings({
    ...ws.path,
    port: 9090,
    dockerfile: null,
    healthcheck: { method: 'GET', path: '/up' },
  });
  const found = await unkey.environments.getEnvironment(ws.path);
  expect(found.data.runtime).toMatchObject({ port: 9090, healthcheck: { path: '/up', intervalSeconds: 10 } });
  const listed = await unkey.environments.listEnvironments({ project: 'payments', app: 'the-api' });
  expect(listed.data).toContainEqual(found.data);
});

test('sets, lists and removes variables', async () => {
  await unkey.environments.setEnvironmentVariables({
    ...ws.path,
    variables: [
      { key: 'URL', value: 'mysql://db', kind: 'recoverable' },
      { key: 'SECRET', value: 'x' },
    ],
  });
  const read = async () => {
    const { data } = await unkey.environments.listEnvironmentVariables(ws.path);
    return Object.fromEntries(data.map(({ key, value }) => [key, value]));
  };
  expect(await read()).toEqual({ URL: 'mysql://db', SECRET: undefined });
  await unkey.environments.removeEnvironmentVariables({ ...ws.path, variables: ['URL'] });
  expect(await read()).toEqual({ SECRET: undefined });
});
