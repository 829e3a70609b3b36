import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ACCESS_ADMIN, type AccessWorkspace, accessWorkspace, errorType } from '../support/access.ts';
import { startApi, type TestApi } from '../support/api.ts';

let api: TestApi;
let ws: AccessWorkspace;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  ws = await accessWorkspace(api);
});

const ADD = 'rbac.*.add_permission_to_role';
const REMOVE = 'rbac.*.remove_permission_from_role';
const NOT_FOUND = errorType('data/role_not_found');

const set = (roleId: string, permissions: readonly string[]) =>
  ws.call('setRolePermissions', { roleId, permissions });
const heldSlugs = async (roleId: string): Promise<string[]> =>
  ((await ws.ok('getRole', { role: roleId })).permissions ?? []).map(({ slug }: { slug: string }) => slug);

test('takes away, keeps, and adds, matching slugs in any letter case', async () => {
  const roleId = await ws.role('editor', ['old', 'keep']);
  const idOf = async (slug: string) => (await ws.ok('getPermission', { permission: slug })).id;
  const [old, keep] = [await idOf('old'), await idOf('keep')];

  const { answer, events } = await ws.audited(() => set(roleId, ['new', 'KEEP', 'NEW', 'keep']));
  const fresh = await idOf('new');
  expect(answer.status).toBe(200);
  // Sorted by the bytes of what was sent: capitals first.
  expect(answer.body.data).toEqual([
    { id: keep, name: 'keep', slug: 'keep' },
    { id: fresh, name: 'new', slug: 'new' },
  ]);
  expect(await heldSlugs(roleId)).toEqual(['keep', 'new']);
  expect(await ws.slugs()).toEqual(['keep', 'new', 'old']);

  const role = { type: 'role', id: roleId, name: 'editor' };
  const permission = (id: string, name: string) => ({ type: 'permission', id, name });
  expect(events.map(({ event, targets }) => [event, targets])).toEqual([
    ['permission.create', [permission(fresh, 'new')]],
    ['authorization.disconnect_role_and_permissions', [role, permission(old, 'old')]],
    ['authorization.connect_role_and_permission', [role, permission(fresh, 'new')]],
  ]);
  expect(events[0]?.correlation_id).toMatch(/^cor_/);
  expect(new Set(events.map(({ correlation_id }) => correlation_id)).size).toBe(1);

  const repeated = await ws.audited(() => set(roleId, ['KEEP', 'new', 'NEW']));
  expect(repeated.answer.body.data).toEqual(answer.body.data);
  expect(repeated.events).toEqual([]);
});

test('answers the description and name of permissions that were there', async () => {
  const roleId = await ws.role('editor');
  await ws.ok('createPermission', { name: 'Read docs', slug: 'docs.read', description: 'Opens them' });
  const { body } = await set(roleId, ['Docs.Read']);
  expect(body.data).toEqual([
    { id: expect.stringMatching(/^perm_/), name: 'Read docs', slug: 'docs.read', description: 'Opens them' },
  ]);
});

test('sets one correlation id even for a single event', async () => {
  const roleId = await ws.role('editor', ['docs.read']);
  const { events } = await ws.audited(() => set(roleId, []));
  expect(events).toEqual([
    expect.objectContaining({
      event: 'authorization.disconnect_role_and_permissions',
      correlation_id: expect.stringMatching(/^cor_/),
    }),
  ]);
});

test('takes everything away for an empty list', async () => {
  const roleId = await ws.role('editor', ['a', 'b']);
  const other = await ws.role('other', ['a']);
  const answer = await set(roleId, []);
  expect(answer.status).toBe(200);
  expect(answer.body.data).toEqual([]);
  expect(await ws.rows('roles_permissions')).toMatchObject([{ role_id: other }]);
  expect(await ws.slugs()).toEqual(['a', 'b']);
});

