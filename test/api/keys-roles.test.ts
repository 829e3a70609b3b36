// keys.addRoles, removeRoles and setRoles.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { type AuditPayload, auditReader, GRANT_ADMIN, listed } from '../support/key-grants.ts';
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

const OPERATIONS = ['addRoles', 'removeRoles', 'setRoles'] as const;
type Operation = (typeof OPERATIONS)[number];

const errorType = (path: string) => `https://unkey.com/docs/errors/unkey/${path}`;
const call = (operation: Operation, keyId: string, roles: unknown, token = admin): Promise<Answer> =>
  api.call(`keys.${operation}`, { keyId, roles }, token);
const names = async (answering: Promise<Answer>) => listed(await answering, 'name');
const attached = async (keyId: string): Promise<string[]> =>
  (await ws.call('keys.getKey', { keyId })).body.data.roles ?? [];
const told = (events: readonly AuditPayload[]) =>
  events.map(({ event, targets }) => [event, ...targets.map(({ type, name }) => `${type} ${name}`)]);

/** Makes roles; tests name theirs apart from each other. */
async function roles(...wanted: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const name of wanted) ids.push(await ws.role(name));
  return ids;
}

describe('keys.addRoles', () => {
  test('attaches a role and shows it with its permissions', async () => {
    const id = await ws.role('editor', ['o.write', 'o.read']);
    const { keyId } = await ws.createKey({ name: 'CI' });
    await takeEvents();
    const permission = (slug: string) => ({ id: expect.stringMatching(/^perm_/), name: slug, slug });
    expect((await call('addRoles', keyId, ['editor'])).body.data).toEqual([
      { id, name: 'editor', permissions: [permission('o.read'), permission('o.write')] },
    ]);
    const [event, ...others] = await takeEvents();
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      event: 'authorization.connect_role_and_key',
      targets: [
        { type: 'key', id: keyId, name: 'CI' },
        { type: 'role', id, name: 'editor' },
      ],
    });
    expect(event).not.toHaveProperty('correlation_id');
    expect(event?.description).toContain('editor');
    expect(event?.description).toContain(keyId);
  });

  test('shows a description, and no permissions where there are none', async () => {
    await api.insert('roles', {
      id: 'role_described',
      workspace_id: ws.id,
      project_id: 'proj_test',
      name: 'described',
      description: 'Says something',
      created_at_m: 0,
    });
    const { keyId } = await ws.createKey();
    expect((await call('addRoles', keyId, ['described'])).body.data).toEqual([
      { id: 'role_described', name: 'described', description: 'Says something' },
    ]);
  });

  test('adds what is missing, after what the key had, each by name', async () => {
    await roles('add.z', 'add.m', 'add.b', 'add.a');
    const { keyId } = await ws.createKey({ roles: ['add.z', 'add.m'] });
    await takeEvents();
    expect(await names(call('addRoles', keyId, ['add.b', 'add.m', 'add.a', 'add.b']))).toEqual([
      'add.m',
      'add.z',
      'add.a',
      'add.b',
    ]);
    const events = await takeEvents();
    expect(told(events)).toEqual([
      ['authorization.connect_role_and_key', 'key undefined', 'role add.b'],
      ['authorization.connect_role_and_key', 'key undefined', 'role add.a'],
    ]);
    expect(events[0]?.correlation_id).toMatch(/^cor_/);
    expect(events[1]?.correlation_id).toBe(events[0]?.correlation_id);
  });

  test('of what is there does nothing', async () => {
    await roles('there');
    const { keyId } = await ws.createKey({ roles: ['there'] });
    await takeEvents();
    api.statements.length = 0;
    expect(await names(call('addRoles', keyId, ['there']))).toEqual(['there']);
    expect(api.statements).not.toContain('lockKey');
    expect(await takeEvents()).toEqual([]);
  });
});

