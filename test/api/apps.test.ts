import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../support/control.ts';
import { outcomeOf, type PlatformWorkspace, platformWorkspace } from '../support/platform-workspace.ts';

let api: TestApi;
let ws: PlatformWorkspace;
const controlPlane = new RecordingControlPlane();
const workflows = new RecordingWorkflows();

beforeAll(async () => {
  api = await startApi({ controlPlane, workflows });
});
afterAll(() => api.stop());
beforeEach(async () => {
  ws = await platformWorkspace(api);
  controlPlane.apps.length = 0;
  controlPlane.refusal = undefined;
  workflows.submissions.length = 0;
  workflows.down = false;
});

/** Inserts an app of the project; yields its id. */
async function app(slug: string, columns: Record<string, string | number | boolean> = {}): Promise<string> {
  const id = `app_${slug}_${ws.id}`;
  await api.insert('apps', {
    id,
    workspace_id: ws.id,
    project_id: ws.projectId,
    name: slug,
    slug,
    created_at: 1,
    ...columns,
  });
  return id;
}

describe('apps.createApp', () => {
  const NEW = { project: 'Payments', name: 'Web', slug: 'web' };

  test('has the control plane make the app', async () => {
    const { body } = await ws.call('apps.createApp', NEW);
    expect(body.data).toEqual({ appId: expect.stringMatching(/^app_\w{9}$/) });
    expect(controlPlane.apps).toEqual([
      {
        workspaceId: ws.id,
        projectId: ws.projectId,
        name: 'Web',
        slug: 'web',
        actor: expect.objectContaining({ type: 'root_key' }),
      },
    ]);
  });

  test('refuses an unknown project before anything is asked', async () => {
    const answer = await ws.as([], 'apps.createApp', { ...NEW, project: 'proj_absent' });
    expect(outcomeOf(answer)).toEqual([404, 'project_not_found']);
    expect(controlPlane.apps).toEqual([]);
  });

  test('answers what the control plane refuses', async () => {
    controlPlane.refusal = { code: 'already_exists', message: 'inside' };
    const taken = await ws.call('apps.createApp', NEW);
    expect(outcomeOf(taken)).toEqual([409, 'app_already_exists']);
    expect(taken.body.error.detail).toContain("'web'");
    controlPlane.refusal = { code: 'not_found', message: 'inside' };
    expect(outcomeOf(await ws.call('apps.createApp', NEW))).toEqual([404, 'project_not_found']);
    controlPlane.refusal = { code: 'internal', message: 'inside' };
    expect(outcomeOf(await ws.call('apps.createApp', NEW))).toEqual([500, 'service_unavailable']);
  });

  test('asks for the apps of the project', async () => {
    const as = (permission: string) => ws.as([permission], 'apps.createApp', NEW);
    expect((await as(`unkey:v1:${ws.id}:projects/*#create_app`)).status).toBe(403);
    expect((await as(`unkey:v1:${ws.id}:projects/*/apps/app_1#create_app`)).status).toBe(403);
    expect((await as(`unkey:v1:${ws.id}:projects/*/apps/*#create_app`)).status).toBe(200);
    expect((await as(`project.${ws.projectId}.create_app`)).status).toBe(200);
  });

  test('takes the default project, which holds apps like any other', async () => {
    await api.insert('projects', {
      id: `proj_default_${ws.id}`,
      workspace_id: ws.id,
      name: 'Default',
      slug: 'default',
      created_at: 0,
    });
    expect((await ws.call('apps.createApp', { ...NEW, project: 'default' })).status).toBe(200);
  });
});

describe('apps.getApp', () => {
  test('tells an app that has nothing yet', async () => {
    const { body } = await ws.call('apps.getApp', { project: 'payments', app: 'THE-API' });
    expect(body.data).toEqual({
      id: ws.appId,
      name: 'the-api',
      slug: 'the-api',
      isRolledBack: false,
      deleteProtection: false,
      createdAt: 0,
    });
  });

  test('tells its deployment and its repository', async () => {
    const id = await app('full', {
      current_deployment_id: 'd_1',
      is_rolled_back: true,
      delete_protection: true,
      default_branch: 'Trunk',
      updated_at: 7,
    });
    await api.insert('github_repo_connections', {
      workspace_id: ws.id,
      project_id: ws.projectId,
      app_id: id,
      installation_id: 1,
      repository_id: 2,
      repository_full_name: 'Acme/API',
      created_at: 0,
    });
    expect((await ws.call('apps.getApp', { project: ws.projectId, app: 'full' })).body.data).toEqual({
      id,
      name: 'full',
      slug: 'full',
      git: { repository: 'Acme/API', defaultBranch: 'Trunk' },
      currentDeploymentId: 'd_1',
      isRolledBack: true,
      deleteProtection: true,
      createdAt: 1,
      updatedAt: 7,
    });
  });

  test('does not find the app in another project', async () => {
    const id = `proj_other_${ws.id}`;
    await api.insert('projects', { id, workspace_id: ws.id, name: 'o', slug: 'other', created_at: 0 });
    expect(outcomeOf(await ws.call('apps.getApp', { project: id, app: ws.appId }))).toEqual([
      404,
      'app_not_found',
    ]);
  });

  test('takes no resource permission', async () => {
    const body = { project: 'payments', app: 'the-api' };
    const absent = await ws.call('apps.getApp', { ...body, app: 'app_absent' });
    const denied = await ws.as([`unkey:v1:${ws.id}:**#*`], 'apps.getApp', body);
    expect([denied.status, denied.body.error]).toEqual([404, absent.body.error]);
  });
});

