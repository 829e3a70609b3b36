// Calls on permissions and roles that meet each other in the store: some serial order explains every outcome, and no
// conflict of the store shows as a failure.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AccessWorkspace, accessWorkspace } from '../support/access.ts';
import { type Answer, startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ws: AccessWorkspace;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  ws = await accessWorkspace(api);
});

const together = <T>(times: number, work: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: times }, (_, i) => work(i)));
/** How many answers had each status. */
const tally = (answers: readonly Answer[]): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};
const events = async (): Promise<string[]> => (await ws.events()).map(({ event }) => event);
const count = async (event: string): Promise<number> =>
  (await events()).filter((name) => name === event).length;
/** Links whose role or permission has no row. */
const orphans = () =>
  api.db.primary.all(
    'test',
    `SELECT rp.pk FROM roles_permissions rp
       LEFT JOIN roles r ON r.id = rp.role_id
       LEFT JOIN permissions p ON p.id = rp.permission_id
      WHERE r.id IS NULL OR p.id IS NULL`,
  );

describe('fifty parallel identical calls', () => {
  test('create one permission', async () => {
    const answers = await together(50, () => ws.call('createPermission', { name: 'x', slug: 'docs.read' }));
    expect(tally(answers)).toEqual({ 200: 1, 409: 49 });
    expect(await ws.slugs()).toEqual(['docs.read']);
    expect(await events()).toEqual(['permission.create']);
  });

  test('create one role with its permissions', async () => {
    const body = { name: 'editor', permissions: ['docs.write', 'docs.read'] };
    const answers = await together(50, () => ws.call('createRole', body));
    expect(tally(answers)).toEqual({ 200: 1, 409: 49 });
    expect(await ws.rows('roles')).toHaveLength(1);
    expect(await ws.slugs()).toEqual(['docs.read', 'docs.write']);
    expect(await ws.rows('roles_permissions')).toHaveLength(2);
    expect((await events()).sort()).toEqual([
      'authorization.connect_role_and_permission',
      'authorization.connect_role_and_permission',
      'permission.create',
      'permission.create',
      'role.create',
    ]);
  });

  test('delete a permission once', async () => {
    await ws.permission('docs.read');
    const answers = await together(50, () => ws.call('deletePermission', { permission: 'docs.read' }));
    expect(tally(answers)).toEqual({ 200: 1, 404: 49 });
    expect(await count('permission.delete')).toBe(1);
  });

  test('delete a role once', async () => {
    await ws.role('editor', ['docs.read']);
    const answers = await together(50, () => ws.call('deleteRole', { role: 'editor' }));
    expect(tally(answers)).toEqual({ 200: 1, 404: 49 });
    expect(await count('role.delete')).toBe(1);
  });

  test('set the permissions of a role once', async () => {
    const roleId = await ws.role('editor', ['old']);
    const answers = await together(50, () =>
      ws.call('setRolePermissions', { roleId, permissions: ['new', 'old.too'] }),
    );
    expect(tally(answers)).toEqual({ 200: 50 });
    expect(await count('permission.create')).toBe(3);
    expect(await count('authorization.disconnect_role_and_permissions')).toBe(1);
    expect(await count('authorization.connect_role_and_permission')).toBe(3);
  });
});

test('new roles that share new permissions, in other orders and letter cases, make each once', async () => {
  const slugs = ['r.one', 'R.Two', 'r.three', 'r.four'];
  const answers = await together(40, (i) =>
    ws.call('createRole', {
      name: `role ${i}`,
      permissions: [...slugs.slice(i % 4), ...slugs.slice(0, i % 4)].map((slug) =>
        i % 3 === 0 ? slug.toUpperCase() : slug,
      ),
    }),
  );
  expect(tally(answers)).toEqual({ 200: 40 });
  expect((await ws.slugs()).map((slug) => slug.toLowerCase()).sort()).toEqual(
    slugs.map((slug) => slug.toLowerCase()).sort(),
  );
  expect(await count('permission.create')).toBe(4);
  expect(await ws.rows('roles_permissions')).toHaveLength(160);
});

test('many roles are set to the same new permission at once', async () => {
  const roles = await together(30, (i) => ws.role(`role ${i}`));
  const answers = await together(30, (i) =>
    ws.call('setRolePermissions', { roleId: roles[i], permissions: ['shared', `own.${i}`] }),
  );
  expect(tally(answers)).toEqual({ 200: 30 });
  expect(await count('permission.create')).toBe(31);
  expect(await ws.rows('roles_permissions')).toHaveLength(60);
});

test('of parallel sets of one role one wins as a whole', async () => {
  const roleId = await ws.role('editor', ['start']);
  const sets = Array.from({ length: 20 }, (_, i) => [`set.${i}.a`, `set.${i}.b`, 'common']);
  const answers = await together(20, (i) => ws.call('setRolePermissions', { roleId, permissions: sets[i] }));
  expect(tally(answers)).toEqual({ 200: 20 });
  const { permissions } = await ws.ok('getRole', { role: roleId });
  const held = permissions.map(({ slug }: { slug: string }) => slug).sort();
  expect(sets.map((set) => set.toSorted())).toContainEqual(held);
  // Every change is told once: what was given and not taken is what is held.
  const given = await count('authorization.connect_role_and_permission');
  const taken = await count('authorization.disconnect_role_and_permissions');
  expect(given - taken).toBe(3);
});

test('deleting permissions and roles while they are being linked leaves no loose end', async () => {
  const slugs = Array.from({ length: 5 }, (_, i) => `p.${i}`);
  const roles = await together(5, (i) => ws.role(`role ${i}`, slugs));
  for (let round = 0; round < 4; round++) {
    const answers = await Promise.all([
      ...roles.map((roleId, i) =>
        ws.call('setRolePermissions', { roleId, permissions: slugs.filter((_, at) => at !== i) }),
      ),
      ...slugs.map((permission) => ws.call('deletePermission', { permission })),
      ...slugs.map((_, i) => ws.call('createRole', { name: `extra ${round} ${i}`, permissions: slugs })),
      ws.call('deleteRole', { role: `extra ${round - 1} 0` }),
    ]);
    expect(
      Object.keys(tally(answers))
        .map(Number)
        .filter((status) => status >= 500),
    ).toEqual([]);
    expect(await orphans()).toEqual([]);
  }
});
