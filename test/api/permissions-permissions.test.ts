import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AccessWorkspace, accessWorkspace, errorType } from '../support/access.ts';
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

const NOT_FOUND = errorType('data/permission_not_found');
const FORBIDDEN = errorType('authorization/insufficient_permissions');

describe('permissions.createPermission', () => {
  test('stores the permission in the default project, which it makes protected when absent', async () => {
    expect(await ws.rows('projects')).toEqual([]);
    const { permissionId } = await ws.ok('createPermission', { name: 'Read docs', slug: 'docs.read' });
    expect(permissionId).toMatch(/^perm_[a-zA-Z0-9]{9}$/);
    const projects = await ws.rows('projects');
    expect(projects).toMatchObject([{ slug: 'default', delete_protection: 1 }]);
    expect(await ws.rows('permissions')).toEqual([
      expect.objectContaining({
        id: permissionId,
        workspace_id: ws.id,
        project_id: projects[0]?.id,
        name: 'Read docs',
        slug: 'docs.read',
        description: null,
        created_at_m: api.clock.now(),
        updated_at_m: null,
      }),
    ]);
  });

  test('writes one audit event without a correlation id', async () => {
    const { answer, events } = await ws.audited(() =>
      ws.ok('createPermission', { name: 'Read docs', slug: 'docs.read' }),
    );
    const [key] = await api.db.primary.all<{ id: string }>(
      'test',
      'SELECT id FROM `keys` WHERE for_workspace_id = :id',
      { id: ws.id },
    );
    expect(events).toEqual([
      expect.objectContaining({
        event: 'permission.create',
        description: expect.stringContaining(answer.permissionId),
        workspace_id: ws.id,
        bucket: 'unkey_mutations',
        source: 'platform',
        actor: { type: 'rootkey', id: key?.id, name: 'root key' },
        targets: [
          {
            type: 'permission',
            id: answer.permissionId,
            name: 'Read docs',
            meta: { name: 'Read docs', slug: 'docs.read', description: '' },
          },
        ],
      }),
    ]);
    expect(events[0]).not.toHaveProperty('correlation_id');
  });

  test('refuses a slug that is taken in any letter case, and leaves no trace', async () => {
    await ws.permission('docs.read');
    const { answer, events } = await ws.audited(() =>
      ws.call('createPermission', { name: 'x', slug: 'DOCS.READ' }),
    );
    expect(answer.status).toBe(409);
    expect(answer.body.error.type).toBe(errorType('data/permission_already_exists'));
    expect(answer.body.error.detail).toContain('DOCS.READ');
    expect(events).toEqual([]);
    expect(await ws.slugs()).toEqual(['docs.read']);
  });

  test('takes a name that is used already', async () => {
    for (const slug of ['docs.read', 'docs.read2'])
      await ws.ok('createPermission', { name: 'Read docs', slug });
    expect(await ws.slugs()).toEqual(['docs.read', 'docs.read2']);
  });

  test.each([['a:*.b-c_d'], ['Mixed123Case'], ['s'], ['s'.repeat(128)]])(
    'takes the slug %.20s',
    async (slug) => {
      expect((await ws.call('createPermission', { name: 'x', slug })).status).toBe(200);
      expect(await ws.slugs()).toEqual([slug]);
    },
  );

  test('takes names and descriptions up to their length, counted in characters', async () => {
    const body = { name: '😀'.repeat(512), slug: 'long', description: 'd'.repeat(512) };
    await ws.ok('createPermission', body);
    expect(await ws.ok('getPermission', { permission: 'long' })).toMatchObject(body);
  });

  test('keeps no empty description', async () => {
    await ws.ok('createPermission', { name: 'x', slug: 'x', description: '' });
    expect(await ws.rows('permissions')).toMatchObject([{ description: null }]);
    expect(await ws.ok('getPermission', { permission: 'x' })).not.toHaveProperty('description');
  });

  test.each([
    [{ slug: 'a b' }, '/properties/slug/pattern'],
    [{ slug: 'a/b' }, '/properties/slug/pattern'],
    [{ slug: 'a#b' }, '/properties/slug/pattern'],
    [{ slug: 'a@b' }, '/properties/slug/pattern'],
    [{ slug: 's'.repeat(129) }, '/properties/slug/maxLength'],
    [{ slug: '' }, '/properties/slug/minLength'],
    [{ slug: undefined }, '/required'],
    [{ name: 'n'.repeat(513) }, '/properties/name/maxLength'],
    [{ name: '' }, '/properties/name/minLength'],
    [{ name: undefined }, '/required'],
    [{ description: 'd'.repeat(513) }, '/properties/description/maxLength'],
    [{ description: null }, '/properties/description/type'],
    [{ extra: 1 }, '/additionalProperties'],
  ])('refuses %.60j', async (over, location) => {
    const answer = await ws.call('createPermission', { name: 'x', slug: 'x', ...over });
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors).toContainEqual(expect.objectContaining({ location }));
    expect(await ws.slugs()).toEqual([]);
  });

  test('refuses broken JSON', async () => {
    expect((await ws.call('createPermission', '{"name":')).status).toBe(400);
  });

  test('asks for exactly one tuple, which no resource permission stands in for', async () => {
    const refused = await ws.as(['rbac.*.read_permission'], 'createPermission', { name: 'x', slug: 'x' });
    expect(refused.status).toBe(403);
    expect(refused.body.error.type).toBe(FORBIDDEN);
    expect(refused.body.error.detail).toContain("'rbac.*.create_permission'");
    expect(refused.body.error.detail).not.toContain('read_permission');
    for (const grant of ['rbac/permissions/*#create_permission', '**#*']) {
      const answer = await ws.as([`unkey:v1:${ws.id}:${grant}`], 'createPermission', {
        name: 'x',
        slug: 'x',
      });
      expect(answer.status).toBe(403);
    }
    expect(await ws.slugs()).toEqual([]);
  });

  test('keeps the slugs of workspaces apart', async () => {
    const other = await accessWorkspace(api);
    await ws.permission('docs.read');
    await other.permission('docs.read');
    expect(await ws.slugs()).toEqual(['docs.read']);
    expect(await other.slugs()).toEqual(['docs.read']);
  });
});