describe('apps.listApps', () => {
  test('pages and searches the apps of the project', async () => {
    await app('Worker', { name: 'Nightly 50%' });
    const page = async (more: object) =>
      (await ws.call('apps.listApps', { project: 'payments', ...more })).body;
    const first = await page({ limit: 1 });
    expect(first.pagination).toEqual({ hasMore: true, cursor: expect.any(String) });
    const second = await page({ limit: 1, cursor: first.pagination.cursor });
    expect(second.pagination).toEqual({ hasMore: false });
    const slugs = [...first.data, ...second.data].map(({ slug }) => slug);
    expect(slugs.sort()).toEqual(['Worker', 'the-api']);
    expect((await page({ search: '50%' })).data).toMatchObject([{ slug: 'Worker' }]);
    expect((await page({ search: 'nothing' })).data).toEqual([]);
  });

  test('answers denial like an unknown project', async () => {
    const unknown = await ws.call('apps.listApps', { project: 'proj_absent' });
    const denied = await ws.as([`project.${ws.projectId}.read_app`], 'apps.listApps', {
      project: 'payments',
    });
    expect(outcomeOf(denied)).toEqual([404, 'project_not_found']);
    expect(denied.body.error).toEqual(unknown.body.error);
  });
});

describe('apps.updateApp', () => {
  const update = (change: object) =>
    ws.call('apps.updateApp', { project: 'payments', app: ws.appId, ...change });

  test('changes what is given, with one event', async () => {
    const { answer, events } = await ws.audited(() => update({ name: 'API', deleteProtection: true }));
    expect(answer.body.data).toMatchObject({
      name: 'API',
      slug: 'the-api',
      deleteProtection: true,
      updatedAt: api.clock.now(),
    });
    expect(events).toEqual([
      expect.objectContaining({
        event: 'app.update',
        correlation_id: expect.stringMatching(/^cor_/),
        targets: [
          {
            type: 'app',
            id: ws.appId,
            name: 'API',
            meta: { name: 'API', slug: 'the-api', deleteProtection: true },
          },
        ],
      }),
    ]);
  });

  test('writes nothing when nothing is given', async () => {
    const { answer, events } = await ws.audited(() => update({}));
    expect(answer.body.data).not.toHaveProperty('updatedAt');
    expect(events).toEqual([]);
  });

  test('refuses a slug that another app of the project has', async () => {
    await app('worker');
    const { answer, events } = await ws.audited(() => update({ slug: 'WORKER' }));
    expect(outcomeOf(answer)).toEqual([409, 'app_already_exists']);
    expect(events).toEqual([]);
    expect((await update({ slug: 'the-api' })).status).toBe(200);
  });

  test('disconnecting what is not connected is a change all the same', async () => {
    const { answer, events } = await ws.audited(() => update({ git: null }));
    expect(answer.body.data).not.toHaveProperty('git');
    expect(answer.body.data.updatedAt).toBe(api.clock.now());
    expect(events).toEqual([
      expect.objectContaining({
        event: 'app.disconnect_repository',
        targets: [{ type: 'app', id: ws.appId, name: ws.appId }],
      }),
    ]);
    expect(await ws.row('apps', ws.appId)).toMatchObject({ default_branch: '' });
  });

  test.each([{ git: {} }, { git: { repository: '' } }, { git: { colour: 'red' } }, { name: null }])(
    'refuses %j by its schema',
    async (change) => {
      const answer = await update(change);
      expect(outcomeOf(answer)).toEqual([400, 'invalid_input']);
      expect(answer.body.error.errors.length).toBeGreaterThan(0);
    },
  );

  test('a repository needs a GitHub App, and a branch of nothing is refused', async () => {
    expect(outcomeOf(await update({ git: { repository: 'acme/api' } }))).toEqual([
      500,
      'service_unavailable',
    ]);
    expect(outcomeOf(await update({ git: { defaultBranch: 'rel' } }))).toEqual([400, 'invalid_input']);
    const create = await ws.call('apps.createApp', {
      project: 'payments',
      name: 'Web',
      slug: 'web',
      git: { repository: 'acme/api' },
    });
    expect(outcomeOf(create)).toEqual([500, 'service_unavailable']);
    expect(controlPlane.apps).toEqual([]);
  });
});

describe('apps.deleteApp', () => {
  const remove = () => ws.call('apps.deleteApp', { project: 'payments', app: 'the-api' });

  test('hands the deletion over', async () => {
    const answer = await remove();
    expect([answer.status, answer.body.data]).toEqual([202, {}]);
    expect(workflows.submissions).toMatchObject([{ workflow: 'deleteApp', appId: ws.appId }]);
    expect(await ws.row('apps', ws.appId)).toBeDefined();
  });

  test('refuses a protected app, and fails when the job is not accepted', async () => {
    workflows.down = true;
    expect(outcomeOf(await remove())).toEqual([500, 'service_unavailable']);
    await ws.call('apps.updateApp', { project: 'payments', app: 'the-api', deleteProtection: true });
    expect(outcomeOf(await remove())).toEqual([412, 'protected_resource']);
    expect(workflows.submissions).toEqual([]);
  });

  test('takes the resource permission of the app', async () => {
    const grant = `unkey:v1:${ws.id}:projects/${ws.projectId}/apps/*#delete_app`;
    const answer = await ws.as([grant], 'apps.deleteApp', { project: 'payments', app: 'the-api' });
    expect(answer.status).toBe(202);
  });
});
