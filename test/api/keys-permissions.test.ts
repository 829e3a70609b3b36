// keys.addPermissions, removePermissions and setPermissions.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import {
  type AuditPayload,
  auditReader,
  GRANT_ADMIN,
  insertPermission,
  listed,
} from '../support/key-grants.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let ws: TestWorkspace;
let admin: string;
let takeEvents: () => Promise<AuditPayload[]>;

beforeAll(async () => {
  api = await startApi();
  ws = await testWorkspace(api);
  admin = await api.rootKey(GRANT_ADMIN, ws.id);
  takeEvents = auditReader(api, ws.id);
});
afterAll(() => api.stop());

const OPERATIONS = ['addPermissions', 'removePermissions', 'setPermissions'] as const;
type Operation = (typeof OPERATIONS)[number];

const errorType = (path: string) => `https://unkey.com/docs/errors/unkey/${path}`;
const call = (operation: Operation, keyId: string, permissions: unknown, token = admin): Promise<Answer> =>
  api.call(`keys.${operation}`, { keyId, permissions }, token);
const slugs = async (answering: Promise<Answer>) => listed(await answering, 'slug');

/** A fresh key that has these permissions; fresh slugs do not meet those of other tests. */
async function keyWith(permissions: readonly string[] = []): Promise<{ keyId: string; key: string }> {
  return ws.createKey({ permissions });
}

const attached = async (keyId: string): Promise<string[]> =>
  (await ws.call('keys.getKey', { keyId })).body.data.permissions ?? [];
const stored = async (slug: string): Promise<unknown[]> =>
  api.db.primary.all('test', 'SELECT id FROM permissions WHERE workspace_id = :id AND slug = :slug', {
    id: ws.id,
    slug,
  });
/** Event names with the slugs and names of their targets. */
const told = (events: readonly AuditPayload[]) =>
  events.map(({ event, targets }) => [event, ...targets.map(({ type, name }) => `${type} ${name}`)]);

describe('keys.addPermissions', () => {
  const add = (keyId: string, permissions: readonly string[], token?: string) =>
    call('addPermissions', keyId, permissions, token);

  test('attaches one that exists, and says nothing of it the second time', async () => {
    const permission = await insertPermission(api, ws.id, {
      slug: 'd.w',
      name: 'Write documents',
      description: 'Change them',
    });
    const { keyId } = await ws.createKey({ name: 'CI' });
    await takeEvents();

    expect((await add(keyId, ['d.w'])).body.data).toEqual([permission]);
    const [event, ...others] = await takeEvents();
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      event: 'authorization.connect_permission_and_key',
      correlation_id: expect.stringMatching(/^cor_/),
      targets: [
        { type: 'key', id: keyId, name: 'CI' },
        { type: 'permission', id: permission.id, name: 'd.w' },
      ],
    });
    expect(event?.description).toContain('Write documents');
    expect(event?.description).toContain(keyId);

    expect((await add(keyId, ['d.w'])).body.data).toEqual([permission]);
    expect(await takeEvents()).toEqual([]);
  });

  test('answers what the key had, then what exists, then what it made, each by slug', async () => {
    const { keyId } = await keyWith(['order.x', 'order.m']);
    for (const slug of ['order.b', 'order.a']) await insertPermission(api, ws.id, { slug });
    const answering = add(keyId, ['order.new2', 'order.b', 'order.x', 'order.new1', 'order.a', 'order.b']);
    expect(await slugs(answering)).toEqual([
      'order.m',
      'order.x',
      'order.a',
      'order.b',
      'order.new1',
      'order.new2',
    ]);
  });

  test('makes what does not exist, under one correlation id', async () => {
    const { keyId } = await keyWith();
    await takeEvents();
    const { data } = (await add(keyId, ['new.one'])).body;
    expect(data).toEqual([{ id: expect.stringMatching(/^perm_/), name: 'new.one', slug: 'new.one' }]);
    const events = await takeEvents();
    expect(told(events)).toEqual([
      ['permission.create', 'permission new.one'],
      ['authorization.connect_permission_and_key', 'key undefined', 'permission new.one'],
    ]);
    expect(events[0]?.targets[0]?.meta).toEqual({ name: 'new.one', slug: 'new.one' });
    expect(events[0]?.correlation_id).toMatch(/^cor_/);
    expect(events[1]?.correlation_id).toBe(events[0]?.correlation_id);
    const [row] = await api.db.primary.all(
      'test',
      `SELECT p.description AS description, p.project_id = pr.id AS inDefaultProject
         FROM permissions p JOIN projects pr ON pr.workspace_id = p.workspace_id AND pr.slug = 'default'
        WHERE p.workspace_id = :id AND p.slug = 'new.one'`,
      { id: ws.id },
    );
    expect(row).toEqual({ description: null, inDefaultProject: 1 });
  });

  test('takes the text of an id for a slug', async () => {
    const { id } = await insertPermission(api, ws.id, { slug: 'by.id' });
    const { keyId } = await keyWith();
    expect(await slugs(add(keyId, [id]))).toEqual([id]);
  });

  test('leaves permissions of roles and the time of change alone', async () => {
    const role = await ws.role('adding', ['through.role']);
    const { keyId } = await keyWith();
    await api.insert('keys_roles', { key_id: keyId, role_id: role, workspace_id: ws.id });
    expect(await slugs(add(keyId, ['beside.role']))).toEqual(['beside.role']);
    expect(await attached(keyId)).toEqual(['beside.role', 'through.role']);
    expect((await ws.call('keys.getKey', { keyId })).body.data).not.toHaveProperty('updatedAt');
  });
});

