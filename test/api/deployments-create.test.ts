import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DatabaseError } from '../../src/storage/sql/database.ts';
import { errorType } from '../support/access.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { RecordingControlPlane } from '../support/control.ts';
import { type DeploymentWorkspace, deploymentWorkspace } from '../support/deployments.ts';

const CREATE = 'deployments.createDeployment';
const IMAGE = { image: { dockerImage: 'ghcr.io/acme/api:1' } };

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

const create = (body: object, headers?: Record<string, string>) =>
  ws.call(CREATE, { ...ws.path, ...body }, headers);

/** The request that reached the control plane; fails the test unless there was exactly one. */
function asked() {
  expect(control.deployments).toHaveLength(1);
  return control.deployments[0];
}

async function expectRefusal(body: object, status: number, path: string): Promise<string> {
  const answer = await create(body);
  expect({ status: answer.status, type: answer.body.error.type }).toEqual({ status, type: errorType(path) });
  expect(control.deployments).toEqual([]);
  return answer.body.error.detail;
}

describe('an image', () => {
  test('reaches the control plane as it is, with the slug of the environment, and nothing is written', async () => {
    const { status, body } = await create({ environment: ws.production.id, ...IMAGE });
    expect(status).toBe(201);
    expect(body.data).toEqual({ deploymentId: expect.stringMatching(/^d_/) });
    expect(asked()).toEqual({
      projectId: ws.projectId,
      appId: ws.appId,
      environmentSlug: 'production',
      dockerImage: 'ghcr.io/acme/api:1',
      gitCommit: undefined,
      keyspaceId: undefined,
      command: [],
      trigger: 'api',
      triggerReason: '',
      triggeredBy: expect.stringMatching(/^key_/),
      actor: {
        id: asked()?.triggeredBy,
        name: expect.any(String),
        type: 'root_key',
        remoteIp: expect.any(String),
        userAgent: expect.any(String),
      },
    });
    const rows = await api.db.primary.all('test', 'SELECT id FROM deployments WHERE workspace_id = :id', {
      id: ws.id,
    });
    expect(rows).toEqual([]);
  });

  test.each([
    ['unkey-cli/2.0', 'cli'],
    ['unkey-dashboard', 'dashboard'],
    ['unkey-dashboard/3', 'dashboard'],
    ['unkey-cli', 'api'],
    ['curl', 'api'],
  ])('of a caller that calls itself %s is triggered by %s', async (tool, trigger) => {
    await create(IMAGE, { 'X-Unkey-Client': tool });
    expect(asked()?.trigger).toBe(trigger);
  });

  test('is found by ids, and by slugs in any letter case', async () => {
    for (const path of [
      { project: ws.projectId, app: ws.appId, environment: ws.preview.id },
      { project: 'PAYMENTS', app: 'The-API', environment: 'Preview' },
    ]) {
      control.deployments.length = 0;
      expect((await create({ ...path, ...IMAGE })).status).toBe(201);
      expect(asked()?.environmentSlug).toBe('preview');
    }
  });
});

describe('the request', () => {
  test.each([
    ['no source', {}],
    ['two sources', { ...IMAGE, git: {} }],
    ['three sources', { ...IMAGE, git: {}, deployment: { deploymentId: 'd_1' } }],
    ['a blank image', { image: { dockerImage: '  ' } }],
    ['an image without a name', { image: {} }],
    ['a repository that is none', { git: { repository: 'acme', commitSha: 'abc' } }],
    ['an unknown member', { ...IMAGE, branch: 'main' }],
  ])('with %s does not fit the schema', async (_, body) => {
    const answer = await create(body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors.length).toBeGreaterThan(0);
    expect(control.deployments).toEqual([]);
  });

  test('may have unknown members in its source', async () => {
    expect((await create({ image: { dockerImage: 'a', tag: 'b' } })).status).toBe(201);
  });

  test.each([
    ['project', { project: 'absent' }],
    ['app', { app: 'absent' }],
    ['environment', { environment: 'absent' }],
  ])('with an unknown %s is about no environment', async (_, part) => {
    await expectRefusal({ ...part, ...IMAGE }, 404, 'data/environment_not_found');
  });

  test('does not reach the environments of other workspaces, nor of other apps', async () => {
    const other = await deploymentWorkspace(api);
    for (const part of [
      { project: other.projectId },
      { app: other.appId },
      { environment: other.production.id },
    ]) {
      await expectRefusal({ ...part, ...IMAGE }, 404, 'data/environment_not_found');
    }
  });
});

