// Every operation that the official SDK knows, called through it: what its own parsing refuses of an answer is a mistake
// of ours. What the calls mean is in the sdk-* tests beside this one.
import { Unkey } from '@unkey/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations } from '../../src/server/routes/registry.ts';
import { PERMISSION_PRESETS } from '../../src/services/rbac/catalogue.ts';
import { accessScene } from '../support/access-matrix/scene.ts';
import { ACCESS_MATRIX } from '../support/access-matrix.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { RecordingControlPlane, RecordingWorkflows } from '../support/control.ts';
import { MUTATIONS } from '../support/mutations.ts';

/** Operations that are not called here, and why. */
const ELSEWHERE: readonly (readonly [operations: RegExp, reason: string])[] = [
  [/^liveness$/, 'the SDK has no method for it'],
  [/^analytics\./, 'answered by an engine that this server does without; the tests of analytics call it'],
];

const called = operations
  .map(({ name }) => name)
  .filter((name) => !ELSEWHERE.some(([pattern]) => pattern.test(name)));

type Method = (request: unknown) => Promise<unknown>;

let api: TestApi;
let workspaceId: string;
let rootKey: string;
beforeAll(async () => {
  api = await startApi({
    controlPlane: new RecordingControlPlane(),
    workflows: new RecordingWorkflows(),
  });
  workspaceId = await api.workspace();
  rootKey = await api.rootKey(PERMISSION_PRESETS.full, workspaceId);
});
afterAll(() => api.stop());

/** Namespaces that the SDK calls otherwise. */
const GROUPS: Readonly<Record<string, string>> = { deploy: 'internal' };

/** The method of the SDK for an operation; undefined when it has none. */
function methodOf(operation: string): Method | undefined {
  const unkey = new Unkey({ serverURL: api.url, rootKey, retryConfig: { strategy: 'none' } });
  const [group = '', name = ''] = operation.split('.');
  const groups = unkey as unknown as Record<string, Record<string, Method> | undefined>;
  const methods = groups[GROUPS[group] ?? group];
  return methods?.[name]?.bind(methods);
}

describe.each(called)('%s', (operation) => {
  test('is called through the SDK, which takes its answer', async () => {
    const method = methodOf(operation);
    if (method === undefined) throw new Error(`the SDK has no method for ${operation}: say so in ELSEWHERE`);
    const scene = await accessScene(api, workspaceId);
    const mutation = MUTATIONS[operation];
    const row = ACCESS_MATRIX.find((candidate) => candidate.operation === operation);
    for (const [name, body] of mutation?.before?.(scene) ?? []) {
      expect((await api.call(name, body, rootKey)).status, `${name} first`).toBe(200);
    }
    const request =
      mutation?.body(scene) ?? row?.body(row.about === undefined ? '' : scene[row.about], scene);
    const answer = (await method(request)) as { readonly result?: unknown };
    // Pages are wrapped once more.
    expect(answer.result ?? answer).toMatchObject({ meta: { requestId: expect.stringMatching(/^req_/) } });
  });
});