describe('permissions.getPermission', () => {
  test('finds a permission by its id and by its slug in any letter case', async () => {
    const { permissionId: id } = await ws.ok('createPermission', {
      name: 'Read docs',
      slug: 'docs.read',
      description: 'Opens them',
    });
    for (const permission of [id, 'docs.read', 'Docs.READ']) {
      expect(await ws.ok('getPermission', { permission })).toEqual({
        id,
        name: 'Read docs',
        slug: 'docs.read',
        description: 'Opens them',
      });
    }
  });

  test('prefers the id to a slug that reads like one', async () => {
    const id = await ws.permission('meant');
    await ws.permission(id);
    expect(await ws.ok('getPermission', { permission: id })).toMatchObject({ id, slug: 'meant' });
  });

  test('answers alike for what does not exist and what another workspace has', async () => {
    const other = await accessWorkspace(api);
    const foreign = await other.permission('theirs');
    const absent = await ws.call('getPermission', { permission: 'nothing' });
    expect(absent.status).toBe(404);
    expect(absent.body.error.type).toBe(NOT_FOUND);
    for (const permission of [foreign, 'theirs', foreign.toUpperCase()]) {
      const answer = await ws.call('getPermission', { permission });
      expect(answer.status).toBe(404);
      expect(answer.body.error).toEqual(absent.body.error);
    }
  });

  test('asks for permission before it looks', async () => {
    await ws.permission('docs.read');
    for (const permission of ['docs.read', 'nothing']) {
      const answer = await ws.as(['rbac.*.create_permission'], 'getPermission', { permission });
      expect(answer.status).toBe(403);
      expect(answer.body.error.detail).toContain('rbac.*.read_permission');
    }
  });

  test.each([[{}], [{ permission: '' }], [{ permissionId: 'perm_1' }], [{ permission: 'a b' }]])(
    'refuses %j',
    async (body) => {
      expect((await ws.call('getPermission', body)).status).toBe(400);
    },
  );
});

describe('permissions.listPermissions', () => {
  test('answers an empty list for an empty workspace', async () => {
    const { body } = await ws.call('listPermissions', {});
    expect(body.data).toEqual([]);
    expect(body.pagination).toEqual({ hasMore: false });
  });

  test('pages through all permissions in order of their ids, none twice', async () => {
    await Promise.all(Array.from({ length: 106 }, (_, i) => ws.permission(`p.${i}`)));
    const first = await ws.call('listPermissions', {});
    expect(first.body.data).toHaveLength(100);
    const { cursor, ...rest } = first.body.pagination;
    expect(rest).toEqual({ hasMore: true });
    const second = await ws.call('listPermissions', { cursor });
    expect(second.body.data).toHaveLength(6);
    expect(second.body.data[0].id).toBe(cursor);
    expect(second.body.pagination).toEqual({ hasMore: false });
    const ids = [...first.body.data, ...second.body.data].map(({ id }) => id);
    expect(new Set(ids).size).toBe(106);
    // A page that is exactly full has no successor.
    const exact = await ws.call('listPermissions', { cursor, limit: 6 });
    expect(exact.body.pagination).toEqual({ hasMore: false });
  });

  test('takes any cursor as a lower bound', async () => {
    await ws.permission('docs.read');
    const at = async (cursor: string) => (await ws.ok('listPermissions', { cursor })).length;
    expect(await at('')).toBe(1);
    expect(await at('aaaa')).toBe(1);
    expect(await at('zzzz')).toBe(0);
    expect(await at('z'.repeat(1024))).toBe(0);
  });

  test('searches id, name, slug and description for a literal text in any letter case', async () => {
    const { permissionId } = await ws.ok('createPermission', {
      name: 'Open Files',
      slug: 'docs.read',
      description: 'Only 100% of a_b!',
    });
    await ws.ok('createPermission', { name: 'Other', slug: 'other' });
    const found = async (search: string) =>
      (await ws.ok('listPermissions', { search })).map(({ slug }: { slug: string }) => slug);
    for (const search of [
      permissionId.slice(4),
      permissionId.toUpperCase(),
      'en FI',
      'DOCS',
      '  docs ',
      '100%',
      'A_B!',
    ]) {
      expect(await found(search), search).toEqual(['docs.read']);
    }
    for (const search of ['d_cs', 'docs%read', 'a\\_b', 'nothing'])
      expect(await found(search), search).toEqual([]);
    expect(await found('   ')).toHaveLength(2);
    expect(await found('')).toHaveLength(2);
  });

  test('shows nothing of other workspaces', async () => {
    await (await accessWorkspace(api)).permission('docs.read');
    expect(await ws.ok('listPermissions', { search: 'docs' })).toEqual([]);
  });

  test('asks for permission even where there is nothing to list', async () => {
    const answer = await ws.as([], 'listPermissions', {});
    expect(answer.status).toBe(403);
    expect(answer.body.error.detail).toContain('rbac.*.read_permission');
  });

  test.each([
    [{ limit: 0 }],
    [{ limit: 101 }],
    [{ search: 's'.repeat(257) }],
    [{ cursor: 'c'.repeat(1025) }],
    [{ cursor: null }],
    [{ extra: 1 }],
    [''],
  ])('refuses %.40j', async (body) => {
    expect((await ws.call('listPermissions', body)).status).toBe(400);
  });
});