describe('permission', () => {
  test.each([
    ['the environment', (w: DeploymentWorkspace) => `environment.${w.production.id}.create_deployment`],
    [
      'its deployments',
      (w: DeploymentWorkspace) =>
        `unkey:v1:${w.id}:projects/${w.projectId}/apps/*/environments/*/deployments/*#create_deployment`,
    ],
  ])('may be granted on %s', async (_, grant) => {
    expect((await ws.as([grant(ws)], CREATE, { ...ws.path, ...IMAGE })).status).toBe(201);
  });

  test('is missed after the environment was found, and names its id only when the request did', async () => {
    const read = ['environment.*.read_deployment'];
    const bySlug = await ws.as(read, CREATE, { ...ws.path, ...IMAGE });
    expect(bySlug.status).toBe(403);
    expect(bySlug.body.error.detail).not.toContain(ws.production.id);
    const byId = await ws.as(read, CREATE, { ...ws.path, environment: ws.production.id, ...IMAGE });
    expect(byId.body.error.detail).toContain(ws.production.id);
    const absent = await ws.as(read, CREATE, { ...ws.path, environment: 'absent', ...IMAGE });
    expect(absent.body.error.type).toBe(errorType('data/environment_not_found'));
  });
});

describe('a commit', () => {
  test('needs a repository', async () => {
    await expectRefusal({ git: { branch: 'main' } }, 412, 'application/precondition_failed');
  });

  test.each([[{}], [{ commitSha: '' }], [{ commitSha: ' ', branch: 'main' }]])(
    'of a fork must be named (%j), which is looked at first',
    async (git) => {
      const answer = await create({ git: { ...git, repository: 'a/b' } });
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatchObject({ type: errorType('application/invalid_input'), errors: [] });
    },
  );

  test('reaches the control plane without an image', async () => {
    await ws.connect();
    await create({ git: { branch: 'main', commitSha: 'abc123', repository: 'fork/api' } });
    expect(asked()).toMatchObject({
      dockerImage: '',
      gitCommit: {
        branch: 'main',
        commitSha: 'abc123',
        forkRepository: 'fork/api',
        commitMessage: '',
        authorHandle: '',
        authorAvatarUrl: '',
        timestamp: 0n,
      },
    });
  });

  test("may be left out: that is the app's default branch", async () => {
    await ws.connect();
    expect((await create({ git: {} })).status).toBe(201);
    expect(asked()?.gitCommit).toMatchObject({ branch: '', commitSha: '' });
  });
});

describe('an earlier deployment', () => {
  const COMMIT = {
    image: 'built:1',
    git_commit_sha: 'abc123',
    git_branch: 'main',
    git_commit_message: 'Mend it',
    git_commit_author_handle: 'octocat',
    git_commit_author_avatar_url: 'https://avatars.example/1',
    git_commit_timestamp: 1_735_689_600_000,
    fork_repository_full_name: 'fork/api',
  };
  const again = (deploymentId: string) => ({ deployment: { deploymentId } });

  test('of a commit is built again when there is a repository', async () => {
    await ws.connect();
    await create(again(await ws.deployment(ws.production, COMMIT)));
    expect(asked()).toMatchObject({
      dockerImage: '',
      gitCommit: {
        commitSha: 'abc123',
        branch: 'main',
        commitMessage: 'Mend it',
        authorHandle: 'octocat',
        authorAvatarUrl: 'https://avatars.example/1',
        timestamp: 1_735_689_600_000n,
        forkRepository: 'fork/api',
      },
    });
  });

  test('of a branch alone is built again, too', async () => {
    await ws.connect();
    await create(again(await ws.deployment(ws.production, { image: 'built:1', git_branch: 'main' })));
    expect(asked()).toMatchObject({
      dockerImage: '',
      gitCommit: { branch: 'main', commitSha: '', timestamp: 0n },
    });
  });

  test('runs its image again without a repository', async () => {
    await create(again(await ws.deployment(ws.production, COMMIT)));
    expect(asked()).toMatchObject({ dockerImage: 'built:1', gitCommit: undefined });
  });

  test('runs its image again when it is of no commit', async () => {
    await ws.connect();
    await create(again(await ws.deployment(ws.production, { image: 'built:1' })));
    expect(asked()).toMatchObject({ dockerImage: 'built:1', gitCommit: undefined });
  });

  test.each([['with a repository'], ['without a repository']])(
    '%s needs an image or a commit',
    async (how) => {
      if (how === 'with a repository') await ws.connect();
      const id = await ws.deployment(ws.production);
      await expectRefusal(again(id), 412, 'application/precondition_failed');
    },
  );

  test('must be of the same environment and workspace', async () => {
    const other = await deploymentWorkspace(api);
    for (const id of [
      await ws.deployment(ws.preview, { image: 'a' }),
      await other.deployment(other.production, { image: 'a' }),
      'd_absent',
    ]) {
      await expectRefusal(again(id), 404, 'data/deployment_not_found');
    }
  });
});

