// Permissions and roles where the store fails, or somebody else comes first.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKey } from '../../../src/server/routes/keys/create-key.ts';
import { DatabaseError } from '../../../src/storage/sql/database.ts';
import { API, CALLER, openWorkbench, WORKSPACE, type Workbench } from '../keys/workbench.ts';
import { type Interception, interceptTransactions } from '../support/intercept.ts';

let bench: Workbench;
let interception: Interception;

beforeEach(async () => {
  interception = { beforeStatement: () => undefined, beforeTransaction: () => undefined };
  bench = await openWorkbench({
    intercept: (db) =>
      interceptTransactions(db, {
        beforeStatement: (operation, tx) => interception.beforeStatement(operation, tx),
        beforeTransaction: () => interception.beforeTransaction(),
      }),
  });
});
afterEach(() => bench.close());

const code = (specific: string) => expect.objectContaining({ code: `unkey:${specific}` });
const noRefusal = (): void => undefined;
const setting = (slug: string) => ({ name: slug, slug, description: undefined });
const roleSetting = (name: string, permissions: readonly string[]) => ({
  name,
  description: undefined,
  permissions,
  beforeCreatingPermissions: noRefusal,
});
/** Lets the statements of this name fail the next `times` times. */
const failing = (operation: string, error: Error, times = 1): void => {
  let left = times;
  interception.beforeStatement = (name) => {
    if (name === operation && left-- > 0) throw error;
  };
};

const TABLES = [
  'projects',
  'permissions',
  'roles',
  'roles_permissions',
  'keys_permissions',
  'keys_roles',
  'clickhouse_outbox',
];
const everything = () => Promise.all(TABLES.map((table) => bench.rows(`SELECT * FROM ${table} ORDER BY pk`)));

/** Each mutation, on a role `editor` that holds `old`, both given to a key; and the audit events that it writes. */
const MUTATIONS: [name: string, mutate: (roleId: string) => Promise<unknown>, told: string[]][] = [
  [
    'createPermission',
    () => bench.services.permissions.create(CALLER, setting('new')),
    ['permission.create'],
  ],
  ['deletePermission', () => bench.services.permissions.remove(CALLER, 'old'), ['permission.delete']],
  [
    'createRole',
    () => bench.services.roles.create(CALLER, roleSetting('viewer', ['old', 'new'])),
    [
      'role.create',
      'permission.create',
      'authorization.connect_role_and_permission',
      'authorization.connect_role_and_permission',
    ],
  ],
  ['deleteRole', () => bench.services.roles.remove(CALLER, 'editor'), ['role.delete']],
  [
    'setRolePermissions',
    (roleId) =>
      bench.services.roles.setPermissions(CALLER, {
        roleId,
        permissions: ['new'],
        beforeCreatingPermissions: noRefusal,
      }),
    [
      'permission.create',
      'authorization.disconnect_role_and_permissions',
      'authorization.connect_role_and_permission',
    ],
  ],
];

describe.each(MUTATIONS)('%s', (_name, mutate, told) => {
  let roleId: string;
  beforeEach(async () => {
    roleId = await bench.services.roles.create(CALLER, roleSetting('editor', ['old']));
    await bench.run(createKey, { apiId: API, permissions: ['old'], roles: ['editor'] });
  });

  test('changes nothing when its audit events cannot be written', async () => {
    const before = await everything();
    failing('insertOutboxRows', new DatabaseError('disk full'));
    await expect(mutate(roleId)).rejects.toThrowError(code('application:service_unavailable'));
    expect(await everything()).toEqual(before);
  });

  test('survives two deadlocks in a row and tells of the change once', async () => {
    const outbox = () => bench.rows<{ payload: string }>('SELECT payload FROM clickhouse_outbox ORDER BY pk');
    const before = await outbox();
    failing('insertOutboxRows', new DatabaseError('deadlock', { transient: true }), 2);
    await mutate(roleId);
    const written = (await outbox()).slice(before.length);
    expect(written.map(({ payload }) => JSON.parse(payload).event)).toEqual(told);
  });
});

test('a permission that is deleted, or replaced, after it was found is not found', async () => {
  const { permissions } = bench.services;
  const id = await permissions.create(CALLER, setting('docs.read'));
  interception.beforeTransaction = async () => {
    interception.beforeTransaction = noRefusal;
    await permissions.remove(CALLER, id);
    await permissions.create(CALLER, setting('docs.read'));
  };
  await expect(permissions.remove(CALLER, 'docs.read')).rejects.toThrowError(
    code('data:permission_not_found'),
  );
  expect((await permissions.find(WORKSPACE, 'docs.read')).id).not.toBe(id);
});

test('a role that is deleted after it was found is not found', async () => {
  const { roles } = bench.services;
  const id = await roles.create(CALLER, roleSetting('editor', []));
  interception.beforeTransaction = async () => {
    interception.beforeTransaction = noRefusal;
    await roles.remove(CALLER, id);
  };
  await expect(roles.remove(CALLER, 'editor')).rejects.toThrowError(code('data:role_not_found'));
});

test('a permission that vanishes while a role is made has the whole call start again', async () => {
  await bench.services.permissions.create(CALLER, setting('docs.read'));
  let attempts = 0;
  interception.beforeStatement = async (operation, tx) => {
    if (operation !== 'holdPermissionsBySlugs' || attempts++ > 0) return;
    await tx.run('test', "DELETE FROM permissions WHERE slug = 'docs.read'");
  };
  const roleId = await bench.services.roles.create(CALLER, roleSetting('editor', ['docs.read']));
  expect(attempts).toBe(2);
  const { permissions } = await bench.services.roles.find(WORKSPACE, roleId);
  expect(permissions).toMatchObject([{ slug: 'docs.read' }]);
  expect(await bench.rows('SELECT pk FROM roles_permissions')).toHaveLength(1);
});
