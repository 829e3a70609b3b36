import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ACCESS_ADMIN, type AccessWorkspace, accessWorkspace, errorType } from '../support/access.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let ws: AccessWorkspace;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  ws = await accessWorkspace(api);
});

const NOT_FOUND = errorType('data/role_not_found');
const without = (...permissions: string[]) => ACCESS_ADMIN.filter((held) => !permissions.includes(held));

describe('permissions.createRole', () => {
  test('stores the role in the default project, with one audit event and no correlation id', async () => {
    const { answer, events } = await ws.audited(() => ws.ok('createRole', { name: 'Billing Manager' }));
    expect(answer).toEqual({ roleId: expect.stringMatching(/^role_[a-zA-Z0-9]{9}$/) });
    const [project] = await ws.rows('projects');
    expect(project).toMatchObject({ slug: 'default', delete_protection: 1 });
    expect(await ws.rows('roles')).toEqual([
      expect.objectContaining({
        id: answer.roleId,
        workspace_id: ws.id,
        project_id: project?.id,
        name: 'Billing Manager',
        description: null,
        created_at_m: api.clock.now(),
      }),
    ]);
    expect(events).toEqual([
      expect.objectContaining({
        event: 'role.create',
        targets: [
          {
            type: 'role',
            id: answer.roleId,
            name: 'Billing Manager',
            meta: { name: 'Billing Manager', description: '' },
          },
        ],
      }),
    ]);
    expect(events[0]).not.toHaveProperty('correlation_id');
  });

  test('links permissions that exist, in whatever letter case, and creates the others', async () => {
    const read = await ws.permission('docs.read');
    const { answer, events } = await ws.audited(() =>
      ws.ok('createRole', {
        name: 'editor',
        description: 'Writes',
        permissions: ['docs.write', 'DOCS.READ', 'Docs.Write'],
      }),
    );
    const { roleId } = answer;
    const [, created] = await ws.rows('permissions');
    const write = created?.id;
    expect(created).toMatchObject({ name: 'docs.write', slug: 'docs.write', description: null });
    expect(await ws.slugs()).toEqual(['docs.read', 'docs.write']);
    expect(await ws.rows('roles_permissions')).toMatchObject([
      { role_id: roleId, permission_id: read },
      { role_id: roleId, permission_id: write },
    ]);

    const role = { type: 'role', id: roleId, name: 'editor' };
    const permission = (id: unknown, name: string) => ({ type: 'permission', id, name });
    expect(events.map(({ event, targets }) => [event, targets])).toEqual([
      ['role.create', [{ ...role, meta: { name: 'editor', description: 'Writes' } }]],
      [
        'permission.create',
        [{ ...permission(write, 'docs.write'), meta: { name: 'docs.write', slug: 'docs.write' } }],
      ],
      // Sorted by the bytes of what was sent: capitals first.
      ['authorization.connect_role_and_permission', [role, permission(read, 'docs.read')]],
      ['authorization.connect_role_and_permission', [role, permission(write, 'docs.write')]],
    ]);
    expect(events[0]?.correlation_id).toMatch(/^cor_/);
    expect(new Set(events.map(({ correlation_id }) => correlation_id)).size).toBe(1);
  });

  test('takes every slug as a slug, also one that reads like an id', async () => {
    const id = await ws.permission('docs.read');
    await ws.role('editor', [id]);
    expect(await ws.slugs()).toEqual(['docs.read', id].sort());
  });

  test('refuses a name that is taken in any letter case', async () => {
    await ws.role('Billing Manager');
    const { answer, events } = await ws.audited(() =>
      ws.call('createRole', { name: 'billing manager', permissions: ['docs.new'] }),
    );
    expect(answer.status).toBe(409);
    expect(answer.body.error.type).toBe(errorType('data/role_already_exists'));
    expect(answer.body.error.detail).toContain('billing manager');
    expect(events).toEqual([]);
    expect(await ws.slugs()).toEqual([]);
    await (await accessWorkspace(api)).role('Billing Manager');
  });

  test.each([['n'.repeat(128)], ['n'], ['on call 🚒 team'], ['  spaces  ']])(
    'takes the name %.20j',
    async (name) => {
      const roleId = await ws.role(name);
      expect(await ws.ok('getRole', { role: roleId })).toEqual({ id: roleId, name });
    },
  );

  test('keeps no empty description', async () => {
    await ws.ok('createRole', { name: 'x', description: '' });
    expect(await ws.rows('roles')).toMatchObject([{ description: null }]);
  });

  test.each([
    [{ name: 'n'.repeat(129) }, '/properties/name/maxLength'],
    [{ name: '' }, '/properties/name/minLength'],
    [{ name: undefined }, '/required'],
    [{ description: 'd'.repeat(513) }, '/properties/description/maxLength'],
    [{ permissions: ['a b'] }, '/properties/permissions/items/pattern'],
    [{ permissions: [''] }, '/properties/permissions/items/minLength'],
    [{ permissions: ['s'.repeat(129)] }, '/properties/permissions/items/maxLength'],
    [{ permissions: null }, '/properties/permissions/type'],
    [{ extra: 1 }, '/additionalProperties'],
  ])('refuses %.60j', async (over, location) => {
    const answer = await ws.call('createRole', { name: 'x', ...over });
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors).toContainEqual(expect.objectContaining({ location }));
  });

  test.each([['rbac.*.create_role'], ['rbac.*.add_permission_to_role'], ['rbac.*.create_permission']])(
    'asks for %s, without which nothing is stored',
    async (permission) => {
      await ws.permission('docs.read');
      const { answer, events } = await ws.audited(() =>
        ws.as(without(permission), 'createRole', {
          name: 'editor',
          permissions: ['docs.read', 'docs.write', 'Docs.Write'],
        }),
      );
      expect(answer.status).toBe(403);
      expect(answer.body.error.detail).toContain(permission);
      expect(events).toEqual([]);
      expect(await ws.rows('roles')).toEqual([]);
      expect(await ws.slugs()).toEqual(['docs.read']);
    },
  );

  test('needs one permission for an empty list, and none to create permissions where all exist', async () => {
    const empty = await ws.as(['rbac.*.create_role'], 'createRole', { name: 'empty', permissions: [] });
    expect(empty.status).toBe(200);
    await ws.permission('docs.read');
    const known = await ws.as(without('rbac.*.create_permission'), 'createRole', {
      name: 'known',
      permissions: ['DOCS.read'],
    });
    expect(known.status).toBe(200);
  });

  test('takes more permissions than one statement holds', async () => {
    const permissions = Array.from({ length: 2100 }, (_, i) => `many.${i}`);
    const roleId = await ws.role('all', permissions);
    expect((await ws.ok('getRole', { role: roleId })).permissions).toHaveLength(2100);
    expect(await ws.ok('setRolePermissions', { roleId, permissions: permissions.slice(0, 1) })).toHaveLength(
      1,
    );
    expect(await ws.rows('roles_permissions')).toHaveLength(1);
  });
});

