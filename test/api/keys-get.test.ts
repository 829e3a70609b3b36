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
const set = (assignment: string, keyId: string) =>
  api.db.primary.run('test', `UPDATE \`keys\` SET ${assignment} WHERE id = :keyId`, { keyId });

describe('keys.getKey', () => {
  const get = (keyId: string) => ws.call('keys.getKey', { keyId });

  test('shows of a plain key only what it has', async () => {
    const { keyId, key } = await ws.createKey();
    const answer = await get(keyId);
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({
      keyId,
      start: key.slice(0, 4),
      enabled: true,
      createdAt: api.clock.now(),
    });
  });

  test('answers alike for unknown, foreign and deleted keys, and under a deleted API, keyspace or workspace', async () => {
    const foreign = await testWorkspace(api);
    const { keyId } = await foreign.createKey();
    const answers = [await get('key_unknown'), await get(keyId)];

    const deleted = await ws.createKey();
    await ws.call('keys.deleteKey', { keyId: deleted.keyId });
    answers.push(await get(deleted.keyId));

    for (const [table, column] of [
      ['apis', 'apiId'],
      ['key_auth', 'keyspaceId'],
      ['workspaces', 'id'],
    ] as const) {
      const other = await testWorkspace(api);
      const orphan = await other.createKey();
      await api.db.primary.run('test', `UPDATE ${table} SET deleted_at_m = 1 WHERE id = :id`, {
        id: other[column],
      });
      answers.push(await other.call('keys.getKey', { keyId: orphan.keyId }));
    }
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect(body.error).toEqual(answers[0]?.body.error);
    }
    expect(answers[0]?.body.error.type).toBe(errorType('unkey/data/key_not_found'));
  });

  test.each([[[]], [['api.*.decrypt_key']], [['api.api_other.read_key']], [['api.*']]])(
    'is refused to a caller with %j, naming neither API nor keyspace',
    async (permissions) => {
      const { keyId } = await ws.createKey();
      const answer = await api.call('keys.getKey', { keyId }, await api.rootKey(permissions, ws.id));
      expect(answer.status).toBe(403);
      expect(answer.body.error.type).toBe(errorType('unkey/authorization/insufficient_permissions'));
      expect(answer.body.error.detail).toContain('api.*.read_key');
      expect(answer.body.error.detail).not.toContain(ws.apiId);
      expect(answer.body.error.detail).not.toContain(ws.keyspaceId);
    },
  );

  test('is open to a grant for its API, for this key, and for the whole workspace', async () => {
    const { keyId } = await ws.createKey();
    for (const grant of [
      `api.${ws.apiId}.read_key`,
      `unkey:v1:${ws.id}:keyspaces/${ws.keyspaceId}/keys/${keyId}#read_key`,
      `unkey:v1:${ws.id}:keyspaces/*/keys/*#read_key`,
      `unkey:v1:${ws.id}:**#*`,
    ]) {
      const answer = await api.call('keys.getKey', { keyId }, await api.rootKey([grant], ws.id));
      expect([grant, answer.status]).toEqual([grant, 200]);
    }
  });

  test('shows a stored refill only with a balance', async () => {
    const { keyId } = await ws.createKey();
    await set('remaining_requests = 50, refill_amount = 100, refill_day = 1', keyId);
    expect((await get(keyId)).body.data.credits).toEqual({
      remaining: 50,
      refill: { interval: 'monthly', amount: 100, refillDay: 1 },
    });
    await set('remaining_requests = NULL', keyId);
    expect((await get(keyId)).body.data).not.toHaveProperty('credits');
  });

  test('answers balances beyond 2^53 exactly', async () => {
    const { keyId } = await ws.createKey({ credits: { remaining: 1 } });
    await set('remaining_requests = 9007199254740993', keyId);
    const response = await api.fetch('/v2/keys.getKey', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${ws.rootKey}` },
      body: JSON.stringify({ keyId }),
    });
    expect(await response.text()).toContain('"remaining":9007199254740993');
  });

  test('shows disabled keys, and drops unreadable meta', async () => {
    const { keyId } = await ws.createKey({ enabled: false, meta: { a: 1 } });
    await set("meta = '{broken'", keyId);
    const { status, body } = await get(keyId);
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ enabled: false });
    expect(body.data).not.toHaveProperty('meta');
  });

  test('lists a slug that is held directly and by two roles once', async () => {
    await ws.role('reader', ['docs.read']);
    const second = await ws.role('writer');
    const [permission] = await api.db.primary.all<{ id: string }>(
      'test',
      "SELECT id FROM permissions WHERE slug = 'docs.read' AND workspace_id = :id",
      { id: ws.id },
    );
    await api.insert('roles_permissions', {
      role_id: second,
      permission_id: permission?.id ?? '',
      workspace_id: ws.id,
    });
    const { keyId } = await ws.createKey({ permissions: ['docs.read'], roles: ['writer', 'reader'] });
    expect((await get(keyId)).body.data).toMatchObject({
      permissions: ['docs.read'],
      roles: ['reader', 'writer'],
    });
  });

  test('shows all limits of the identity, also shadowed ones, and nothing of a deleted identity', async () => {
    const rpm = { name: 'rpm', limit: 10, duration: 60_000, autoApply: true };
    const { keyId } = await ws.createKey({ externalId: 'limited', ratelimits: [rpm] });
    const identityId: string = (await get(keyId)).body.data.identity.id;
    for (const [id, name] of [
      ['rl_z', 'zzz'],
      ['rl_r', 'rpm'],
    ] as const) {
      await api.insert('ratelimits', {
        id,
        name,
        workspace_id: ws.id,
        created_at: 0,
        identity_id: identityId,
        limit: 5,
        duration: 1000,
        auto_apply: false,
      });
    }
    await api.db.primary.run('test', `UPDATE identities SET meta = '{"k":"v"}' WHERE id = :identityId`, {
      identityId,
    });
    const { data } = (await get(keyId)).body;
    expect(data.ratelimits).toEqual([{ id: expect.any(String), ...rpm }]);
    expect(data.identity).toEqual({
      id: identityId,
      externalId: 'limited',
      meta: { k: 'v' },
      ratelimits: [
        { id: 'rl_r', name: 'rpm', limit: 5, duration: 1000, autoApply: false },
        { id: 'rl_z', name: 'zzz', limit: 5, duration: 1000, autoApply: false },
      ],
    });
    await api.db.primary.run('test', 'UPDATE identities SET deleted = 1 WHERE id = :identityId', {
      identityId,
    });
    expect((await get(keyId)).body.data).not.toHaveProperty('identity');
  });

  test.each([{ keyId: '' }, { key: 'x' }, {}, { keyId: 'key-1' }, { keyId: 'key_1', decrypt: null }])(
    'refuses %j',
    async (body) => {
      expect((await ws.call('keys.getKey', body)).status).toBe(400);
    },
  );

  test('decrypting needs a Vault, whatever the caller may do', async () => {
    const { keyId } = await ws.createKey();
    const reader = await api.rootKey(['api.*.read_key'], ws.id);
    const answer = await api.call('keys.getKey', { keyId, decrypt: true }, reader);
    expect(answer.status).toBe(412);
    expect(answer.body.error.type).toBe(errorType('unkey/application/precondition_failed'));
  });
});

describe('keys.whoami', () => {
  const whoami = (key: string) => ws.call('keys.whoami', { key });

  test('answers what getKey answers', async () => {
    const { keyId, key } = await ws.createKey({ name: 'n', externalId: 'who', permissions: ['b', 'a', 'C'] });
    const answer = await whoami(key);
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual((await ws.call('keys.getKey', { keyId })).body.data);
    expect(answer.body.data.permissions).toEqual(['C', 'a', 'b']);
  });

  test('answers alike for unknown and foreign keys and for callers who may not read it', async () => {
    const { key } = await ws.createKey();
    const foreign = await (await testWorkspace(api)).createKey();
    const asking = async (permissions: string[]) =>
      api.call('keys.whoami', { key }, await api.rootKey(permissions, ws.id));
    const answers = [
      await whoami('no_such_key'),
      await whoami(foreign.key),
      await asking([]),
      await asking(['api.api_other.read_key']),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect(body.error).toEqual(answers[0]?.body.error);
    }
    expect(answers[0]?.body.error.type).toBe(errorType('unkey/data/key_not_found'));
    expect(JSON.stringify(answers)).not.toContain('read_key');
  });

  test('spends nothing of an expired key', async () => {
    const { key } = await ws.createKey({ expires: 1, credits: { remaining: 3 } });
    for (const _ of [1, 2]) {
      const answer = await whoami(key);
      expect(answer.status).toBe(200);
      expect(answer.body.data.credits).toEqual({ remaining: 3 });
    }
  });

  test.each([{ key: '' }, { key: 'x'.repeat(513) }, { key: 'x', decrypt: true }, {}])(
    'refuses %j',
    async (body) => {
      expect((await ws.call('keys.whoami', body)).status).toBe(400);
    },
  );
});
