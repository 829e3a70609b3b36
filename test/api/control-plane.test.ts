// The API with its control plane and workflow ingress on the network: what callers hear of the answers. The table is that of
// the acceptance examples of the analytics chapter, section control plane.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ControlCode } from '../../src/services/control/control-plane.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../support/control.ts';
import { CONTROL_TOKEN, type ServedControl, serveTestControl } from '../support/control-server.ts';

const plane = new RecordingControlPlane();
const workflows = new RecordingWorkflows();
let served: ServedControl;
let api: TestApi;
let key: string;

beforeAll(async () => {
  served = await serveTestControl(plane, workflows);
  api = await startApi({
    config: {
      control: { url: served.url, token: CONTROL_TOKEN },
      restate: { url: served.url, apiKey: CONTROL_TOKEN },
    },
  });
  const workspace = await api.workspace();
  key = await api.rootKey(
    [
      'project.*.create_project',
      'project.*.create_app',
      'project.*.create_deployment',
      'app.*.delete_app',
      'environment.*.create_deployment',
      'environment.*.rollback_deployment',
    ],
    workspace,
  );
  await arrange(workspace);
});
afterAll(async () => {
  await api.stop();
  await served.stop();
});
beforeEach(() => {
  plane.refusal = undefined;
  workflows.down = false;
  workflows.submissions.length = 0;
});

/** A project with an app that two deployments of production were made for. */
async function arrange(workspace: string): Promise<void> {
  const at = { workspace_id: workspace, created_at: 1 };
  const place = { ...at, project_id: 'proj_cp', app_id: 'app_cp', environment_id: 'env_cp' };
  await api.insert('regions', { id: 'rgn_cp', name: 'local', platform: 'aws', can_schedule: true });
  await api.insert('workspace_billing', {
    workspace_id: workspace,
    plan_override: 'starter',
    created_at_m: 1,
  });
  await api.insert('projects', { ...at, id: 'proj_cp', name: 'P', slug: 'proj-cp' });
  await api.insert('apps', {
    ...at,
    id: 'app_cp',
    project_id: 'proj_cp',
    name: 'A',
    slug: 'app-cp',
    current_deployment_id: 'd_cur',
  });
  await api.insert('environments', {
    ...at,
    id: 'env_cp',
    project_id: 'proj_cp',
    app_id: 'app_cp',
    slug: 'production',
    kind: 'production',
  });
  const { project_id: _project, ...settings } = place;
  await api.insert('app_runtime_settings', { ...settings, sentinel_config: Buffer.from('{}') });
  await api.insert('app_regional_settings', { ...settings, region_id: 'rgn_cp' });
  for (const id of ['d_cur', 'd_old']) {
    await api.insert('deployments', {
      ...place,
      id,
      k8s_name: id.replace('_', '-'),
      status: 'ready',
      sentinel_config: Buffer.from('{}'),
      encrypted_environment_variables: Buffer.from(''),
      cpu_millicores: 250,
      memory_mib: 256,
    });
  }
}

const BODIES: Readonly<Record<string, object>> = {
  'projects.createProject': { name: 'Two', slug: 'two-projects' },
  'apps.createApp': { project: 'proj-cp', name: 'Two', slug: 'two-apps' },
  'deployments.createDeployment': {
    project: 'proj-cp',
    app: 'app-cp',
    environment: 'production',
    image: { dockerImage: 'web:1' },
  },
  'deploy.createDeployment': {
    project: 'proj-cp',
    app: 'app-cp',
    branch: 'main',
    environmentSlug: 'production',
    dockerImage: 'web:1',
  },
};

const call = (operation: string) => api.call(operation, BODIES[operation], key);