describe('permissions.getRole', () => {
  test('finds a role by its id and by its name in any letter case, with its permissions by slug', async () => {
    const roleId = await ws.role('Editor', ['b.two', 'a.one']);
    const [one, two] = (await ws.rows('permissions')).toSorted((a, b) =>
      String(a.slug) < String(b.slug) ? -1 : 1,
    );
    for (const role of [roleId, 'Editor', 'eDITOR']) {
      expect(await ws.ok('getRole', { role })).toEqual({
        id: roleId,
        name: 'Editor',
        permissions: [
          { id: one?.id, name: 'a.one', slug: 'a.one' },
          { id: two?.id, name: 'b.two', slug: 'b.two' },
        ],
      });
    }
  });

  test('leaves out permissions and description where there are none', async () => {
    const roleId = await ws.role('bare');
    expect(await ws.ok('getRole', { role: 'bare' })).toEqual({ id: roleId, name: 'bare' });
  });

  test('prefers the id to a name that reads like one', async () => {
    const id = await ws.role('meant');
    await ws.role(id);
    expect(await ws.ok('getRole', { role: id })).toEqual({ id, name: 'meant' });
  });

  test('answers alike for what does not exist and what another workspace has', async () => {
    const foreign = await (await accessWorkspace(api)).role('theirs');
    const absent = await ws.call('getRole', { role: 'nothing' });
    expect(absent.status).toBe(404);
    expect(absent.body.error.type).toBe(NOT_FOUND);
    for (const role of [foreign, 'theirs']) {
      const answer = await ws.call('getRole', { role });
      expect(answer.status).toBe(404);
      expect(answer.body.error).toEqual(absent.body.error);
    }
  });

  test('asks for permission before it looks', async () => {
    await ws.role('editor');
    for (const role of ['editor', 'nothing']) {
      const answer = await ws.as(['rbac.*.read_permission'], 'getRole', { role });
      expect(answer.status).toBe(403);
      expect(answer.body.error.detail).toContain('rbac.*.read_role');
    }
  });

  test.each([[{}], [{ role: '' }], [{ role: 'r'.repeat(129) }], [{ roleId: 'role_1' }]])(
    'refuses %.40j',
    async (body) => {
      expect((await ws.call('getRole', body)).status).toBe(400);
    },
  );
});