test('clears away links to permissions that exist no more', async () => {
  const roleId = await ws.role('editor', ['docs.read']);
  await api.insert('roles_permissions', {
    role_id: roleId,
    permission_id: 'perm_gone',
    workspace_id: ws.id,
    created_at_m: 0,
  });
  const { events } = await ws.audited(() => set(roleId, ['docs.read']));
  expect(events.map(({ targets }) => targets.at(-1))).toEqual([{ type: 'permission', id: 'perm_gone' }]);
  expect(await ws.rows('roles_permissions')).toHaveLength(1);
});

test('finds a role by its id only, and only in the own workspace', async () => {
  await ws.role('editor');
  const foreign = await (await accessWorkspace(api)).role('theirs');
  const absent = await set('role_nothing', []);
  expect(absent.status).toBe(404);
  expect(absent.body.error.type).toBe(NOT_FOUND);
  for (const roleId of ['editor', foreign]) {
    const answer = await set(roleId, ['docs.read']);
    expect(answer.status).toBe(404);
    expect(answer.body.error).toEqual(absent.body.error);
  }
  expect(await ws.slugs()).toEqual([]);
});

test.each([
  [{ roleId: undefined }, '/required'],
  [{ permissions: undefined }, '/required'],
  [{ permissions: null }, '/properties/permissions/type'],
  [{ permissions: [''] }, '/properties/permissions/items/minLength'],
  [{ permissions: ['a b'] }, '/properties/permissions/items/pattern'],
  [{ roleId: 'ab' }, '/properties/roleId/minLength'],
  [{ roleId: 'r'.repeat(256) }, '/properties/roleId/maxLength'],
  [{ roleId: 'role 1' }, '/properties/roleId/pattern'],
  [{ extra: 1 }, '/additionalProperties'],
])('refuses %.60j', async (over, location) => {
  const answer = await ws.call('setRolePermissions', { roleId: 'role_1', permissions: [], ...over });
  expect(answer.status).toBe(400);
  expect(answer.body.error.errors).toContainEqual(expect.objectContaining({ location }));
});

test.each([
  [[ADD], REMOVE],
  [[REMOVE], ADD],
  [['rbac.*.create_permission'], ADD],
])('asks for both adding and removing, whatever changes: %j', async (held, missing) => {
  const roleId = await ws.role('editor');
  for (const permissions of [[], ['docs.read']]) {
    const answer = await ws.as(held, 'setRolePermissions', { roleId, permissions });
    expect(answer.status).toBe(403);
    expect(answer.body.error.detail).toContain(missing);
  }
});

test('asks for a permission to create what does not exist, once the role is found', async () => {
  const roleId = await ws.role('editor', ['old']);
  const body = { roleId, permissions: ['new'] };
  const { answer, events } = await ws.audited(() => ws.as([ADD, REMOVE], 'setRolePermissions', body));
  expect(answer.status).toBe(403);
  expect(answer.body.error.detail).toContain('rbac.*.create_permission');
  expect(events).toEqual([]);
  expect(await heldSlugs(roleId)).toEqual(['old']);
  expect(await ws.slugs()).toEqual(['old']);

  const known = await ws.as([ADD, REMOVE], 'setRolePermissions', { roleId, permissions: ['OLD'] });
  expect(known.status).toBe(200);
  const unknownRole = await ws.as([ADD, REMOVE], 'setRolePermissions', { ...body, roleId: 'role_nothing' });
  expect(unknownRole.status).toBe(404);
  const byResource = `unkey:v1:${ws.id}:rbac/permissions/*#create_permission`;
  expect((await ws.as([ADD, REMOVE, byResource], 'setRolePermissions', body)).status).toBe(200);
  expect(await heldSlugs(roleId)).toEqual(['new']);
});

test('costs the same number of statements for one permission as for many', async () => {
  const roleId = await ws.role('editor', ['z']);
  const countFor = async (permissions: readonly string[]): Promise<number> => {
    api.statements.length = 0;
    expect((await ws.as(ACCESS_ADMIN, 'setRolePermissions', { roleId, permissions })).status).toBe(200);
    return api.statements.length;
  };
  const one = await countFor(['one']);
  const many = await countFor(Array.from({ length: 50 }, (_, i) => `many.${i}`));
  expect(many).toBe(one);
});
