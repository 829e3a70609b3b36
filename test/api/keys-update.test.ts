import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let ws: TestWorkspace;

beforeAll(async () => {
  api = await startApi();
  ws = await testWorkspace(api);
});
afterAll(() => api.stop());

const errorType = (path: string) => `https://unkey.com/docs/errors/${path}`;
const get = async (keyId: string) => (await ws.call('keys.getKey', { keyId })).body.data;

describe('keys.updateKey', () => {
  const update = (keyId: string, body: Record<string, unknown>) =>
    ws.call('keys.updateKey', { keyId, ...body });

  /** Updates, expects success, and yields what the key shows afterwards. */
  async function updated(keyId: string, body: Record<string, unknown>): Promise<Record<string, unknown>> {
    const answer = await update(keyId, body);
    expect(answer.body.data).toEqual({});
    expect(answer.status).toBe(200);
    return get(keyId);
  }

  test('sets, clears and keeps', async () => {
    const { keyId } = await ws.createKey({ name: 'a', meta: { a: 1, x: 2 }, expires: 4_000_000_000_000 });
    api.clock.advance(1000);
    expect(await updated(keyId, { name: 'b' })).toMatchObject({ name: 'b', updatedAt: api.clock.now() });
    expect(await updated(keyId, { enabled: false })).toMatchObject({ name: 'b', enabled: false });
    expect((await updated(keyId, { meta: { b: 3 } })).meta).toEqual({ b: 3 });
    const cleared = await updated(keyId, { name: null, meta: null, expires: null });
    expect(cleared).not.toHaveProperty('name');
    expect(cleared).not.toHaveProperty('meta');
    expect(cleared).not.toHaveProperty('expires');
  });

  test('links an identity, making it when absent, and unlinks it', async () => {
    const { keyId } = await ws.createKey();
    const linked = await updated(keyId, { externalId: 'u_1' });
    expect(linked.identity).toEqual({ id: expect.stringMatching(/^id_/), externalId: 'u_1' });
    expect(await updated(keyId, { externalId: null })).not.toHaveProperty('identity');
    const again = await updated(keyId, { externalId: 'u_1' });
    expect(again.identity).toEqual(linked.identity);
  });

  test('replaces permissions, roles and limits', async () => {
    await ws.role('admin');
    await ws.role('user');
    const limit = { limit: 1, duration: 1000, autoApply: false };
    const { keyId } = await ws.createKey({
      permissions: ['p.a'],
      roles: ['admin'],
      ratelimits: [{ name: 'aaa', ...limit }],
    });
    expect(
      await updated(keyId, {
        permissions: ['p.b'],
        roles: ['user'],
        ratelimits: [{ name: 'bbb', ...limit }],
      }),
    ).toMatchObject({ permissions: ['p.b'], roles: ['user'], ratelimits: [{ name: 'bbb' }] });
    const emptied = await updated(keyId, { permissions: [], roles: [], ratelimits: [] });
    for (const member of ['permissions', 'roles', 'ratelimits']) expect(emptied).not.toHaveProperty(member);
  });

  test.each([
    { credits: { remaining: 1, refill: { interval: 'daily', amount: 1, refillDay: 4 } } },
    { credits: { refill: { interval: 'monthly', amount: 1 } } },
    { meta: { a: 'x'.repeat(65_536) } },
  ])('refuses %.80j by rule, changing nothing', async (body) => {
    const { keyId } = await ws.createKey({ credits: { remaining: 7 } });
    const answer = await update(keyId, { name: 'changed', ...body });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      type: errorType('unkey/application/invalid_input'),
      errors: [],
    });
    const after = await get(keyId);
    expect(after).not.toHaveProperty('name');
    expect(after.credits).toEqual({ remaining: 7 });
  });

  test.each([
    { nickname: 'x' },
    { enabled: null },
    { keyId: 'ab' },
    { keyId: 'key-1' },
    { name: '' },
    { ratelimits: null },
    { permissions: null },
    { roles: null },
    { ratelimits: [{ name: 'rpm', limit: 1, duration: 1000 }] },
    { credits: { x: 1 } },
    { credits: { refill: { interval: 'monthly', amount: 1, refillDay: null } } },
    { externalId: 'u@1' },
  ])('refuses %j by schema', async (body) => {
    const { keyId } = await ws.createKey();
    const answer = await update(keyId, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors.length).toBeGreaterThan(0);
  });

  test('does not find unknown, deleted and foreign keys', async () => {
    const foreign = await (await testWorkspace(api)).createKey();
    const deleted = await ws.createKey();
    await ws.call('keys.deleteKey', { keyId: deleted.keyId });
    for (const keyId of ['key_nope', foreign.keyId, deleted.keyId]) {
      const answer = await update(keyId, { enabled: false });
      expect(answer.status).toBe(404);
      expect(answer.body.error.type).toBe(errorType('unkey/data/key_not_found'));
    }
  });

  test('names a role that does not exist', async () => {
    const { keyId } = await ws.createKey();
    const answer = await update(keyId, { roles: ['ghost'] });
    expect(answer.status).toBe(404);
    expect(answer.body.error.type).toBe(errorType('unkey/data/role_not_found'));
    expect(answer.body.error.detail).toContain('ghost');
  });

  test('asks for update_key', async () => {
    const { keyId } = await ws.createKey();
    const as = async (permission: string) =>
      (await api.call('keys.updateKey', { keyId, name: 'z' }, await api.rootKey([permission], ws.id))).status;
    expect(await as('api.*.create_key')).toBe(403);
    expect(await as('api.*.update_key')).toBe(200);
    expect(await as(`unkey:v1:${ws.id}:keyspaces/${ws.keyspaceId}/keys/${keyId}#update_key`)).toBe(200);
    expect(await as(`unkey:v1:${ws.id}:**#*`)).toBe(200);
    expect(await as(`unkey:v1:${ws.id}:keyspaces/${ws.keyspaceId}/keys/key_other#update_key`)).toBe(403);
  });

  test('shows to a verification on the same node at once', async () => {
    const { keyId, key } = await ws.createKey({ credits: { remaining: 100 } });
    expect(await ws.verify(key)).toMatchObject({ code: 'VALID', credits: 99 });
    await update(keyId, { credits: { remaining: 50 } });
    expect(await ws.verify(key)).toMatchObject({ code: 'VALID', credits: 49 });
    await update(keyId, { enabled: false });
    expect(await ws.verify(key)).toMatchObject({ code: 'DISABLED' });
  });
});

