// Every operation on deployments through the official SDK, whose own parsing refuses what does not fit.
import { Unkey } from '@unkey/api';
import * as errors from '@unkey/api/models/errors';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { errorType } from '../support/access.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../support/control.ts';
import { type DeploymentWorkspace, deploymentWorkspace } from '../support/deployments.ts';

const control = new RecordingControlPlane();
const workflows = new RecordingWorkflows();

let api: TestApi;
let ws: DeploymentWorkspace;
let unkey: Unkey;
beforeAll(async () => {
  api = await startApi({ controlPlane: control, workflows });
});
afterAll(() => api.stop());
beforeEach(async () => {
  control.deployments.length = 0;
  workflows.submissions.length = 0;
  ws = await deploymentWorkspace(api);
  unkey = new Unkey({ serverURL: api.url, rootKey: ws.rootKey, retryConfig: { strategy: 'none' } });
});

test('creates deployments of an image, a commit and an earlier deployment', async () => {
  await ws.connect();
  const deploymentId = await ws.deployment(ws.production, { image: 'earlier:1' });
  for (const source of [
    { image: { dockerImage: 'acme/api:1' } },
    { git: { branch: 'main' } },
    { deployment: { deploymentId } },
  ]) {
    const { data } = await unkey.deployments.createDeployment({ ...ws.path, ...source });
    expect(data.deploymentId).toMatch(/^d_/);
  }
  expect(control.deployments).toMatchObject([
    { dockerImage: 'acme/api:1', gitCommit: undefined },
    { dockerImage: '', gitCommit: { branch: 'main' } },
    { dockerImage: 'earlier:1', gitCommit: undefined },
  ]);
});

test('reads one in every state, and with all that can be told of it', async () => {
  const id = await ws.deployment(ws.production, {
    status: 'failed',
    git_commit_sha: 'abc',
    git_branch: 'main',
    healthcheck: '{"method":"GET","path":"/up"}',
    updated_at: 7,
  });
  const { data } = await unkey.deployments.getDeployment({ deploymentId: id });
  expect(data).toMatchObject({
    id,
    status: 'failed',
    git: { commitSha: 'abc', branch: 'main' },
    error: { code: 'unknown', step: '' },
    runtime: { vCpus: 0.25, healthcheck: { path: '/up' } },
    updatedAt: 7,
  });
});

test('lists the newest first, page by page', async () => {
  const made = [await ws.deployment(ws.production), await ws.deployment(ws.preview)];
  const listed: string[] = [];
  for await (const page of await unkey.deployments.listDeployments({ limit: 1, status: ['ready'] })) {
    listed.push(...page.result.data.map(({ id }) => id));
  }
  expect(listed).toEqual(made.toReversed());
});

test('promotes, rolls back, starts and stops', async () => {
  const target = await ws.deployment(ws.production);
  await ws.makeCurrent(await ws.deployment(ws.production));
  await unkey.deployments.promoteDeployment({ deploymentId: target });
  await unkey.deployments.rollbackDeployment({ deploymentId: target });
  const running = await ws.deployment(ws.preview);
  await unkey.deployments.stopDeployment({ deploymentId: running });
  await ws.change('deployments', { desired_state: 'stopped' });
  await unkey.deployments.startDeployment({ deploymentId: running });
  expect(workflows.submissions.map(({ workflow }) => workflow)).toEqual([
    'promote',
    'rollback',
    'stopDeployment',
    'wakeDeployment',
  ]);
});

test('is told why an operation does not apply', async () => {
  const deploymentId = await ws.deployment(ws.production);
  const refusal = await unkey.deployments.stopDeployment({ deploymentId }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(errors.PreconditionFailedErrorResponse);
  expect((refusal as errors.PreconditionFailedErrorResponse).error.type).toBe(
    errorType('application/deployment_is_production'),
  );
});

test('deploys and reads in the deprecated way', async () => {
  const created = await unkey.internal.createDeployment({
    project: 'payments',
    app: 'the-api',
    branch: 'main',
    environmentSlug: 'production',
    dockerImage: 'acme/api:1',
    gitCommit: { commitSha: 'abc', timestamp: 5 },
  });
  expect(created.data.deploymentId).toMatch(/^d_/);
  expect(control.deployments).toMatchObject([
    { gitCommit: { branch: 'main', commitSha: 'abc', timestamp: 5n } },
  ]);
  const id = await ws.deployment(ws.production);
  const read = await unkey.internal.getDeployment({ deploymentId: id });
  expect(read.data).toEqual({ id, status: 'READY' });
});
