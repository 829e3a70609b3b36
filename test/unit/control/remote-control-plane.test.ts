// The API's client of the control plane against the server that speaks for one: what is asked arrives as it was meant, and
// what is answered comes back by its code.

import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runInRequestScope } from '../../../src/lib/request-scope.ts';
import { CreateProjectRequestSchema } from '../../../src/proto/ctrl/v1/project_pb.ts';
import type { ControlCode, NewDeployment } from '../../../src/services/control/control-plane.ts';
import {
  createRemoteControlPlane,
  type RemoteControlPlane,
} from '../../../src/services/control/remote-control-plane.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../../support/control.ts';
import { CONTROL_TOKEN, type ServedControl, serveTestControl } from '../../support/control-server.ts';
import { recordingLogger } from '../support/recorders.ts';
import { ACTOR } from './workbench.ts';

let plane: RecordingControlPlane;
let served: ServedControl;
let client: RemoteControlPlane;
const log = recordingLogger();
beforeEach(async () => {
  plane = new RecordingControlPlane();
  served = await serveTestControl(plane, new RecordingWorkflows(), log);
  client = createRemoteControlPlane({ url: served.url, token: CONTROL_TOKEN });
});
afterEach(async () => {
  client.close();
  await served.stop();
});

const PROJECT = { workspaceId: 'ws_1', name: 'Shop', slug: 'shop', actor: ACTOR };
const DOMAIN = { workspaceId: 'ws_1', projectId: 'proj_1', domain: 'acme.com', actor: ACTOR };
const NEW_DOMAIN = { ...DOMAIN, appId: 'app_1', environmentId: 'env_1' };
const DEPLOYMENT: NewDeployment = {
  projectId: 'proj_1',
  appId: 'app_1',
  environmentSlug: 'production',
  dockerImage: 'web:1',
  gitCommit: {
    commitSha: 'abc',
    commitMessage: 'fix',
    authorHandle: 'ada',
    authorAvatarUrl: 'https://a.test/a.png',
    timestamp: 1_700_000_000_000n,
    branch: 'main',
    forkRepository: 'fork/web',
  },
  keyspaceId: 'ks_1',
  command: ['serve', '--port'],
  trigger: 'dashboard',
  triggerReason: 'why',
  triggeredBy: 'user_1',
  actor: { ...ACTOR, type: 'user' },
};

describe('what is asked arrives as it was meant', () => {
  test('projects and apps', async () => {
    expect((await client.createProject(PROJECT)).id).toMatch(/^proj_/);
    const app = { ...PROJECT, projectId: 'proj_1' };
    expect((await client.createApp(app)).id).toMatch(/^app_/);
    expect(plane.projects).toEqual([PROJECT]);
    expect(plane.apps).toEqual([app]);
  });

  test('a deployment with everything, and one with nothing that may be left out', async () => {
    expect((await client.createDeployment(DEPLOYMENT)).deploymentId).toMatch(/^d_/);
    const bare: NewDeployment = {
      ...DEPLOYMENT,
      dockerImage: '',
      gitCommit: undefined,
      keyspaceId: undefined,
      command: [],
      trigger: 'unspecified',
      actor: undefined,
    };
    await client.createDeployment(bare);
    const [full, empty] = plane.deployments;
    expect(full).toMatchObject(DEPLOYMENT);
    expect(empty).toEqual(bare);
  });

  test('domains, and what their owners have to do', async () => {
    const connect = { provider: 'dns.test', url: 'https://dns.test/connect' };
    expect(await client.addCustomDomain(NEW_DOMAIN)).toMatchObject({
      domainId: expect.stringMatching(/^dom_/),
      targetCname: 'k3n9zq0w8c2m5x7b.cname.test',
      verificationToken: 'a-token-of-a-domain-here',
      domainConnect: undefined,
    });
    plane.domainConnect = connect;
    expect((await client.addCustomDomain(NEW_DOMAIN)).domainConnect).toMatchObject(connect);
    await client.deleteCustomDomain(DOMAIN);
    await client.retryVerification({ ...DOMAIN, actor: undefined });
    expect(plane.addedDomains[0]).toEqual(NEW_DOMAIN);
    expect(plane.deletedDomains).toEqual([DOMAIN]);
    expect(plane.retriedDomains).toEqual([{ ...DOMAIN, actor: undefined }]);
  });

  test.each(['root_key', 'user', 'system', 'unspecified'] as const)('an actor of type %s', async (type) => {
    await client.createProject({ ...PROJECT, actor: { ...ACTOR, type } });
    expect(plane.projects[0]?.actor.type).toBe(type);
  });

  test.each(['github', 'api', 'cli', 'dashboard', 'unkey'] as const)('the trigger %s', async (trigger) => {
    await client.createDeployment({ ...DEPLOYMENT, trigger });
    expect(plane.deployments[0]?.trigger).toBe(trigger);
  });
});