describe('permissions.deletePermission', () => {
  test('removes the permission from the store, from roles and from keys, in one audit event', async () => {
    const keys = await testWorkspace(api);
    const access = await accessWorkspace(api, keys.id);
    const { permissionId } = await access.ok('createPermission', {
      name: 'Read docs',
      slug: 'docs.read',
      description: 'Opens them',
    });
    await access.permission('docs.write');
    const roleId = await access.role('editor', ['docs.read', 'docs.write']);
    const { keyId } = await keys.createKey({ permissions: ['docs.read', 'docs.write'], roles: ['editor'] });

    const { answer, events } = await access.audited(() =>
      access.call('deletePermission', { permission: 'DOCS.read' }),
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ meta: expect.anything(), data: {} });
    expect(await access.slugs()).toEqual(['docs.write']);
    expect(await access.rows('roles_permissions')).toMatchObject([{ role_id: roleId }]);
    expect(await access.rows('keys_permissions')).toMatchObject([{ key_id: keyId }]);
    expect(events).toEqual([
      expect.objectContaining({
        event: 'permission.delete',
        targets: [
          {
            type: 'permission',
            id: permissionId,
            name: 'Read docs',
            meta: { name: 'Read docs', slug: 'docs.read', description: 'Opens them' },
          },
        ],
      }),
    ]);
    expect(events[0]).not.toHaveProperty('correlation_id');

    const again = await access.permission('docs.read');
    expect(again).not.toBe(permissionId);
    const { permissions } = (await keys.call('keys.getKey', { keyId })).body.data;
    expect(permissions).toEqual(['docs.write']);
  });

  test('does not find it again, nor that of another workspace', async () => {
    const other = await accessWorkspace(api);
    const foreign = await other.permission('theirs');
    const id = await ws.permission('docs.read');
    await ws.ok('deletePermission', { permission: id });
    for (const permission of [id, 'docs.read', foreign, 'theirs']) {
      const { answer, events } = await ws.audited(() => ws.call('deletePermission', { permission }));
      expect(answer.status).toBe(404);
      expect(answer.body.error.type).toBe(NOT_FOUND);
      expect(events).toEqual([]);
    }
    expect(await other.slugs()).toEqual(['theirs']);
  });

  test('asks for permission before it looks', async () => {
    await ws.permission('docs.read');
    for (const permission of ['docs.read', 'nothing']) {
      const answer = await ws.as(['rbac.*.read_permission'], 'deletePermission', { permission });
      expect(answer.status).toBe(403);
      expect(answer.body.error.detail).toContain('rbac.*.delete_permission');
    }
    expect(await ws.slugs()).toEqual(['docs.read']);
  });
});

describe('credentials', () => {
  test.each([
    ['createPermission', { name: 'x', slug: 'x' }],
    ['getPermission', { permission: 'x' }],
    ['listPermissions', {}],
    ['deletePermission', { permission: 'x' }],
    ['createRole', { name: 'x' }],
    ['getRole', { role: 'x' }],
    ['listRoles', {}],
    ['deleteRole', { role: 'x' }],
    ['setRolePermissions', { roleId: 'role_1', permissions: [] }],
  ])('%s answers 400 without a header, 401 to an unknown key', async (operation, body) => {
    expect((await api.call(`permissions.${operation}`, body)).status).toBe(400);
    expect((await api.call(`permissions.${operation}`, body, 'nope')).status).toBe(401);
  });
});