describe('permissions.listRoles', () => {
  test('pages through roles with their permissions, in a handful of statements', async () => {
    for (let i = 0; i < 15; i++) await ws.role(`role ${i}`, i % 2 === 0 ? ['docs.read', `own.${i}`] : []);
    api.statements.length = 0;
    const first = await ws.call('listRoles', { limit: 7 });
    expect(api.statements.filter((name) => name.startsWith('list'))).toEqual([
      'listRoles',
      'listRolePermissions',
    ]);
    expect(first.body.data).toHaveLength(7);
    const second = await ws.call('listRoles', { limit: 7, cursor: first.body.pagination.cursor });
    const third = await ws.call('listRoles', { limit: 7, cursor: second.body.pagination.cursor });
    expect(third.body.pagination).toEqual({ hasMore: false });
    const roles = [first, second, third].flatMap(({ body }) => body.data);
    expect(roles).toHaveLength(15);
    expect(new Set(roles.map(({ id }) => id)).size).toBe(15);
    for (const role of roles) {
      const number = Number(role.name.split(' ')[1]);
      const slugs = role.permissions?.map(({ slug }: { slug: string }) => slug);
      expect(slugs).toEqual(number % 2 === 0 ? ['docs.read', `own.${number}`] : undefined);
    }
  });

  test('answers an empty list for an empty workspace', async () => {
    await (await accessWorkspace(api)).role('theirs');
    const { body } = await ws.call('listRoles', {});
    expect(body.data).toEqual([]);
    expect(body.pagination).toEqual({ hasMore: false });
  });

  test('searches id, name and description for a literal text in any letter case', async () => {
    const { roleId } = await ws.ok('createRole', { name: 'Team_Lead', description: 'Approves 10% more' });
    await ws.role('other', ['team.lead']);
    const found = async (search: string) =>
      (await ws.ok('listRoles', { search })).map(({ name }: { name: string }) => name);
    for (const search of [roleId, 'm_l', ' TEAM', 'approves', '10%'])
      expect(await found(search)).toEqual(['Team_Lead']);
    for (const search of ['t_am', 'team.lead', '10_']) expect(await found(search)).toEqual([]);
    expect(await found(' ')).toHaveLength(2);
  });

  test.each([[{ limit: 101 }], [{ limit: 0 }], [{ search: 's'.repeat(257) }], [{ extra: 1 }]])(
    'refuses %.40j',
    async (body) => {
      expect((await ws.call('listRoles', body)).status).toBe(400);
    },
  );

  test('asks for permission even where there is nothing to list', async () => {
    expect((await ws.as(['rbac.*.read_permission'], 'listRoles', {})).status).toBe(403);
  });
});

describe('permissions.deleteRole', () => {
  test('removes the role and its links, leaves its permissions, in one audit event', async () => {
    const keys = await testWorkspace(api);
    const access = await accessWorkspace(api, keys.id);
    const roleId = await access.role('Editor', ['a', 'b', 'c']);
    const kept = await access.role('kept', ['a']);
    await Promise.all([1, 2].map(() => keys.createKey({ roles: ['Editor', 'kept'] })));

    const { answer, events } = await access.audited(() => access.call('deleteRole', { role: 'EDITOR' }));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ meta: expect.anything(), data: {} });
    expect(await access.rows('roles')).toMatchObject([{ id: kept }]);
    expect(await access.rows('roles_permissions')).toMatchObject([{ role_id: kept }]);
    expect(await access.rows('keys_roles')).toMatchObject([{ role_id: kept }, { role_id: kept }]);
    expect(await access.slugs()).toEqual(['a', 'b', 'c']);
    expect(events).toEqual([
      expect.objectContaining({
        event: 'role.delete',
        targets: [{ type: 'role', id: roleId, name: 'Editor', meta: { name: 'Editor', description: '' } }],
      }),
    ]);
    expect(events[0]).not.toHaveProperty('correlation_id');
    expect(await access.role('Editor')).not.toBe(roleId);
  });

  test('does not find it again, nor that of another workspace', async () => {
    const other = await accessWorkspace(api);
    const foreign = await other.role('theirs');
    const id = await ws.role('editor');
    await ws.ok('deleteRole', { role: id });
    for (const role of [id, 'editor', foreign, 'theirs']) {
      const { answer, events } = await ws.audited(() => ws.call('deleteRole', { role }));
      expect(answer.status).toBe(404);
      expect(answer.body.error.type).toBe(NOT_FOUND);
      expect(events).toEqual([]);
    }
    expect(await other.rows('roles')).toHaveLength(1);
  });

  test('asks for permission before it looks', async () => {
    await ws.role('editor');
    for (const role of ['editor', 'nothing']) {
      const answer = await ws.as(['rbac.*.read_role'], 'deleteRole', { role });
      expect(answer.status).toBe(403);
      expect(answer.body.error.detail).toContain('rbac.*.delete_role');
    }
    expect(await ws.rows('roles')).toHaveLength(1);
  });
});