test('every call is binary, shows the token, and is made once', async () => {
  plane.refusal = { code: 'unavailable', message: 'down' };
  for (const call of [
    () => client.createProject(PROJECT),
    () => client.createApp({ ...PROJECT, projectId: 'proj_1' }),
    () => client.createDeployment(DEPLOYMENT),
    () => client.addCustomDomain(NEW_DOMAIN),
    () => client.deleteCustomDomain(DOMAIN),
    () => client.retryVerification(DOMAIN),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'unavailable' });
  }
  plane.refusal = undefined;
  await client.ping();
  await client.authenticate();
  expect(served.calls.map(({ path }) => path)).toEqual([
    '/ctrl.v1.ProjectService/CreateProject',
    '/ctrl.v1.AppService/CreateApp',
    '/ctrl.v1.DeployService/CreateDeployment',
    '/ctrl.v1.CustomDomainService/AddCustomDomain',
    '/ctrl.v1.CustomDomainService/DeleteCustomDomain',
    '/ctrl.v1.CustomDomainService/RetryVerification',
    '/ctrl.v1.CtrlService/Liveness',
    '/ctrl.v1.DeployService/GetDeployment',
  ]);
  for (const { authorization, contentType } of served.calls) {
    expect(authorization).toBe(`Bearer ${CONTROL_TOKEN}`);
    expect(contentType).toBe('application/proto');
  }
});

test.each<ControlCode>([
  'not_found',
  'invalid_argument',
  'already_exists',
  'failed_precondition',
  'resource_exhausted',
  'unauthenticated',
  'unavailable',
  'internal',
])('a refusal comes back as %s', async (code) => {
  plane.refusal = { code, message: 'the reason' };
  await expect(client.createProject(PROJECT)).rejects.toMatchObject({
    name: 'ControlPlaneError',
    code,
    message: 'the reason',
  });
});

describe('no answer is unavailable', () => {
  test('when nobody listens', async () => {
    await served.stop();
    await expect(client.createProject(PROJECT)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('when the time of the request that asks is over, or it ends', async () => {
    served.hanging = true;
    const scope = { requestId: 'req_1', route: 'POST /x', timings: [] };
    const { signal } = new AbortController();
    await expect(
      runInRequestScope({ ...scope, signal, remainingMs: 20 }, () => client.createProject(PROJECT)),
    ).rejects.toMatchObject({ code: 'unavailable' });
    const gone = new AbortController();
    const asked = runInRequestScope({ ...scope, signal: gone.signal }, () => client.createProject(PROJECT));
    gone.abort(new Error('the client is gone'));
    await expect(asked).rejects.toMatchObject({
      code: 'unavailable',
      cause: { message: 'the client is gone' },
    });
  });
});

test('a wrong token is told apart, from anything that is asked', async () => {
  const stranger = createRemoteControlPlane({ url: served.url, token: 'wrong' });
  for (const call of [
    () => stranger.ping(),
    () => stranger.authenticate(),
    () => stranger.createProject(PROJECT),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'unauthenticated' });
  }
  expect(plane.projects).toEqual([]);
  stranger.close();
});

describe('the server', () => {
  const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(`${served.url}${path}`, {
      method: 'POST',
      headers: {
        'Content-Type': typeof body === 'string' ? 'application/json' : 'application/proto',
        Authorization: `Bearer ${CONTROL_TOKEN}`,
        ...headers,
      },
      body,
    });

  test('speaks JSON as well, and tells who it is', async () => {
    const response = await post('/ctrl.v1.CtrlService/Liveness', '{}');
    expect(await response.json()).toEqual({ status: 'ok', version: '1.2.3', instanceId: 'ins_control' });
  });

  test('refuses everything without the token, whatever the path and the body', async () => {
    for (const path of [
      '/',
      '/ctrl.v1.DeployService/None',
      '/ctrl.v1.CtrlService/Liveness',
      '/ctrl.v1.ProjectService/CreateProject',
      '/hydra.v1.ProjectService/proj_1/Delete/send',
    ]) {
      for (const headers of [{ Authorization: '' }, { Authorization: 'Bearer wrong' }]) {
        const response = await post(path, 'no JSON', headers);
        expect(response.status).toBe(401);
        expect(await response.json()).toMatchObject({ code: 'unauthenticated' });
      }
    }
  });

  test('answers unimplemented for methods that nobody calls, and 404 for what is none', async () => {
    const response = await post('/ctrl.v1.DeployService/Promote', '{}');
    expect(response.status).toBe(501);
    expect(await response.json()).toMatchObject({ code: 'unimplemented' });
    expect((await post('/ctrl.v1.DeployService/None', '{}')).status).toBe(404);
    expect((await post('/hydra.v1.DeployService/d_1/None/send', '{}')).status).toBe(404);
  });

  test('demands an actor for projects and apps', async () => {
    const response = await post('/ctrl.v1.ProjectService/CreateProject', '{"workspaceId":"ws_1"}');
    expect(await response.json()).toMatchObject({ code: 'invalid_argument' });
  });

  test('answers any bytes with an answer of Connect, and goes on', async () => {
    const message = create(CreateProjectRequestSchema, { workspaceId: 'ws_1', name: 'n', slug: 's' });
    const bytes = toBinary(CreateProjectRequestSchema, message);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 100 }),
          fc
            .tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }))
            .map(([at, mask]) => bytes.map((byte, index) => (index === at ? byte ^ mask : byte))),
        ),
        async (garbage) => {
          const response = await post('/ctrl.v1.ProjectService/CreateProject', Uint8Array.from(garbage));
          expect([200, 400, 500]).toContain(response.status);
          if (response.status !== 200) {
            expect(['invalid_argument', 'internal']).toContain(
              ((await response.json()) as { code: string }).code,
            );
          }
        },
      ),
      { numRuns: 200 },
    );
    await client.ping();
  });

  test('keeps the token out of its log', async () => {
    await client.createProject(PROJECT);
    expect(log.lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(log.lines)).not.toContain(CONTROL_TOKEN);
  });
});
