// A control plane that hangs costs a request no more than its own time, whether it is called or handed a job.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { randomIds } from '../../src/lib/uid.ts';
import { reportingControlFailure } from '../../src/services/control/control-faults.ts';
import {
  createRemoteControlPlane,
  type RemoteControlPlane,
} from '../../src/services/control/remote-control-plane.ts';
import { createRestateWorkflows } from '../../src/services/control/restate-workflows.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../support/control.ts';
import { CONTROL_TOKEN, type ServedControl, serveTestControl } from '../support/control-server.ts';
import { nameOperation, startServer, type TestServer } from './pipeline-harness.ts';

const PATH = '/v2/apis.createApi';
const DEADLINE_MS = 200;
const ACTOR = {
  id: 'key_1',
  name: 'CI',
  type: 'root_key',
  remoteIp: '192.0.2.1',
  userAgent: 'curl/8',
} as const;

let served: ServedControl;
let control: RemoteControlPlane;
let api: TestServer | undefined;

beforeEach(async () => {
  served = await serveTestControl(new RecordingControlPlane(), new RecordingWorkflows());
  served.hanging = true;
  control = createRemoteControlPlane({ url: served.url, token: CONTROL_TOKEN });
});
afterEach(async () => {
  await api?.server.stop(1_000);
  control.close();
  await served.stop();
});

/** What a request that does this is answered. */
async function answerOf(work: () => Promise<unknown>): Promise<Response> {
  api = await startServer({
    deadlineMs: DEADLINE_MS,
    operations: [
      nameOperation(async () => {
        await work();
        throw new Error('the control plane answered');
      }),
    ],
  });
  return api.post(PATH);
}

test('a call ends with the request', async () => {
  const response = await answerOf(() =>
    reportingControlFailure('creating a project', () =>
      control.createProject({ workspaceId: 'ws_1', name: 'Shop', slug: 'shop', actor: ACTOR }),
    ),
  );
  expect(response.status).toBe(408);
  expect(served.calls).toHaveLength(1);
});

test('a job that is handed over ends with the request', async () => {
  const workflows = createRestateWorkflows({ url: served.url, apiKey: CONTROL_TOKEN });
  const correlationId = randomIds.next('correlation');
  const response = await answerOf(() =>
    workflows.submit({ workflow: 'deleteProject', projectId: 'proj_1', actor: ACTOR, correlationId }),
  );
  expect(response.status).toBe(408);
  expect(served.calls).toHaveLength(1);
});
