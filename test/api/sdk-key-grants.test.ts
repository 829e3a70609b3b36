// The operations on permissions and roles of keys through the official SDK, whose own parsing refuses what does not fit.
import { Unkey } from '@unkey/api';
import * as errors from '@unkey/api/models/errors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { GRANT_ADMIN } from '../support/key-grants.ts';
import { testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let unkey: Unkey;
let keyId: string;

beforeAll(async () => {
  api = await startApi();
  const ws = await testWorkspace(api);
  await ws.role('editor', ['documents.publish']);
  await ws.role('viewer');
  unkey = new Unkey({
    serverURL: api.url,
    rootKey: await api.rootKey(GRANT_ADMIN, ws.id),
    retryConfig: { strategy: 'none' },
  });
  const { data } = await unkey.keys.createKey({ apiId: ws.apiId });
  keyId = data.keyId;
});
afterAll(() => api.stop());

const permission = (slug: string) => ({ id: expect.stringMatching(/^perm_/), name: slug, slug });

test('adds, removes and sets permissions', async () => {
  const added = await unkey.keys.addPermissions({ keyId, permissions: ['b.two', 'a.one'] });
  expect(added.data).toEqual([permission('a.one'), permission('b.two')]);
  const remaining = await unkey.keys.removePermissions({ keyId, permissions: ['a.one'] });
  expect(remaining.data).toEqual([permission('b.two')]);
  const set = await unkey.keys.setPermissions({ keyId, permissions: ['c.three'] });
  expect(set.data).toEqual([permission('c.three')]);
  const emptied = await unkey.keys.setPermissions({ keyId, permissions: [] });
  expect(emptied.data).toEqual([]);
});

test('adds, removes and sets roles', async () => {
  const editor = {
    id: expect.stringMatching(/^role_/),
    name: 'editor',
    permissions: [permission('documents.publish')],
  };
  const viewer = { id: expect.stringMatching(/^role_/), name: 'viewer' };
  expect((await unkey.keys.addRoles({ keyId, roles: ['viewer', 'editor'] })).data).toEqual([editor, viewer]);
  expect((await unkey.keys.removeRoles({ keyId, roles: ['editor'] })).data).toEqual([viewer]);
  expect((await unkey.keys.setRoles({ keyId, roles: ['editor'] })).data).toEqual([editor]);
});

test('is told what is missing', async () => {
  const refusals = await Promise.all([
    unkey.keys.addRoles({ keyId, roles: ['ghost'] }).catch((error: unknown) => error),
    unkey.keys.removePermissions({ keyId, permissions: ['ghost'] }).catch((error: unknown) => error),
    unkey.keys.setRoles({ keyId: 'key_nope', roles: [] }).catch((error: unknown) => error),
  ]);
  for (const refusal of refusals) expect(refusal).toBeInstanceOf(errors.NotFoundErrorResponse);
});
