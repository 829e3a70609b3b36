// Calls that meet each other in the store: all must succeed, and agree on one row of whatever they made on the way.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { KEY_ADMIN, type TestWorkspace, testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let ws: TestWorkspace;

beforeAll(async () => {
  api = await startApi();
  ws = await testWorkspace(api);
});
afterAll(() => api.stop());

const together = <T>(times: number, work: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: times }, (_, i) => work(i)));
const statuses = (answers: Answer[]) => [...new Set(answers.map(({ status }) => status))];
const rows = (sql: string, workspaceId: string) =>
  api.db.primary.all<Record<string, unknown>>('test', sql, { workspaceId });

test('twenty first writes of a workspace share one protected default project', async () => {
  const fresh = await api.workspace();
  const token = await api.rootKey(KEY_ADMIN, fresh);
  const answers = await together(20, (i) => api.call('apis.createApi', { name: `api ${i}` }, token));
  expect(statuses(answers)).toEqual([200]);
  const projects = await rows(
    'SELECT id, slug, delete_protection FROM projects WHERE workspace_id = :workspaceId',
    fresh,
  );
  expect(projects).toEqual([{ id: expect.any(String), slug: 'default', delete_protection: 1 }]);
  const owners = await rows(
    'SELECT DISTINCT project_id AS id FROM apis WHERE workspace_id = :workspaceId',
    fresh,
  );
  expect(owners).toEqual([{ id: projects[0]?.id }]);
});

test('creations with overlapping new permissions share them', async () => {
  const slugs = ['r.one', 'r.two', 'r.three'];
  const answers = await together(12, (i) =>
    ws.call('keys.createKey', {
      apiId: ws.apiId,
      permissions: [...slugs.slice(i % 3), ...slugs.slice(0, i % 3), i % 2 === 0 ? 'r.Case' : 'r.case'],
    }),
  );
  expect(statuses(answers)).toEqual([200]);
  const stored = await rows(
    "SELECT slug FROM permissions WHERE workspace_id = :workspaceId AND slug LIKE 'r.%'",
    ws.id,
  );
  expect(stored).toHaveLength(4);
  const shown = await ws.call('keys.getKey', { keyId: answers[0]?.body.data.keyId });
  expect(shown.body.data.permissions).toHaveLength(4);
});

describe('updates', () => {
  test('of ten keys to one new external id link one identity', async () => {
    const keys = await together(10, () => ws.createKey());
    const answers = await together(10, (i) =>
      ws.call('keys.updateKey', { keyId: keys[i]?.keyId, externalId: 'raced' }),
    );
    expect(statuses(answers)).toEqual([200]);
    const shown = await Promise.all(keys.map(({ keyId }) => ws.call('keys.getKey', { keyId })));
    expect(new Set(shown.map(({ body }) => body.data.identity.id)).size).toBe(1);
  });

  test('of the same three limits of one key leave one of the submitted sets', async () => {
    const { keyId } = await ws.createKey();
    const answers = await together(10, (i) =>
      ws.call('keys.updateKey', {
        keyId,
        ratelimits: ['aaa', 'bbb', 'ccc'].map((name) => ({
          name,
          limit: i + 1,
          duration: 60_000,
          autoApply: true,
        })),
      }),
    );
    expect(statuses(answers)).toEqual([200]);
    const { ratelimits } = (await ws.call('keys.getKey', { keyId })).body.data;
    expect(ratelimits).toHaveLength(3);
    expect(new Set(ratelimits.map(({ limit }: { limit: number }) => limit)).size).toBe(1);
  });

  test('of the permissions of one key leave one of the submitted sets', async () => {
    const { keyId } = await ws.createKey();
    const sets = Array.from({ length: 10 }, (_, i) => [`set${i}.a`, `set${i}.b`, 'shared']);
    const answers = await together(10, (i) => ws.call('keys.updateKey', { keyId, permissions: sets[i] }));
    expect(statuses(answers)).toEqual([200]);
    expect(sets).toContainEqual((await ws.call('keys.getKey', { keyId })).body.data.permissions);
  });
});

test('two deletes of one key both succeed or find nothing', async () => {
  const { keyId, key } = await ws.createKey();
  const answers = await together(2, () => ws.call('keys.deleteKey', { keyId, permanent: true }));
  for (const { status } of answers) expect([200, 404]).toContain(status);
  expect(answers.some(({ status }) => status === 200)).toBe(true);
  expect(await ws.verify(key)).toEqual({ valid: false, code: 'NOT_FOUND' });
});
