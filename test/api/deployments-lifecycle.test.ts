import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { errorType } from '../support/access.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { RecordingWorkflows } from '../support/control.ts';
import { type DeploymentWorkspace, deploymentWorkspace } from '../support/deployments.ts';

const ACTIONS = ['promote', 'rollback', 'start', 'stop'] as const;
type Action = (typeof ACTIONS)[number];

let api: TestApi;
let workflows: RecordingWorkflows;
let ws: DeploymentWorkspace;
beforeAll(async () => {
  workflows = new RecordingWorkflows();
  api = await startApi({ workflows });
});
afterAll(() => api.stop());
beforeEach(async () => {
  workflows.submissions.length = 0;
  workflows.down = false;
  ws = await deploymentWorkspace(api);
});

const act = (action: Action, deploymentId: string) =>
  ws.call(`deployments.${action}Deployment`, { deploymentId });

async function expectAccepted(action: Action, deploymentId: string, job: object): Promise<void> {
  const { status, body } = await act(action, deploymentId);
  expect({ status, data: body.data }, JSON.stringify(body)).toEqual({ status: 202, data: {} });
  expect(workflows.submissions).toEqual([
    {
      ...job,
      actor: {
        id: expect.stringMatching(/^key_/),
        name: expect.any(String),
        type: 'root_key',
        remoteIp: expect.any(String),
        userAgent: expect.any(String),
      },
      correlationId: expect.stringMatching(/^cor_/),
    },
  ]);
  workflows.submissions.length = 0;
}

async function expectRefused(action: Action, deploymentId: string, code: string): Promise<void> {
  const { status, body } = await act(action, deploymentId);
  expect({ status, type: body.error?.type }).toEqual({ status: 412, type: errorType(`application/${code}`) });
  expect(workflows.submissions).toEqual([]);
}

const STOPPED = { status: 'stopped', desired_state: 'stopped' };
const DRAINING = { desired_state: 'stopped' };
const BUILDING = { status: 'building' };

describe('promoting', () => {
  test('hands over a ready deployment of a production environment', async () => {
    await ws.makeCurrent(await ws.deployment(ws.production));
    const target = await ws.deployment(ws.production);
    await expectAccepted('promote', target, { workflow: 'promote', targetDeploymentId: target });
  });

  test('writes nothing, and may be asked for twice', async () => {
    const current = await ws.deployment(ws.production);
    await ws.makeCurrent(current);
    const target = await ws.deployment(ws.production);
    const rows = () =>
      api.db.primary.all('test', 'SELECT * FROM apps, deployments WHERE apps.workspace_id = :id', {
        id: ws.id,
      });
    const before = await rows();
    await expectAccepted('promote', target, { workflow: 'promote', targetDeploymentId: target });
    await expectAccepted('promote', target, { workflow: 'promote', targetDeploymentId: target });
    expect(await rows()).toEqual(before);
  });

  test('the current one confirms a rollback, and is refused otherwise', async () => {
    const current = await ws.deployment(ws.production);
    await ws.makeCurrent(current);
    await expectRefused('promote', current, 'deployment_is_current');
    await ws.makeCurrent(current, true);
    await expectAccepted('promote', current, { workflow: 'promote', targetDeploymentId: current });
  });
});

describe('rolling back', () => {
  test('hands over both deployments', async () => {
    const target = await ws.deployment(ws.production);
    const current = await ws.deployment(ws.production);
    await ws.makeCurrent(current);
    await expectAccepted('rollback', target, {
      workflow: 'rollback',
      sourceDeploymentId: current,
      targetDeploymentId: target,
    });
  });

  test('to the current one is refused, rolled back or not', async () => {
    const current = await ws.deployment(ws.production);
    for (const isRolledBack of [false, true]) {
      await ws.makeCurrent(current, isRolledBack);
      await expectRefused('rollback', current, 'deployment_is_current');
    }
  });

  test('needs the current one in the same environment', async () => {
    const target = await ws.deployment(ws.production);
    await ws.makeCurrent(await ws.deployment(ws.preview));
    await expectRefused('rollback', target, 'precondition_failed');
  });

  test('needs the current one to exist in the workspace', async () => {
    const target = await ws.deployment(ws.production);
    const other = await deploymentWorkspace(api);
    for (const current of ['d_gone', await other.deployment(other.production)]) {
      await ws.makeCurrent(current);
      const { status, body } = await act('rollback', target);
      expect({ status, type: body.error.type }).toEqual({
        status: 404,
        type: errorType('data/deployment_not_found'),
      });
    }
  });

  test('looks at the current one before the plan', async () => {
    await ws.change('workspace_billing', { plan_override: null });
    const target = await ws.deployment(ws.production);
    await ws.makeCurrent('d_gone');
    expect((await act('rollback', target)).status).toBe(404);
  });
});

