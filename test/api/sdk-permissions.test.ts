// Every operation on permissions and roles through the official SDK, whose own parsing refuses what does not fit.
import { Unkey } from '@unkey/api';
import * as errors from '@unkey/api/models/errors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCESS_ADMIN } from '../support/access.ts';
import { startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let unkey: Unkey;

beforeAll(async () => {
  api = await startApi();
  unkey = new Unkey({
    serverURL: api.url,
    rootKey: await api.rootKey(ACCESS_ADMIN, await api.workspace()),
    retryConfig: { strategy: 'none' },
  });
});
afterAll(() => api.stop());

const refusal = (work: Promise<unknown>) => work.catch((error: unknown) => error);

test('creates, gets, lists and deletes permissions', async () => {
  const setting = { name: 'Read docs', slug: 'sdk.read', description: 'Opens them' };
  const { permissionId } = (await unkey.permissions.createPermission(setting)).data;
  await unkey.permissions.createPermission({ name: 'Write docs', slug: 'sdk.write' });
  expect(await refusal(unkey.permissions.createPermission(setting))).toBeInstanceOf(
    errors.ConflictErrorResponse,
  );

  const found = await unkey.permissions.getPermission({ permission: 'sdk.read' });
  expect(found.data).toEqual({ id: permissionId, ...setting });
  const listed: string[] = [];
  for await (const page of await unkey.permissions.listPermissions({ limit: 1, search: 'SDK.' })) {
    listed.push(...page.result.data.map(({ slug }) => slug));
  }
  expect(listed.sort()).toEqual(['sdk.read', 'sdk.write']);

  const deleted = await unkey.permissions.deletePermission({ permission: permissionId });
  expect(deleted.data).toEqual({});
  expect(await refusal(unkey.permissions.getPermission({ permission: permissionId }))).toBeInstanceOf(
    errors.NotFoundErrorResponse,
  );
});

test('creates, gets, sets, lists and deletes roles', async () => {
  const { roleId } = (
    await unkey.permissions.createRole({
      name: 'sdk editor',
      description: 'Writes',
      permissions: ['sdk.edit'],
    })
  ).data;
  await unkey.permissions.createRole({ name: 'sdk viewer' });
  expect(await refusal(unkey.permissions.createRole({ name: 'SDK viewer' }))).toBeInstanceOf(
    errors.ConflictErrorResponse,
  );

  const held = await unkey.permissions.setRolePermissions({
    roleId,
    permissions: ['sdk.publish', 'sdk.edit'],
  });
  expect(held.data.map(({ slug }) => slug)).toEqual(['sdk.edit', 'sdk.publish']);
  const found = await unkey.permissions.getRole({ role: 'sdk editor' });
  expect(found.data).toEqual({
    id: roleId,
    name: 'sdk editor',
    description: 'Writes',
    permissions: held.data,
  });
  const listed: string[] = [];
  for await (const page of await unkey.permissions.listRoles({ limit: 1, search: 'sdk' })) {
    listed.push(...page.result.data.map(({ name }) => name));
  }
  expect(listed.sort()).toEqual(['sdk editor', 'sdk viewer']);

  const deleted = await unkey.permissions.deleteRole({ role: roleId });
  expect(deleted.data).toEqual({});
  expect(await refusal(unkey.permissions.getRole({ role: roleId }))).toBeInstanceOf(
    errors.NotFoundErrorResponse,
  );
});
