// Jobs for the workflow ingress: what is sent to the reference's one, and that ours takes the same.

import { afterEach, describe, expect, test } from 'vitest';
import { createRestateWorkflows } from '../../../src/services/control/restate-workflows.ts';
import type { WorkflowSubmission } from '../../../src/services/control/workflows.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../../support/control.ts';
import { CONTROL_TOKEN, type ServedControl, serveTestControl } from '../../support/control-server.ts';
import { recordingServer } from '../../support/recording-server.ts';
import { ACTOR } from './workbench.ts';

const ORIGIN = { actor: ACTOR, correlationId: 'cor_1' };

const ACTOR_JSON = {
  id: ACTOR.id,
  name: ACTOR.name,
  type: 'ACTOR_TYPE_ROOT_KEY',
  remoteIp: ACTOR.remoteIp,
  userAgent: ACTOR.userAgent,
};

const JOBS: readonly [WorkflowSubmission, path: string, body: object][] = [
  [
    { workflow: 'deleteProject', projectId: 'proj_1', ...ORIGIN },
    '/hydra.v1.ProjectService/proj_1/Delete/send',
    {},
  ],
  [{ workflow: 'deleteApp', appId: 'app_1', ...ORIGIN }, '/hydra.v1.AppService/app_1/Delete/send', {}],
  [
    { workflow: 'stopDeployment', deploymentId: 'd_1', ...ORIGIN },
    '/hydra.v1.DeployService/d_1/StopDeployment/send',
    { deploymentId: 'd_1' },
  ],
  [
    { workflow: 'wakeDeployment', deploymentId: 'd_1', ...ORIGIN },
    '/hydra.v1.DeployService/d_1/WakeDeployment/send',
    { deploymentId: 'd_1' },
  ],
  [
    { workflow: 'promote', targetDeploymentId: 'd_1', ...ORIGIN },
    '/hydra.v1.DeployService/d_1/Promote/send',
    { targetDeploymentId: 'd_1' },
  ],
  [
    { workflow: 'rollback', sourceDeploymentId: 'd_cur', targetDeploymentId: 'd_old', ...ORIGIN },
    '/hydra.v1.DeployService/d_cur/Rollback/send',
    { sourceDeploymentId: 'd_cur', targetDeploymentId: 'd_old' },
  ],
];

test.each(JOBS)('%o', async (submission, path, body) => {
  const ingress = await recordingServer(() => ({
    status: 202,
    body: { invocationId: 'inv_1', status: 'Accepted' },
  }));
  await createRestateWorkflows({ url: ingress.url, apiKey: 'k' }).submit(submission);
  expect(ingress.requests).toEqual([
    {
      method: 'POST',
      path,
      authorization: 'Bearer k',
      body: { ...body, actor: ACTOR_JSON, correlationId: 'cor_1' },
    },
  ]);
});

test('what is empty is left out of the body', async () => {
  const ingress = await recordingServer(() => ({ body: { invocationId: 'inv_1', status: 'Accepted' } }));
  const actor = { id: 'x', name: '', type: 'unspecified', remoteIp: '', userAgent: '' } as const;
  await createRestateWorkflows({ url: ingress.url, apiKey: 'k' }).submit({
    workflow: 'deleteApp',
    appId: 'app/1',
    actor,
    correlationId: '',
  });
  expect(ingress.requests[0]).toMatchObject({ path: '/hydra.v1.AppService/app%2F1/Delete/send' });
  expect(ingress.requests[0]?.body).toEqual({ actor: { id: 'x' } });
});

test('the path of the ingress stays in front', async () => {
  const ingress = await recordingServer(() => ({ body: { invocationId: 'inv_1', status: 'Accepted' } }));
  const workflows = createRestateWorkflows({ url: `${ingress.url}/restate/`, apiKey: 'k' });
  await workflows.submit({ workflow: 'deleteApp', appId: 'app_1', ...ORIGIN });
  expect(ingress.requests[0]?.path).toBe('/restate/hydra.v1.AppService/app_1/Delete/send');
});

describe('a job is not accepted', () => {
  const submit = (url: string) =>
    createRestateWorkflows({ url, apiKey: 'k' }).submit({
      workflow: 'deleteApp',
      appId: 'app_1',
      ...ORIGIN,
    });

  test.each([
    ['503', { status: 503, body: { invocationId: 'inv_1' } }],
    ['400', { status: 400, body: { invocationId: 'inv_1' } }],
    ['a redirect', { status: 307, headers: { Location: '/elsewhere' }, body: { invocationId: 'inv_1' } }],
    ['no invocation', { status: 200, body: {} }],
    ['something else than an object', { status: 200, body: 'text' }],
  ])('by %s', async (_what, answer) => {
    const ingress = await recordingServer(() => answer);
    await expect(submit(ingress.url)).rejects.toMatchObject({
      name: 'ControlPlaneError',
      code: 'unavailable',
    });
    expect(ingress.requests).toHaveLength(1);
  });

  test('by nobody', async () => {
    await expect(submit('http://127.0.0.1:9')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('our own ingress', () => {
  let served: ServedControl;
  afterEach(() => served.stop());

  test('takes every job as it was meant', async () => {
    const taken = new RecordingWorkflows();
    served = await serveTestControl(new RecordingControlPlane(), taken);
    const workflows = createRestateWorkflows({ url: served.url, apiKey: CONTROL_TOKEN });
    for (const [submission] of JOBS) await workflows.submit(submission);
    expect(taken.submissions).toEqual(JOBS.map(([submission]) => submission));
  });

  test('refuses what is no job, and goes on', async () => {
    const taken = new RecordingWorkflows();
    served = await serveTestControl(new RecordingControlPlane(), taken);
    const post = async (path: string, body: string, method = 'POST') => {
      const response = await fetch(`${served.url}${path}`, {
        method,
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${CONTROL_TOKEN}` },
        ...(method === 'POST' ? { body } : {}),
      });
      await response.text();
      return response.status;
    };
    const rollback = '/hydra.v1.DeployService/d_1/Rollback/send';
    expect(await post(rollback, 'no JSON')).toBe(400);
    expect(await post(rollback, '[]')).toBe(400);
    expect(await post(rollback, '{"sourceDeploymentId":"d_1"}')).toBe(400);
    expect(await post(rollback, '{"targetDeploymentId":7}')).toBe(400);
    expect(await post('/hydra.v1.DeployService/%ff/Promote/send', '{}')).toBe(400);
    expect(await post(`/hydra.v1.AppService/${'x'.repeat(49)}/Delete/send`, '{}')).toBe(400);
    expect(await post(rollback, 'x'.repeat(70_000))).toBe(413);
    expect(await post(rollback, '', 'GET')).toBe(405);
    taken.down = true;
    expect(await post(rollback, '{"targetDeploymentId":"d_2"}')).toBe(500);
    expect(taken.submissions).toEqual([]);
    taken.down = false;
    expect(await post(rollback, '{"targetDeploymentId":"d_2","unknown":1}')).toBe(202);
  });
});
