import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DEPLOYMENT_STATUSES } from '../../src/services/deployments/deployment-status.ts';
import { DatabaseError } from '../../src/storage/sql/database.ts';
import { errorType } from '../support/access.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { RecordingControlPlane } from '../support/control.ts';
import { type DeploymentWorkspace, deploymentWorkspace } from '../support/deployments.ts';

const CREATE = 'deploy.createDeployment';
const GET = 'deploy.getDeployment';
const REQUEST = {
  project: 'payments',
  app: 'the-api',
  branch: 'main',
  environmentSlug: 'production',
  dockerImage: 'ghcr.io/acme/api:1',
};

let api: TestApi;
let control: RecordingControlPlane;
let ws: DeploymentWorkspace;
beforeAll(async () => {
  control = new RecordingControlPlane();
  api = await startApi({ controlPlane: control });
});
afterAll(() => api.stop());
beforeEach(async () => {
  control.deployments.length = 0;
  control.refusal = undefined;
  ws = await deploymentWorkspace(api);
});

describe('deploy.createDeployment', () => {
  test('asks in the name of the system, with the branch, and looks at no environment', async () => {
    const { status, body } = await ws.call(CREATE, { ...REQUEST, environmentSlug: 'elsewhere', extra: 1 });
    expect(status).toBe(201);
    expect(body.data).toEqual({ deploymentId: expect.stringMatching(/^d_/) });
    expect(control.deployments).toEqual([
      {
        projectId: ws.projectId,
        appId: ws.appId,
        environmentSlug: 'elsewhere',
        dockerImage: 'ghcr.io/acme/api:1',
        gitCommit: {
          branch: 'main',
          commitSha: '',
          commitMessage: '',
          authorHandle: '',
          authorAvatarUrl: '',
          timestamp: 0n,
          forkRepository: '',
        },
        keyspaceId: undefined,
        command: [],
        trigger: 'api',
        triggerReason: '',
        triggeredBy: expect.stringMatching(/^key_/),
        actor: undefined,
      },
    ]);
  });

  test('passes on the commit, and of it only what it knows', async () => {
    const gitCommit = {
      commitSha: 'abc',
      commitMessage: 'Mend it',
      authorHandle: 'octocat',
      authorAvatarUrl: 'https://avatars.example/1',
      timestamp: 1_735_689_600_000,
    };
    const sent = { ...gitCommit, branch: 'other', forkRepository: 'fork/api' };
    await ws.call(CREATE, { ...REQUEST, gitCommit: sent });
    expect(control.deployments[0]?.gitCommit).toEqual({
      ...gitCommit,
      timestamp: 1_735_689_600_000n,
      branch: 'main',
      forkRepository: '',
    });
  });

  test.each([
    ['unkey-cli/2.0', 'cli'],
    ['unkey-dashboard', 'api'],
  ])('of a caller that calls itself %s is triggered by %s', async (tool, trigger) => {
    await ws.call(CREATE, REQUEST, { 'X-Unkey-Client': tool });
    expect(control.deployments[0]?.trigger).toBe(trigger);
  });

  test('finds project and app by slug alone', async () => {
    expect((await ws.call(CREATE, { ...REQUEST, project: 'Payments', app: 'THE-API' })).status).toBe(201);
    for (const part of [
      { project: ws.projectId },
      { app: ws.appId },
      { project: 'absent' },
      { app: 'absent' },
    ]) {
      const { status, body } = await ws.call(CREATE, { ...REQUEST, ...part });
      expect({ status, type: body.error.type }).toEqual({
        status: 404,
        type: errorType('data/project_not_found'),
      });
    }
  });

  test('needs permission for the project, once that was found', async () => {
    const granted = await ws.as([`project.${ws.projectId}.create_deployment`], CREATE, REQUEST);
    expect(granted.status).toBe(201);
    const denied = await ws.as(['environment.*.create_deployment'], CREATE, {
      ...REQUEST,
      keyspaceId: 'ks_x',
    });
    expect(denied.status).toBe(403);
    expect(denied.body.error.detail).not.toContain(ws.projectId);
    expect((await ws.as([], CREATE, { ...REQUEST, project: 'absent' })).status).toBe(404);
  });

  test('takes a keyspace of the workspace, deleted or not', async () => {
    const keyspace = async (workspaceId: string, deletedAt: number | null): Promise<string> => {
      const id = `ks_${workspaceId}${deletedAt ?? ''}`;
      await api.insert('key_auth', {
        id,
        workspace_id: workspaceId,
        project_id: ws.projectId,
        created_at_m: 0,
        deleted_at_m: deletedAt,
      });
      return id;
    };
    for (const deletedAt of [null, 5]) {
      const keyspaceId = await keyspace(ws.id, deletedAt);
      expect((await ws.call(CREATE, { ...REQUEST, keyspaceId })).status).toBe(201);
      expect(control.deployments.at(-1)?.keyspaceId).toBe(keyspaceId);
    }
    const other = await api.workspace();
    control.deployments.length = 0;
    for (const keyspaceId of [await keyspace(other, null), 'ks_absent', '']) {
      const { status, body } = await ws.call(CREATE, { ...REQUEST, keyspaceId });
      expect({ status, type: body.error.type }).toEqual({
        status: 404,
        type: errorType('data/key_auth_not_found'),
      });
    }
    expect(control.deployments).toEqual([]);
  });

  test.each([
    ['failed_precondition', 500, 'application/service_unavailable'],
    ['not_found', 404, 'data/project_not_found'],
    ['invalid_argument', 400, 'application/invalid_input'],
    ['unauthenticated', 500, 'application/service_unavailable'],
  ] as const)('answers %s of the control plane with %i, without its words', async (code, status, path) => {
    control.refusal = { code, message: 'secret of the control plane' };
    const answer = await ws.call(CREATE, REQUEST);
    expect({ status: answer.status, type: answer.body.error.type }).toEqual({
      status,
      type: errorType(path),
    });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
  });

  test.each(Object.keys(REQUEST))('needs %s', async (member) => {
    for (const value of [undefined, '']) {
      expect((await ws.call(CREATE, { ...REQUEST, [member]: value })).status).toBe(400);
    }
  });
});