describe('an environment that cannot be deployed to', () => {
  test('is refused with everything that is wrong, and by its slug', async () => {
    await ws.change('app_runtime_settings', { port: 0, cpu_millicores: 100, memory_mib: 128 });
    await ws.change('app_regional_settings', { region_id: 'rgn_gone' });
    const detail = await expectRefusal(
      { environment: ws.production.id, ...IMAGE },
      400,
      'application/invalid_environment_settings',
    );
    for (const part of ["'production'", 'port 0', 'cpu 100', 'memory 128', 'no regions']) {
      expect(detail).toContain(part);
    }
  });

  test('lacks settings', async () => {
    await api.db.primary.run('test', 'DELETE FROM app_runtime_settings WHERE workspace_id = :id', {
      id: ws.id,
    });
    const detail = await expectRefusal(IMAGE, 400, 'application/invalid_environment_settings');
    expect(detail).toContain('no runtime settings');
    expect(detail).not.toContain('no regions');
  });

  test('has regions that take nothing new', async () => {
    await api.db.primary.run('test', 'UPDATE regions SET can_schedule = 0 WHERE id = :id', {
      id: ws.regionId,
    });
    await expectRefusal(IMAGE, 400, 'application/invalid_environment_settings');
  });

  test('is not looked at before the source', async () => {
    await ws.change('app_runtime_settings', { port: 0 });
    await expectRefusal({ git: {} }, 412, 'application/precondition_failed');
  });
});

describe('a failure', () => {
  test.each([
    ['failed_precondition', 412, 'application/precondition_failed'],
    ['not_found', 404, 'data/project_not_found'],
    ['invalid_argument', 400, 'application/invalid_input'],
    ['internal', 500, 'application/service_unavailable'],
    ['unauthenticated', 500, 'application/service_unavailable'],
    ['unavailable', 500, 'application/service_unavailable'],
  ] as const)('of the control plane with %s answers %i, without its words', async (code, status, path) => {
    control.refusal = { code, message: 'secret of the control plane' };
    const answer = await create(IMAGE);
    expect({ status: answer.status, type: answer.body.error.type }).toEqual({
      status,
      type: errorType(path),
    });
    expect(JSON.stringify(answer.body)).not.toContain('secret');
  });

  test('of the store while resolving is an unexpected error, without its words', async () => {
    const ready = await ws.deployment(ws.production);
    const all = api.db.replica.all.bind(api.db.replica);
    for (const lost of ['findProject', 'findDeploymentSource', 'findRuntimeNeeds']) {
      const spy = vi.spyOn(api.db.replica, 'all').mockImplementation(async (operation, sql, params) => {
        if (operation === lost) throw new DatabaseError('lost secret');
        return all(operation, sql, params);
      });
      const body = lost === 'findDeploymentSource' ? { deployment: { deploymentId: ready } } : IMAGE;
      const answer = await create(body);
      spy.mockRestore();
      expect(answer.status, lost).toBe(500);
      expect(answer.body.error.type).toBe(errorType('application/unexpected_error'));
      expect(JSON.stringify(answer.body)).not.toContain('secret');
    }
    expect(control.deployments).toEqual([]);
  });
});

test('without a control plane only the last step fails', async () => {
  const alone = await startApi();
  try {
    const { path, call } = await deploymentWorkspace(alone);
    const answer = await call(CREATE, { ...path, ...IMAGE });
    expect(answer.status).toBe(500);
    expect(answer.body.error.type).toBe(errorType('application/service_unavailable'));
    expect((await call(CREATE, { ...path, app: 'absent', ...IMAGE })).status).toBe(404);
  } finally {
    await alone.stop();
  }
});