describe('keys.removePermissions', () => {
  const remove = (keyId: string, permissions: readonly string[], token?: string) =>
    call('removePermissions', keyId, permissions, token);

  test('detaches and answers what remains, by slug', async () => {
    const { keyId } = await keyWith(['rem.d', 'rem.c', 'rem.a', 'rem.b']);
    await takeEvents();
    expect(await slugs(remove(keyId, ['rem.a', 'rem.b', 'rem.a']))).toEqual(['rem.c', 'rem.d']);
    const events = await takeEvents();
    expect(told(events)).toEqual([
      ['authorization.disconnect_permission_and_key', 'key undefined', 'permission rem.a'],
      ['authorization.disconnect_permission_and_key', 'key undefined', 'permission rem.b'],
    ]);
    expect(events[0]?.correlation_id).toMatch(/^cor_/);
    expect(events[1]?.correlation_id).toBe(events[0]?.correlation_id);
    for (const { description } of events) expect(description).toContain(keyId);

    await remove(keyId, ['rem.c']);
    const [single, ...others] = await takeEvents();
    expect(others).toEqual([]);
    expect(single).not.toHaveProperty('correlation_id');
  });

  test('passes over what is not attached, without a transaction', async () => {
    await insertPermission(api, ws.id, { slug: 'rem.apart' });
    const { keyId } = await keyWith(['rem.kept']);
    await takeEvents();
    api.statements.length = 0;
    expect(await slugs(remove(keyId, ['rem.apart']))).toEqual(['rem.kept']);
    expect(api.statements).not.toContain('lockKey');
    expect(await takeEvents()).toEqual([]);
  });

  test('changes nothing when one of them does not exist here', async () => {
    const foreign = await testWorkspace(api);
    await insertPermission(api, foreign.id, { slug: 'rem.foreign' });
    const { keyId } = await keyWith(['rem.here']);
    for (const missing of ['not.there', 'rem.foreign', 'Rem.Here']) {
      const answer = await remove(keyId, ['rem.here', missing, 'also.missing']);
      expect(answer.status).toBe(404);
      expect(answer.body.error).toMatchObject({
        type: errorType('data/permission_not_found'),
        detail: expect.stringContaining(missing),
      });
    }
    expect(await attached(keyId)).toEqual(['rem.here']);
  });
});