describe('an answer of the control plane', () => {
  test.each<[operation: string, code: ControlCode, status: number, type: string]>([
    ['projects.createProject', 'already_exists', 409, 'project_already_exists'],
    ['projects.createProject', 'unauthenticated', 500, 'service_unavailable'],
    ['projects.createProject', 'not_found', 404, 'project_not_found'],
    ['projects.createProject', 'invalid_argument', 400, 'invalid_input'],
    ['projects.createProject', 'internal', 500, 'service_unavailable'],
    ['apps.createApp', 'already_exists', 409, 'app_already_exists'],
    ['apps.createApp', 'not_found', 404, 'project_not_found'],
    ['deployments.createDeployment', 'failed_precondition', 412, 'precondition_failed'],
    ['deployments.createDeployment', 'internal', 500, 'service_unavailable'],
    ['deploy.createDeployment', 'failed_precondition', 500, 'service_unavailable'],
  ])('%s: %s is %i', async (operation, code, status, type) => {
    plane.refusal = { code, message: 'inner words' };
    const answer = await call(operation);
    expect(answer.status).toBe(status);
    expect(answer.body.error.type).toMatch(new RegExp(`/${type}$`));
    expect(JSON.stringify(answer.body)).not.toContain('inner words');
  });

  test.each(Object.keys(BODIES))('%s: success carries the id', async (operation) => {
    const answer = await call(operation);
    expect([200, 201]).toContain(answer.status);
    expect(Object.values(answer.body.data)).toEqual([expect.stringMatching(/^(proj|app|d)_[A-Za-z0-9]{9}$/)]);
  });
});

test('the actor is who calls, from where', async () => {
  await api.call('projects.createProject', BODIES['projects.createProject'], key, {
    'User-Agent': 'curl/8',
    'X-Forwarded-For': '192.0.2.9',
  });
  expect(plane.projects.at(-1)?.actor).toMatchObject({
    type: 'root_key',
    id: expect.stringMatching(/^key_/),
    remoteIp: '192.0.2.9',
    userAgent: 'curl/8',
  });
});

describe('a job', () => {
  const rollback = () => api.call('deployments.rollbackDeployment', { deploymentId: 'd_old' }, key);

  test('that is accepted is 202 with nothing to tell', async () => {
    const answer = await api.call('apps.deleteApp', { project: 'proj-cp', app: 'app-cp' }, key);
    expect(answer.status).toBe(202);
    expect(answer.body.data).toEqual({});
  });

  test('that is not accepted is 500', async () => {
    workflows.down = true;
    const answer = await api.call('apps.deleteApp', { project: 'proj-cp', app: 'app-cp' }, key);
    expect(answer.status).toBe(500);
    expect(answer.body.error.type).toMatch(/service_unavailable$/);
  });

  test('to roll back goes to the deployment that is left', async () => {
    expect((await rollback()).status).toBe(202);
    expect(served.calls.at(-1)?.path).toBe('/hydra.v1.DeployService/d_cur/Rollback/send');
    expect(workflows.submissions).toMatchObject([
      {
        workflow: 'rollback',
        sourceDeploymentId: 'd_cur',
        targetDeploymentId: 'd_old',
        correlationId: expect.stringMatching(/^cor_/),
      },
    ]);
  });
});

test('every call has shown the token', () => {
  expect(served.calls.length).toBeGreaterThan(0);
  expect(new Set(served.calls.map(({ authorization }) => authorization))).toEqual(
    new Set([`Bearer ${CONTROL_TOKEN}`]),
  );
});

test('nobody at the other end is 500, and keys work on', async () => {
  const lonely = await startApi({
    config: {
      control: { url: 'http://127.0.0.1:9', token: 't' },
      restate: { url: 'http://127.0.0.1:9', apiKey: 'k' },
    },
  });
  const workspace = await lonely.workspace();
  const root = await lonely.rootKey(['project.*.create_project', 'api.*.create_api'], workspace);
  const answer = await lonely.call('projects.createProject', BODIES['projects.createProject'], root);
  expect(answer.status).toBe(500);
  expect(answer.body.error.type).toMatch(/service_unavailable$/);
  expect((await lonely.call('apis.createApi', { name: 'works' }, root)).status).toBe(200);
  await lonely.stop();
});

test('without a control plane it is the same, after permissions', async () => {
  const alone = await startApi();
  const workspace = await alone.workspace();
  const [root, nobody] = [
    await alone.rootKey(['project.*.create_project'], workspace),
    await alone.rootKey([], workspace),
  ];
  const body = BODIES['projects.createProject'];
  expect((await alone.call('projects.createProject', body, nobody)).status).toBe(403);
  expect((await alone.call('projects.createProject', body, root)).status).toBe(500);
  await alone.stop();
});