describe('keys.removeRoles', () => {
  test('detaches and answers what remains, by name', async () => {
    await roles('rem.c', 'rem.b', 'rem.a', 'rem.apart');
    const { keyId } = await ws.createKey({ roles: ['rem.a', 'rem.b', 'rem.c'] });
    await takeEvents();
    expect(await names(call('removeRoles', keyId, ['rem.b', 'rem.apart']))).toEqual(['rem.a', 'rem.c']);
    const [event, ...others] = await takeEvents();
    expect(others).toEqual([]);
    expect(told([event as AuditPayload])).toEqual([
      ['authorization.disconnect_role_and_key', 'key undefined', 'role rem.b'],
    ]);
    expect(event).not.toHaveProperty('correlation_id');
    expect(await names(call('removeRoles', keyId, ['rem.a', 'rem.c']))).toEqual([]);
    const both = await takeEvents();
    expect(both).toHaveLength(2);
    expect(new Set(both.map((one) => one.correlation_id)).size).toBe(1);
  });

  test('of what is not attached does nothing', async () => {
    await roles('viewer');
    const { keyId } = await ws.createKey();
    await takeEvents();
    api.statements.length = 0;
    expect((await call('removeRoles', keyId, ['viewer'])).body.data).toEqual([]);
    expect(api.statements).not.toContain('lockKey');
    expect(await takeEvents()).toEqual([]);
  });
});

describe('keys.setRoles', () => {
  test('detaches and attaches, and tells of it in that order', async () => {
    await roles('set.old', 'set.new', 'set.kept');
    const { keyId } = await ws.createKey({ roles: ['set.old', 'set.kept'] });
    await takeEvents();
    expect(await names(call('setRoles', keyId, ['set.new', 'set.kept', 'set.new']))).toEqual([
      'set.kept',
      'set.new',
    ]);
    const events = await takeEvents();
    expect(told(events)).toEqual([
      ['authorization.disconnect_role_and_key', 'key undefined', 'role set.old'],
      ['authorization.connect_role_and_key', 'key undefined', 'role set.new'],
    ]);
    expect(events[0]?.correlation_id).toMatch(/^cor_/);
    expect(events[1]?.correlation_id).toBe(events[0]?.correlation_id);
    expect((await ws.call('keys.getKey', { keyId })).body.data).not.toHaveProperty('updatedAt');
  });

  test('to what is there tells of nothing; to an empty list detaches all, with a correlation id', async () => {
    await roles('same');
    const { keyId } = await ws.createKey({ roles: ['same'] });
    await api.insert('keys_roles', { key_id: keyId, role_id: 'role_gone', workspace_id: ws.id });
    await call('setRoles', keyId, ['same']);
    await takeEvents();
    expect(await names(call('setRoles', keyId, ['same']))).toEqual(['same']);
    expect(await takeEvents()).toEqual([]);
    expect((await call('setRoles', keyId, [])).body.data).toEqual([]);
    const [event, ...others] = await takeEvents();
    expect(others).toEqual([]);
    expect(event?.correlation_id).toMatch(/^cor_/);
    const links = await api.db.primary.all('test', 'SELECT pk FROM keys_roles WHERE key_id = :keyId', {
      keyId,
    });
    expect(links).toEqual([]);
  });
});