describe('keys.setPermissions', () => {
  const set = (keyId: string, permissions: readonly string[], token?: string) =>
    call('setPermissions', keyId, permissions, token);

  test('detaches, makes and attaches, and tells of it in that order', async () => {
    const { keyId } = await keyWith(['set.a', 'set.b']);
    await insertPermission(api, ws.id, { slug: 'set.c' });
    await takeEvents();
    expect(await slugs(set(keyId, ['set.new', 'set.c', 'set.b', 'SET.B']))).toEqual([
      'set.b',
      'set.c',
      'set.new',
    ]);
    expect(await attached(keyId)).toEqual(['set.b', 'set.c', 'set.new']);
    const events = await takeEvents();
    expect(told(events)).toEqual([
      ['authorization.disconnect_permission_and_key', 'key undefined', 'permission set.a'],
      ['permission.create', 'permission set.new'],
      ['authorization.connect_permission_and_key', 'key undefined', 'permission set.new'],
      ['authorization.connect_permission_and_key', 'key undefined', 'permission set.c'],
    ]);
    expect(new Set(events.map((event) => event.correlation_id)).size).toBe(1);
  });

  test('to an empty list detaches everything, also links whose permission is gone', async () => {
    const { keyId } = await keyWith(['empty.a', 'empty.b']);
    await api.insert('keys_permissions', { key_id: keyId, permission_id: 'perm_gone', workspace_id: ws.id });
    expect((await set(keyId, [])).body.data).toEqual([]);
    const links = await api.db.primary.all('test', 'SELECT pk FROM keys_permissions WHERE key_id = :keyId', {
      keyId,
    });
    expect(links).toEqual([]);
  });

  test('to what is there tells of nothing, and with one change carries a correlation id', async () => {
    const { keyId } = await keyWith(['same.a']);
    await takeEvents();
    expect(await slugs(set(keyId, ['same.a']))).toEqual(['same.a']);
    expect(await takeEvents()).toEqual([]);
    await set(keyId, []);
    const [event, ...others] = await takeEvents();
    expect(others).toEqual([]);
    expect(event?.correlation_id).toMatch(/^cor_/);
  });

  test('takes more than a statement holds', async () => {
    const { keyId } = await keyWith();
    const many = Array.from({ length: 2500 }, (_, i) => `many.${String(i).padStart(4, '0')}`);
    expect(await slugs(set(keyId, many))).toEqual(many);
    expect((await set(keyId, [])).body.data).toEqual([]);
    expect(await attached(keyId)).toEqual([]);
  });
});

