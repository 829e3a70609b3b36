// What calls of the control plane have in common: in whose name they are made, and what callers hear of their failures.

import { describe, expect, test } from 'vitest';
import { Fault, publicDetail } from '../../../src/lib/fault.ts';
import { randomIds } from '../../../src/lib/uid.ts';
import type { Caller } from '../../../src/services/audit/audit-log.ts';
import type { Principal } from '../../../src/services/auth/principal.ts';
import { callerActor } from '../../../src/services/control/caller-actor.ts';
import { reportingControlFailure } from '../../../src/services/control/control-faults.ts';
import { ControlPlaneError } from '../../../src/services/control/control-plane.ts';
import { submitWorkflow } from '../../../src/services/control/submit-workflow.ts';
import { RecordingWorkflows } from '../../support/control.ts';

const caller = (type: Principal['type']): Caller => ({
  principal: {
    version: 'v1',
    type,
    subject: { id: 'key_1', name: 'CI', type: 'rootkey' },
    workspaceId: 'ws_1',
    permissions: [],
    source: { kind: 'rootKey', keyId: 'key_1', keyspaceId: 'ks_1' },
  },
  client: { ip: '192.0.2.1', userAgent: 'curl/8' },
});

test.each([
  ['API_KEY', 'root_key'],
  ['JWT', 'user'],
  ['PORTAL_SESSION', 'unspecified'],
] as const)('a principal of type %s acts as %s', (type, actor) => {
  expect(callerActor(caller(type))).toEqual({
    id: 'key_1',
    name: 'CI',
    type: actor,
    remoteIp: '192.0.2.1',
    userAgent: 'curl/8',
  });
});

describe('a failed call', () => {
  const failing = (error: unknown, answers = {}) =>
    reportingControlFailure('testing', () => Promise.reject(error), answers).catch(
      (thrown: unknown) => thrown,
    );

  test.each([
    ['not_found', 'unkey:data:project_not_found'],
    ['invalid_argument', 'unkey:application:invalid_input'],
    ['already_exists', 'unkey:application:service_unavailable'],
    ['failed_precondition', 'unkey:application:service_unavailable'],
    ['resource_exhausted', 'unkey:application:service_unavailable'],
    ['unauthenticated', 'unkey:application:service_unavailable'],
    ['unavailable', 'unkey:application:service_unavailable'],
    ['internal', 'unkey:application:service_unavailable'],
  ] as const)('with %s is %s, and its words stay inside', async (code, fault) => {
    const thrown = await failing(new ControlPlaneError(code, 'a secret'));
    expect(thrown).toBeInstanceOf(Fault);
    expect((thrown as Fault).code).toBe(fault);
    expect(publicDetail(thrown)).not.toContain('secret');
  });

  test('that no control plane answered is unavailable', async () => {
    expect(await failing(new Error('ECONNRESET'))).toMatchObject({
      code: 'unkey:application:service_unavailable',
    });
  });

  test('is what the operation says it is, where it says so', async () => {
    const answers = {
      not_found: (cause: unknown) => new Fault('unkey:data:domain_not_found', { public: 'no', cause }),
    };
    expect(await failing(new ControlPlaneError('not_found', 'x'), answers)).toMatchObject({
      code: 'unkey:data:domain_not_found',
    });
  });
});

test('every job is handed over under a correlation id of its own', async () => {
  const workflows = new RecordingWorkflows();
  const deps = { workflows, ids: randomIds };
  for (const projectId of ['proj_1', 'proj_2']) {
    await submitWorkflow(deps, caller('API_KEY'), { workflow: 'deleteProject', projectId });
  }
  const correlationIds = workflows.submissions.map(({ correlationId }) => correlationId);
  expect(new Set(correlationIds).size).toBe(2);
  expect(workflows.submissions[0]).toMatchObject({ workflow: 'deleteProject', projectId: 'proj_1' });
});