describe.each(['promote', 'rollback'] as const)('%s', (action) => {
  /** A deployment that could take over but for `columns`. */
  async function target(columns: Record<string, string> = {}, environment = ws.production): Promise<string> {
    await ws.makeCurrent(await ws.deployment(ws.production));
    return ws.deployment(environment, columns);
  }

  test('is refused for one thing after the other', async () => {
    await expectRefused(action, await target(BUILDING, ws.preview), 'deployment_not_ready');
    await expectRefused(action, await target(DRAINING, ws.preview), 'deployment_not_ready');
    await expectRefused(action, await target({}, ws.preview), 'deployment_not_production');
    const id = await target();
    await ws.makeCurrent(null);
    await expectRefused(action, id, 'deployment_no_current');
  });

  test('needs an app that exists', async () => {
    const id = await target();
    await api.db.primary.run('test', 'DELETE FROM apps WHERE workspace_id = :id', { id: ws.id });
    await expectRefused(action, id, 'deployment_no_current');
  });

  test('needs a plan and spending', async () => {
    const id = await target();
    await ws.change('workspace_billing', { spend_suspended: true });
    await expectRefused(action, id, 'precondition_failed');
    await ws.change('workspace_billing', { spend_suspended: false, plan_override: '' });
    await expectRefused(action, id, 'precondition_failed');
    await ws.change('workspace_billing', { plan: 'pro' });
    expect((await act(action, id)).status).toBe(202);
    await api.db.primary.run('test', 'DELETE FROM workspace_billing WHERE workspace_id = :id', { id: ws.id });
    workflows.submissions.length = 0;
    await expectRefused(action, id, 'precondition_failed');
  });

  test('tells of the state before the plan', async () => {
    await ws.change('workspace_billing', { plan_override: null });
    await expectRefused(action, await target(BUILDING), 'deployment_not_ready');
  });
});

describe('starting', () => {
  test.each([
    ['stopped', STOPPED],
    ['draining', DRAINING],
  ])('hands over a %s deployment', async (_, columns) => {
    const id = await ws.deployment(ws.preview, columns);
    await expectAccepted('start', id, { workflow: 'wakeDeployment', deploymentId: id });
  });

  test('is refused for one thing after the other', async () => {
    const running = await ws.deployment(ws.production);
    const stopped = await ws.deployment(ws.production, STOPPED);
    await ws.change('workspace_billing', { plan_override: null, spend_suspended: true });
    await expectRefused('start', running, 'precondition_failed');
    await ws.change('workspace_billing', { plan: 'pro' });
    await expectRefused('start', running, 'deployment_not_stopped');
    await expectRefused('start', stopped, 'deployment_is_production');
    await expectRefused('start', await ws.deployment(ws.preview, STOPPED), 'precondition_failed');
  });
});

describe('stopping', () => {
  test('hands over a ready deployment, whoever cannot pay', async () => {
    await ws.change('workspace_billing', { plan_override: null, spend_suspended: true });
    const id = await ws.deployment(ws.preview);
    await expectAccepted('stop', id, { workflow: 'stopDeployment', deploymentId: id });
  });

  test('is refused for one thing after the other', async () => {
    await expectRefused('stop', await ws.deployment(ws.production, STOPPED), 'deployment_not_running');
    await expectRefused('stop', await ws.deployment(ws.production, DRAINING), 'deployment_is_stopping');
    await expectRefused('stop', await ws.deployment(ws.production), 'deployment_is_production');
  });
});

describe.each(ACTIONS)('%s', (action) => {
  /** A deployment that the action applies to. */
  async function applicable(): Promise<string> {
    if (action === 'start') return ws.deployment(ws.preview, STOPPED);
    if (action === 'stop') return ws.deployment(ws.preview);
    await ws.makeCurrent(await ws.deployment(ws.production));
    return ws.deployment(ws.production);
  }

  test('of what the caller may not touch answers as of what does not exist', async () => {
    const deploymentId = await applicable();
    const absent = await act(action, 'd_absent');
    expect(absent.status).toBe(404);
    const other = await deploymentWorkspace(api);
    const operation = `deployments.${action}Deployment`;
    const others = ACTIONS.filter((each) => each !== action).map(
      (each) => `environment.*.${each}_deployment`,
    );
    for (const answer of [
      await ws.as(['environment.*.read_deployment', ...others], operation, { deploymentId }),
      await ws.as([`environment.${other.preview.id}.${action}_deployment`], operation, { deploymentId }),
      await other.call(operation, { deploymentId }),
      await ws.as([], operation, { deploymentId: 'd_absent' }),
    ]) {
      expect(answer.status).toBe(404);
      expect(answer.body.error).toEqual(absent.body.error);
    }
    expect(workflows.submissions).toEqual([]);
  });

  test('may be granted on the environment, or on the deployment', async () => {
    const deploymentId = await applicable();
    const { environmentId } = await api.services.deployments.findChangeable(ws.id, deploymentId);
    // With every id written out it would be longer than a stored permission may be.
    const path = `projects/*/apps/${ws.appId}/environments/${environmentId}/deployments`;
    for (const grant of [
      `environment.${environmentId}.${action}_deployment`,
      `unkey:v1:${ws.id}:${path}/${deploymentId}#${action}_deployment`,
      `unkey:v1:${ws.id}:**#*`,
    ]) {
      const answer = await ws.as([grant], `deployments.${action}Deployment`, { deploymentId });
      expect(answer.status, grant).toBe(202);
    }
  });

  test('is unavailable when nothing is accepted, and says nothing of why', async () => {
    const deploymentId = await applicable();
    workflows.down = true;
    const { status, body } = await act(action, deploymentId);
    expect({ status, type: body.error.type }).toEqual({
      status: 500,
      type: errorType('application/service_unavailable'),
    });
    expect(JSON.stringify(body)).not.toContain('503');
  });

  test('of a deployment whose environment is gone is not possible', async () => {
    const deploymentId = await applicable();
    await api.db.primary.run('test', 'DELETE FROM environments WHERE workspace_id = :id', { id: ws.id });
    expect((await act(action, deploymentId)).status).toBe(404);
  });
});