describe('all three', () => {
  test.each(OPERATIONS)('%s finds roles by their exact name only, or changes nothing', async (operation) => {
    const foreign = await testWorkspace(api);
    await foreign.role(`foreign ${operation}`);
    const [id = ''] = await roles(`exact ${operation}`, `had ${operation}`);
    const { keyId } = await ws.createKey({ roles: [`had ${operation}`] });
    for (const missing of ['ghost', id, `foreign ${operation}`, `EXACT ${operation}`]) {
      const answer = await call(operation, keyId, [`exact ${operation}`, missing, 'ghost too']);
      expect(answer.status).toBe(404);
      expect(answer.body.error).toMatchObject({
        type: errorType('data/role_not_found'),
        detail: expect.stringContaining(`'${missing}'`),
      });
    }
    expect(await attached(keyId)).toEqual([`had ${operation}`]);
  });

  test.each([
    ['addRoles', []],
    ['removeRoles', []],
    ...OPERATIONS.flatMap((operation): [Operation, unknown][] => [
      [operation, undefined],
      [operation, null],
      [operation, 'x'],
      [operation, ['']],
      [operation, ['x'.repeat(129)]],
      [operation, Array.from({ length: 101 }, (_, i) => `r${i}`)],
    ]),
  ] satisfies [Operation, unknown][])('%s refuses %.60j by schema', async (operation, wanted) => {
    const answer = await call(operation, 'key_any', wanted);
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors.length).toBeGreaterThan(0);
  });

  test.each(OPERATIONS)('%s refuses what it does not know', async (operation) => {
    const answer = await api.call(`keys.${operation}`, { keyId: 'key_1', roles: ['a'], x: 1 }, admin);
    expect(answer.status).toBe(400);
  });

  test.each(OPERATIONS)(
    '%s answers alike for keys that are unknown, deleted or foreign',
    async (operation) => {
      const foreign = await (await testWorkspace(api)).createKey();
      const deleted = await ws.createKey();
      await ws.call('keys.deleteKey', { keyId: deleted.keyId });
      const bodies = [];
      for (const keyId of ['key_nope', foreign.keyId, deleted.keyId]) {
        const answer = await call(operation, keyId, ['ghost']);
        expect(answer.status).toBe(404);
        bodies.push(answer.body.error);
      }
      expect(bodies[0].type).toBe(errorType('data/key_not_found'));
      expect(bodies).toEqual([bodies[0], bodies[0], bodies[0]]);
    },
  );

  test.each([
    ['addRoles', ['rbac.*.add_role_to_key']],
    ['removeRoles', []],
    ['setRoles', []],
  ] as const)(
    '%s asks for update_key and %j, or for the resource permission alone',
    async (operation, beside) => {
      await roles(`authorized ${operation}`);
      const { keyId } = await ws.createKey();
      const as = async (...permissions: string[]) => {
        const token = await api.rootKey(permissions, ws.id);
        return (await call(operation, keyId, [`authorized ${operation}`], token)).status;
      };
      const resource = (path: string) => `unkey:v1:${ws.id}:${path}`;

      if (beside.length > 0) expect(await as('api.*.update_key')).toBe(403);
      expect(await as('api.*.create_key', ...beside)).toBe(403);
      expect(await as('api.api_other.update_key', ...beside)).toBe(403);
      expect(await as(resource(`keyspaces/${ws.keyspaceId}/keys/key_other#update_key`))).toBe(403);
      expect(await as('api.*.update_key', ...beside)).toBe(200);
      expect(await as(`api.${ws.apiId}.update_key`, ...beside)).toBe(200);
      expect(await as(resource(`keyspaces/${ws.keyspaceId}/keys/${keyId}#update_key`))).toBe(200);
      expect(await as(resource('**#*'))).toBe(200);

      const refusal = await call(operation, keyId, ['ghost'], await api.rootKey([], ws.id));
      expect(refusal.body.error.type).toBe(errorType('authorization/insufficient_permissions'));
      for (const one of ['api.*.update_key', ...beside]) expect(refusal.body.error.detail).toContain(one);
      expect(refusal.body.error.detail).not.toContain(ws.apiId);
      expect(refusal.body.error.detail).not.toContain(ws.keyspaceId);
    },
  );

  test('show to a verification on the same node at once', async () => {
    await roles('shown.a', 'shown.b', 'shown.c');
    const { keyId, key } = await ws.createKey({ roles: ['shown.a'] });
    const shown = async () => (await ws.verify(key)).roles ?? [];
    expect(await shown()).toEqual(['shown.a']);
    await call('addRoles', keyId, ['shown.b']);
    expect(await shown()).toEqual(['shown.a', 'shown.b']);
    await call('removeRoles', keyId, ['shown.a']);
    expect(await shown()).toEqual(['shown.b']);
    await call('setRoles', keyId, ['shown.c']);
    expect(await shown()).toEqual(['shown.c']);
  });
});