describe('keys.deleteKey', () => {
  const remove = (body: Record<string, unknown>) => ws.call('keys.deleteKey', body);
  const limit = { name: 'rpm', limit: 1, duration: 1000, autoApply: true };
  const count = async (table: string, keyId: string) => {
    const column = table === 'keys' ? 'id' : 'key_id';
    const rows = await api.db.primary.all('test', `SELECT pk FROM \`${table}\` WHERE ${column} = :keyId`, {
      keyId,
    });
    return rows.length;
  };
  const TABLES = ['keys', 'keys_permissions', 'keys_roles', 'ratelimits', 'encrypted_keys'];

  async function fullKey(): Promise<{ keyId: string; key: string }> {
    const role = await ws.role(`role ${api.clock.now()}`);
    api.clock.advance(1);
    const created = await ws.createKey({ permissions: ['kept.slug'], ratelimits: [limit] });
    await api.insert('keys_roles', { key_id: created.keyId, role_id: role, workspace_id: ws.id });
    await api.insert('encrypted_keys', {
      key_id: created.keyId,
      workspace_id: ws.id,
      encrypted: 'x',
      encryption_key_id: 'kek_1',
    });
    return created;
  }

  test('softly keeps everything but the key out of reach', async () => {
    const { keyId } = await fullKey();
    const answer = await remove({ keyId });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({});
    for (const table of TABLES) expect([table, await count(table, keyId)]).toEqual([table, 1]);
    for (const body of [{ keyId }, { keyId, permanent: true }]) {
      expect((await remove(body)).status).toBe(404);
    }
  });

  test('for good removes the key and its links, and keeps roles and permissions', async () => {
    const { keyId } = await fullKey();
    expect((await remove({ keyId, permanent: true })).status).toBe(200);
    for (const table of TABLES) expect([table, await count(table, keyId)]).toEqual([table, 0]);
    const kept = await api.db.primary.all(
      'test',
      "SELECT id FROM permissions WHERE slug = 'kept.slug' AND workspace_id = :id",
      { id: ws.id },
    );
    expect(kept).toHaveLength(1);
  });

  test.each([undefined, true])(
    'ends verification on the same node at once (permanent: %s)',
    async (permanent) => {
      const { keyId, key } = await ws.createKey();
      expect(await ws.verify(key)).toMatchObject({ code: 'VALID' });
      await remove({ keyId, permanent });
      expect(await ws.verify(key)).toEqual({ valid: false, code: 'NOT_FOUND' });
    },
  );

  test('does not find unknown and foreign keys', async () => {
    const foreign = await (await testWorkspace(api)).createKey();
    for (const keyId of ['key_nope', foreign.keyId]) {
      const answer = await remove({ keyId });
      expect(answer.status).toBe(404);
      expect(answer.body.error.type).toBe(errorType('unkey/data/key_not_found'));
    }
  });

  test.each([{}, { keyId: '' }, { keyId: 'key_1', permanent: null }, { keyId: 'key_1', x: 1 }])(
    'refuses %j',
    async (body) => {
      expect((await remove(body)).status).toBe(400);
    },
  );

  test('asks for delete_key', async () => {
    const as = async (permission: string) => {
      const { keyId } = await ws.createKey();
      return (await api.call('keys.deleteKey', { keyId }, await api.rootKey([permission], ws.id))).status;
    };
    expect(await as('api.api_other.delete_key')).toBe(403);
    expect(await as('api.*.update_key')).toBe(403);
    expect(await as(`api.${ws.apiId}.delete_key`)).toBe(200);
    expect(await as(`unkey:v1:${ws.id}:keyspaces/${ws.keyspaceId}/keys/*#delete_key`)).toBe(200);
  });
});