describe('all three', () => {
  test.each([
    ['addPermissions', []],
    ['removePermissions', []],
    ['addPermissions', Array.from({ length: 1001 }, (_, i) => `s${i}`)],
    ['removePermissions', Array.from({ length: 1001 }, (_, i) => `s${i}`)],
    ...OPERATIONS.flatMap((operation): [Operation, unknown][] => [
      [operation, undefined],
      [operation, null],
      [operation, 'a.b'],
      [operation, [1]],
      [operation, ['']],
      [operation, ['a b']],
      [operation, ['x'.repeat(129)]],
    ]),
  ] satisfies [Operation, unknown][])('%s refuses %.60j by schema', async (operation, permissions) => {
    const answer = await call(operation, 'key_any', permissions);
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors.length).toBeGreaterThan(0);
  });

  test.each(OPERATIONS)('%s refuses what it does not know', async (operation) => {
    const answer = await api.call(`keys.${operation}`, { keyId: 'key_1', permissions: ['a'], x: 1 }, admin);
    expect(answer.status).toBe(400);
  });

  test.each(OPERATIONS)(
    '%s answers alike for keys that are unknown, deleted or foreign',
    async (operation) => {
      const foreign = await (await testWorkspace(api)).createKey();
      const deleted = await keyWith();
      await ws.call('keys.deleteKey', { keyId: deleted.keyId });
      const bodies = [];
      for (const keyId of ['key_short', foreign.keyId, deleted.keyId]) {
        const answer = await call(operation, keyId, operation === 'setPermissions' ? [] : ['some.slug']);
        expect(answer.status).toBe(404);
        bodies.push(answer.body.error);
      }
      expect(bodies[0].type).toBe(errorType('data/key_not_found'));
      expect(bodies).toEqual([bodies[0], bodies[0], bodies[0]]);
      expect(await stored('some.slug')).toEqual([]);
    },
  );

  test('existing slugs are found in any letter case by add and set, not by remove', async () => {
    await insertPermission(api, ws.id, { slug: 'docs.read' });
    const { keyId } = await keyWith();
    const token = await api.rootKey(
      GRANT_ADMIN.filter((permission) => !permission.endsWith('create_permission')),
      ws.id,
    );
    expect(await slugs(call('addPermissions', keyId, ['Docs.Read'], token))).toEqual(['docs.read']);
    expect(await slugs(call('setPermissions', keyId, ['DOCS.READ'], token))).toEqual(['docs.read']);
    expect((await call('removePermissions', keyId, ['Docs.Read'], token)).status).toBe(404);
  });

  test.each([
    ['addPermissions', ['add_permission_to_key']],
    ['removePermissions', ['remove_permission_from_key']],
    ['setPermissions', ['add_permission_to_key', 'remove_permission_from_key']],
  ] as const)(
    '%s asks for update_key and %j, or for the resource permission alone',
    async (operation, actions) => {
      const { keyId } = await keyWith(['authorized.slug']);
      const as = async (...permissions: string[]) =>
        (await call(operation, keyId, ['authorized.slug'], await api.rootKey(permissions, ws.id))).status;
      const beside = actions.map((action) => `rbac.*.${action}`);
      const resource = (path: string) => `unkey:v1:${ws.id}:${path}`;

      for (const missing of beside) {
        expect(await as('api.*.update_key', ...beside.filter((one) => one !== missing))).toBe(403);
      }
      expect(await as(...beside)).toBe(403);
      expect(await as('api.api_other.update_key', ...beside)).toBe(403);
      expect(await as(resource(`keyspaces/${ws.keyspaceId}/keys/key_other#update_key`))).toBe(403);
      expect(await as('api.*.update_key', ...beside)).toBe(200);
      expect(await as(`api.${ws.apiId}.update_key`, ...beside)).toBe(200);
      expect(await as(resource(`keyspaces/${ws.keyspaceId}/keys/${keyId}#update_key`))).toBe(200);
      expect(await as(resource('**#*'))).toBe(200);

      const refusal = await call(operation, keyId, ['authorized.slug'], await api.rootKey([], ws.id));
      expect(refusal.body.error.type).toBe(errorType('authorization/insufficient_permissions'));
      for (const one of beside) expect(refusal.body.error.detail).toContain(one);
      // Where the key lives is not the caller's to learn.
      expect(refusal.body.error.detail).not.toContain(ws.apiId);
      expect(refusal.body.error.detail).not.toContain(ws.keyspaceId);
    },
  );

  test.each(['addPermissions', 'setPermissions'] as const)(
    '%s asks for leave to make a permission',
    async (operation) => {
      const { keyId } = await keyWith(['leave.kept']);
      const slug = `leave.${operation}`;
      const update = `unkey:v1:${ws.id}:keyspaces/${ws.keyspaceId}/keys/${keyId}#update_key`;
      const token = await api.rootKey([update], ws.id);
      await takeEvents();
      const refusal = await call(operation, keyId, [slug], token);
      expect(refusal.status).toBe(403);
      expect(refusal.body.error.detail).toContain('rbac.*.create_permission');
      expect(await stored(slug)).toEqual([]);
      expect(await attached(keyId)).toEqual(['leave.kept']);
      expect(await takeEvents()).toEqual([]);

      const create = `unkey:v1:${ws.id}:rbac/permissions/*#create_permission`;
      const answer = await call(operation, keyId, [slug], await api.rootKey([update, create], ws.id));
      expect(listed(answer, 'slug')).toContain(slug);
    },
  );

  test('show to a verification on the same node at once', async () => {
    const { keyId, key } = await keyWith(['shown.a']);
    const permissions = async () => (await ws.verify(key)).permissions ?? [];
    expect(await permissions()).toEqual(['shown.a']);
    await call('addPermissions', keyId, ['shown.b']);
    expect(await permissions()).toEqual(['shown.a', 'shown.b']);
    await call('removePermissions', keyId, ['shown.a']);
    expect(await permissions()).toEqual(['shown.b']);
    await call('setPermissions', keyId, ['shown.c']);
    expect(await permissions()).toEqual(['shown.c']);
  });
});