describe('deploy.getDeployment', () => {
  const route = (deploymentId: string, hostname: string) =>
    api.insert('frontline_routes', {
      id: `flr_${hostname}`,
      project_id: ws.projectId,
      app_id: ws.appId,
      environment_id: ws.production.id,
      deployment_id: deploymentId,
      fully_qualified_domain_name: hostname,
      created_at: 0,
    });

  test.each(DEPLOYMENT_STATUSES)('spells %s in capitals', async (status) => {
    const id = await ws.deployment(ws.production, { status });
    const { status: code, body } = await ws.call(GET, { deploymentId: id, extra: true });
    expect(code).toBe(200);
    expect(body.data).toEqual({ id, status: status.toUpperCase() });
  });

  test('tells hostnames in order, and none when they cannot be read', async () => {
    const deploymentId = await ws.deployment(ws.production);
    for (const name of ['b', 'a']) await route(deploymentId, `${name}.${ws.id}`);
    const hostnames = [`a.${ws.id}`, `b.${ws.id}`];
    expect((await ws.call(GET, { deploymentId })).body.data).toMatchObject({ hostnames });

    const all = api.db.replica.all.bind(api.db.replica);
    const spy = vi.spyOn(api.db.replica, 'all').mockImplementation(async (operation, sql, params) => {
      if (operation === 'listDeploymentHostnames') throw new DatabaseError('lost');
      return all(operation, sql, params);
    });
    const lost = await ws.call(GET, { deploymentId });
    spy.mockRestore();
    expect(lost.status).toBe(200);
    expect(lost.body.data).not.toHaveProperty('hostnames');
  });

  test('answers as for a missing project when there is no such deployment, and 403 when there is', async () => {
    const other = await deploymentWorkspace(api);
    for (const deploymentId of ['d_absent', await other.deployment(other.production)]) {
      const { status, body } = await ws.call(GET, { deploymentId });
      expect({ status, type: body.error.type }).toEqual({
        status: 404,
        type: errorType('data/project_not_found'),
      });
    }
    const deploymentId = await ws.deployment(ws.production);
    const denied = await ws.as(['environment.*.read_deployment'], GET, { deploymentId });
    expect(denied.status).toBe(403);
    expect(denied.body.error.detail).not.toContain(ws.projectId);
    const granted = await ws.as([`project.${ws.projectId}.read_deployment`], GET, { deploymentId });
    expect(granted.status).toBe(200);
  });

  test('takes ids of deployments only', async () => {
    expect((await ws.call(GET, { deploymentId: 'proj_1' })).status).toBe(400);
  });
});
