import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Base64, sha256Hex } from '../../src/lib/hash.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let ws: TestWorkspace;

beforeAll(async () => {
  api = await startApi();
  ws = await testWorkspace(api);
});
afterAll(() => api.stop());

const NOT_FOUND = { valid: false, code: 'NOT_FOUND' };

describe('state of the key', () => {
  test('answers a plain key with nothing but its state and id', async () => {
    const { key, keyId } = await ws.createKey();
    expect(await ws.verify(key)).toEqual({ valid: true, code: 'VALID', enabled: true, keyId });
  });

  test('answers an unknown key as NOT_FOUND and nothing else', async () => {
    expect(await ws.verify('no_such_key')).toEqual(NOT_FOUND);
  });

  test('answers keys of other workspaces, deleted keys, root keys and keys of a deleted API the same way', async () => {
    const other = await testWorkspace(api);
    const foreign = await other.createKey();
    expect(await ws.verify(foreign.key)).toEqual(NOT_FOUND);

    const deleted = await ws.createKey();
    await ws.call('keys.deleteKey', { keyId: deleted.keyId });
    expect(await ws.verify(deleted.key)).toEqual(NOT_FOUND);

    expect(await ws.verify(ws.rootKey)).toEqual(NOT_FOUND);

    const orphan = await other.createKey();
    await other.call('apis.deleteApi', { apiId: other.apiId });
    expect(await other.verify(orphan.key)).toEqual(NOT_FOUND);
  });

  test('answers a root key of a missing workspace that way to its own workspace too', async () => {
    const managed = await api.workspace();
    const orphan = await api.rootKey([], managed);
    await api.db.primary.run('test', 'DELETE FROM workspaces WHERE id = :id', { id: managed });
    const token = await api.rootKey(['api.*.verify_key'], 'ws_unkey');
    const answer = await api.call('keys.verifyKey', { key: orphan }, token);
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual(NOT_FOUND);
  });

  test.each([[[]], [['api.api_other.verify_key']], [['api.*.read_key']]])(
    'hides the key from a root key holding %j',
    async (permissions) => {
      const { key } = await ws.createKey();
      const token = await api.rootKey(permissions, ws.id);
      const answer = await api.call('keys.verifyKey', { key }, token);
      expect(answer.status).toBe(200);
      expect(answer.body.data).toEqual(NOT_FOUND);
    },
  );

  test('lets a grant for one key verify that key and not its siblings', async () => {
    const one = await ws.createKey();
    const sibling = await ws.createKey();
    const grant = `unkey:v1:${ws.id}:keyspaces/${ws.keyspaceId}/keys/${one.keyId}#verify_key`;
    const token = await api.rootKey([grant], ws.id);
    expect((await api.call('keys.verifyKey', { key: one.key }, token)).body.data.code).toBe('VALID');
    expect((await api.call('keys.verifyKey', { key: sibling.key }, token)).body.data).toEqual(NOT_FOUND);
  });

  test('reports a disabled key with its name, and disabled before expired', async () => {
    const { key, keyId } = await ws.createKey({ name: 'n', enabled: false, expires: 1 });
    expect(await ws.verify(key)).toEqual({
      valid: false,
      code: 'DISABLED',
      enabled: false,
      keyId,
      name: 'n',
      expires: 1,
    });
  });

  test('expires strictly after its time, by the clock and not by the age of the cache entry', async () => {
    const expires = api.clock.now() + 5_000;
    const { key } = await ws.createKey({ expires });
    expect(await ws.verify(key)).toMatchObject({ code: 'VALID', expires });
    api.clock.set(expires);
    expect(await ws.verify(key)).toMatchObject({ code: 'VALID' });
    api.clock.advance(1);
    expect(await ws.verify(key)).toMatchObject({ valid: false, code: 'EXPIRED', expires });
  });

  test('answers FORBIDDEN for keys of a disabled workspace, telling no grants', async () => {
    const other = await testWorkspace(api);
    const { key, keyId } = await other.createKey({ permissions: ['a.b'] });
    await api.db.primary.run('disable', 'UPDATE workspaces SET enabled = 0 WHERE id = :id', { id: other.id });
    // The root key of a disabled workspace is refused, so a token that predates the change asks.
    const answer = await other.call('keys.verifyKey', { key });
    expect(answer.body.data).toEqual({ valid: false, code: 'FORBIDDEN', enabled: true, keyId });
  });
});

describe('what is shown', () => {
  test('shows meta, identity, roles and permissions, sorted and without repeats', async () => {
    await ws.role('editor-v', ['b.role', 'a.both']);
    const { key, keyId } = await ws.createKey({
      meta: { plan: 'pro' },
      externalId: 'user_v',
      roles: ['editor-v'],
      permissions: ['a.both', 'C.direct'],
    });
    expect(await ws.verify(key)).toEqual({
      valid: true,
      code: 'VALID',
      enabled: true,
      keyId,
      meta: { plan: 'pro' },
      roles: ['editor-v'],
      permissions: ['C.direct', 'a.both', 'b.role'],
      identity: { id: expect.stringMatching(/^id_/), externalId: 'user_v' },
    });
  });

  test('shows identity meta, and identity limits that no key limit shadows', async () => {
    const { key } = await ws.createKey({
      externalId: 'user_limits',
      ratelimits: [{ name: 'shadow', limit: 5, duration: 60_000, autoApply: false }],
    });
    const [identity] = await api.db.primary.all<{ id: string }>(
      'identity',
      'SELECT id FROM identities WHERE workspace_id = :ws AND external_id = :externalId',
      { ws: ws.id, externalId: 'user_limits' },
    );
    await api.db.primary.run('meta', 'UPDATE identities SET meta = :meta WHERE id = :id', {
      meta: '{"k":"v"}',
      id: identity?.id ?? '',
    });
    for (const [id, name] of [
      ['rl_v1', 'shadow'],
      ['rl_v2', 'open'],
    ] as const) {
      await api.insert('ratelimits', {
        id,
        name,
        workspace_id: ws.id,
        created_at: 0,
        identity_id: identity?.id ?? '',
        limit: 7,
        duration: 1000,
        auto_apply: false,
      });
    }
    expect((await ws.verify(key)).identity).toEqual({
      id: identity?.id,
      externalId: 'user_limits',
      meta: { k: 'v' },
      ratelimits: [{ id: 'rl_v2', name: 'open', limit: 7, duration: 1000, autoApply: false }],
    });
  });

  test('leaves corrupt meta out and still answers', async () => {
    const { key, keyId } = await ws.createKey();
    await api.db.primary.run('corrupt', 'UPDATE `keys` SET meta = :meta WHERE id = :id', {
      meta: '{',
      id: keyId,
    });
    expect(await ws.verify(key)).toEqual({ valid: true, code: 'VALID', enabled: true, keyId });
  });
});

describe('permission query', () => {
  test.each([
    ['a AND b', true],
    ['a or c', true],
    ['c OR a AND b', true],
    ['(c OR a)and b', true],
    [' \n a\t', true],
    ['a OR ANDROID', true],
    ['a AND c', false],
    ['A', false],
    ['c OR (a AND d)', false],
    ['a.*', false],
  ])('%j on a key holding a, b and a.read', async (permissions, allowed) => {
    const { key } = await ws.createKey({ permissions: ['a', 'b', 'a.read'] });
    expect((await ws.verify(key, { permissions })).code).toBe(allowed ? 'VALID' : 'INSUFFICIENT_PERMISSIONS');
  });

  test.each([
    ['a AND', /end/],
    ['(a AND b', /8/],
    ['a AND ()', /7/],
    ['AND a', /AND.*0/],
    ['a b', /b.*2/],
    ['a)', /1/],
    ['   ', /empty/i],
    ['@a', /@.*0/],
  ])('refuses %j and says where', async (permissions, detail) => {
    const { key } = await ws.createKey();
    const answer = await ws.call('keys.verifyKey', { key, permissions });
    expect(answer.status).toBe(400);
    expect(answer.body.error.type).toBe(
      'https://unkey.com/docs/errors/user/bad_request/permissions_query_syntax_error',
    );
    expect(answer.body.error.detail).toMatch(detail);
  });

  test('refuses a malformed query on a disabled key, but not on an unknown one', async () => {
    const { key } = await ws.createKey({ enabled: false });
    expect((await ws.call('keys.verifyKey', { key, permissions: 'a AND' })).status).toBe(400);
    expect(await ws.verify('unknown', { permissions: 'a AND' })).toEqual(NOT_FOUND);
  });

  test('tells no rate limits when permissions are missing', async () => {
    const { key } = await ws.createKey({
      ratelimits: [{ name: 'auto', limit: 1, duration: 60_000, autoApply: true }],
    });
    const data = await ws.verify(key, { permissions: 'missing' });
    expect(data).toMatchObject({ code: 'INSUFFICIENT_PERMISSIONS' });
    expect(data).not.toHaveProperty('ratelimits');
    expect(await ws.verify(key)).toMatchObject({ code: 'VALID', ratelimits: [{ remaining: 0 }] });
  });
});

describe('IP allow-list', () => {
  test.each([
    ['9.9.9.9', 'FORBIDDEN'],
    ['1.2.3.4, 9.9.9.9', 'VALID'],
    ['1.2.3.4:5555', 'VALID'],
  ])('X-Forwarded-For %s is %s', async (address, code) => {
    const own = await testWorkspace(api);
    await api.db.primary.run('whitelist', 'UPDATE apis SET ip_whitelist = :list WHERE id = :id', {
      list: ' 1.2.3.4 ,, 5.6.7.8',
      id: own.apiId,
    });
    const { key } = await own.createKey();
    expect((await own.verify(key, {}, { 'X-Forwarded-For': address })).code).toBe(code);
  });
});

describe('credits', () => {
  test('spends one by default and the cost when given, and never a part of it', async () => {
    const { key } = await ws.createKey({ credits: { remaining: 5 } });
    expect(await ws.verify(key)).toMatchObject({ code: 'VALID', credits: 4 });
    expect(await ws.verify(key, { credits: { cost: 5 } })).toMatchObject({
      code: 'USAGE_EXCEEDED',
      credits: 4,
    });
    expect(await ws.verify(key, { credits: { cost: 4 } })).toMatchObject({ code: 'VALID', credits: 0 });
    expect(await ws.verify(key)).toMatchObject({ code: 'USAGE_EXCEEDED', credits: 0 });
    expect(await ws.verify(key, { credits: { cost: 0 } })).toMatchObject({ code: 'VALID', credits: 0 });
  });

  test('ignores the cost on an unlimited key', async () => {
    const { key } = await ws.createKey();
    expect(await ws.verify(key, { credits: { cost: 7 } })).not.toHaveProperty('credits');
  });

  test('reports no credits for a key that became unlimited after it was cached', async () => {
    const { key, keyId } = await ws.createKey({ credits: { remaining: 5 } });
    // Caches the key, and counts nothing: of a balance that a counter holds the store is not asked for a while.
    expect((await ws.verify(key, { permissions: 'none' })).code).toBe('INSUFFICIENT_PERMISSIONS');
    await api.db.primary.run('unlimit', 'UPDATE `keys` SET remaining_requests = NULL WHERE id = :keyId', {
      keyId,
    });
    const data = await ws.verify(key);
    expect(data.code).toBe('VALID');
    expect(data).not.toHaveProperty('credits');
  });

  test('admits exactly as many parallel calls as there are credits', async () => {
    const { key } = await ws.createKey({ credits: { remaining: 7 } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ws.verify(key)));
    const valid = answers.filter((answer) => answer.valid);
    expect(valid.map((answer) => answer.credits).sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe('rate limits', () => {
  const MINUTE = 60_000;
  const HOUR = 3_600_000;

  test('counts limits that apply by themselves', async () => {
    const { key } = await ws.createKey({
      ratelimits: [{ name: 'auto', limit: 1, duration: MINUTE, autoApply: true }],
    });
    expect(await ws.verify(key)).toMatchObject({
      code: 'VALID',
      ratelimits: [{ name: 'auto', exceeded: false, remaining: 0 }],
    });
    expect(await ws.verify(key)).toMatchObject({
      code: 'RATE_LIMITED',
      ratelimits: [{ name: 'auto', exceeded: true, remaining: 0 }],
    });
  });

  test('leaves a stored limit alone that neither applies by itself nor is asked for', async () => {
    const { key } = await ws.createKey({
      ratelimits: [{ name: 'manual', limit: 1, duration: MINUTE, autoApply: false }],
    });
    expect(await ws.verify(key)).not.toHaveProperty('ratelimits');
  });

  test('takes no token of any limit when one of them fails', async () => {
    api.clock.set(Math.ceil(api.clock.now() / HOUR) * HOUR);
    const { key } = await ws.createKey({
      ratelimits: [
        { name: 'minute', limit: 3, duration: MINUTE, autoApply: true },
        { name: 'hour', limit: 10, duration: HOUR, autoApply: true },
      ],
    });
    for (let i = 0; i < 3; i++) expect((await ws.verify(key)).code).toBe('VALID');
    expect(await ws.verify(key)).toMatchObject({
      code: 'RATE_LIMITED',
      ratelimits: [
        { name: 'hour', exceeded: false, remaining: 7 },
        { name: 'minute', exceeded: true, remaining: 0 },
      ],
    });
  });

  test('tells balances and limits beyond 2^53 exactly, and counts them down', async () => {
    const { key, keyId } = await ws.createKey({
      credits: { remaining: 1 },
      ratelimits: [{ name: 'huge', limit: 1, duration: MINUTE, autoApply: true }],
    });
    await api.db.primary.run('test', 'UPDATE `keys` SET remaining_requests = :huge WHERE id = :keyId', {
      huge: 2n ** 60n,
      keyId,
    });
    await api.db.primary.run(
      'test',
      'UPDATE ratelimits SET `limit` = :huge, duration = :huge WHERE key_id = :keyId',
      { huge: 2n ** 60n, keyId },
    );
    for (const spent of [1n, 2n]) {
      const response = await api.fetch('/v2/keys.verifyKey', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${ws.rootKey}` },
        body: JSON.stringify({ key }),
      });
      const text = await response.text();
      expect(text).toContain(`"credits":${2n ** 60n - spent},`);
      expect(text).toContain(`"remaining":${2n ** 60n - spent},"reset":${2n ** 60n}}`);
    }
  });

  test('evaluates a limit that the request brings along', async () => {
    const { key } = await ws.createKey();
    const custom = { name: 'custom', limit: 10, duration: MINUTE, cost: 3 };
    expect((await ws.verify(key, { ratelimits: [custom] })).ratelimits).toEqual([
      {
        id: '',
        name: 'custom',
        limit: 10,
        duration: MINUTE,
        autoApply: false,
        exceeded: false,
        remaining: 7,
        reset: (Math.floor(api.clock.now() / MINUTE) + 1) * MINUTE,
      },
    ]);
  });

  test('answers 412 naming the limit that is not stored, and only for keys that would be checked', async () => {
    const { key, keyId } = await ws.createKey();
    const answer = await ws.call('keys.verifyKey', { key, ratelimits: [{ name: 'ghost' }] });
    expect(answer.status).toBe(412);
    expect(answer.body.error.detail).toContain('ghost');
    expect(answer.body.error.detail).toContain(keyId);

    const disabled = await ws.createKey({ enabled: false });
    expect((await ws.verify(disabled.key, { ratelimits: [{ name: 'ghost' }] })).code).toBe('DISABLED');
  });

  test('refuses an impossible ad-hoc limit instead of lifting all limits', async () => {
    const { key } = await ws.createKey();
    for (const limit of [
      { name: 'custom', limit: 0, duration: MINUTE },
      { name: 'custom', limit: 1, duration: 999 },
    ]) {
      const answer = await ws.call('keys.verifyKey', { key, ratelimits: [limit] });
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatchObject({
        type: 'https://unkey.com/docs/errors/unkey/application/invalid_input',
        errors: [],
      });
    }
  });

  test('spends no credits when rate limited, and keeps the tokens when credits run out', async () => {
    const limited = await ws.createKey({
      credits: { remaining: 5 },
      ratelimits: [{ name: 'auto', limit: 1, duration: MINUTE, autoApply: true }],
    });
    expect(await ws.verify(limited.key)).toMatchObject({ code: 'VALID', credits: 4 });
    expect((await ws.verify(limited.key)).code).toBe('RATE_LIMITED');
    api.clock.advance(2 * MINUTE);
    expect(await ws.verify(limited.key)).toMatchObject({ code: 'VALID', credits: 3 });

    const empty = await ws.createKey({
      credits: { remaining: 0 },
      ratelimits: [{ name: 'auto', limit: 10, duration: MINUTE, autoApply: true }],
    });
    expect(await ws.verify(empty.key)).toMatchObject({
      code: 'USAGE_EXCEEDED',
      ratelimits: [{ remaining: 9 }],
    });
    expect(await ws.verify(empty.key)).toMatchObject({
      code: 'USAGE_EXCEEDED',
      ratelimits: [{ remaining: 8 }],
    });
  });

  test('shares an identity limit between its keys, unless the key has one of that name', async () => {
    const externalId = 'user_shared';
    const first = await ws.createKey({ externalId });
    const second = await ws.createKey({ externalId });
    const own = await ws.createKey({
      externalId,
      ratelimits: [{ name: 'shared', limit: 4, duration: 10_000, autoApply: false }],
    });
    const [identity] = await api.db.primary.all<{ id: string }>(
      'identity',
      'SELECT id FROM identities WHERE workspace_id = :ws AND external_id = :externalId',
      { ws: ws.id, externalId },
    );
    await api.insert('ratelimits', {
      id: 'rl_shared',
      name: 'shared',
      workspace_id: ws.id,
      created_at: 0,
      identity_id: identity?.id ?? '',
      limit: 5,
      duration: 600_000,
      auto_apply: true,
    });
    for (const { key } of [first, first, first, second, second])
      expect((await ws.verify(key)).code).toBe('VALID');
    expect((await ws.verify(second.key)).code).toBe('RATE_LIMITED');
    for (let i = 0; i < 3; i++) {
      expect(await ws.verify(own.key, { ratelimits: [{ name: 'shared' }] })).toMatchObject({ code: 'VALID' });
    }
  });
});

describe('malformed requests', () => {
  test.each([
    [{ apiId: 'api_x' }],
    [{ credits: { cost: -1 } }],
    [{ credits: {} }],
    [{ tags: Array.from({ length: 21 }, () => 't') }],
    [{ tags: [''] }],
    [{ tags: ['x'.repeat(513)] }],
    [{ permissions: '' }],
    [{ permissions: 'x'.repeat(1001) }],
    [{ key: '' }],
    [{ ratelimits: [{ name: 'ab' }] }],
  ])('refuses %j', async (body) => {
    const answer = await ws.call('keys.verifyKey', { key: 'any', ...body });
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors.length).toBeGreaterThan(0);
  });
});

describe('migrated keys', () => {
  async function migratedKey(
    algorithm: string,
    hash: string,
  ): Promise<{ keyId: string; migrationId: string }> {
    const migrationId = `mig_${Math.random().toString(36).slice(2, 11)}`;
    await api.insert('key_migrations', { id: migrationId, workspace_id: ws.id, algorithm });
    const { keyId } = await ws.createKey();
    await api.db.primary.run(
      'migrate',
      "UPDATE `keys` SET hash = :hash, start = '', pending_migration_id = :migrationId WHERE id = :keyId",
      { hash, migrationId, keyId },
    );
    return { keyId, migrationId };
  }

  const SEAM = 'github.com/seamapi/prefixed-api-key';

  test('verifies a prefixed key under its migration and stores its native hash', async () => {
    const key = 'my_co_short_longtoken1';
    const { keyId, migrationId } = await migratedKey(SEAM, sha256Hex('longtoken1'));
    expect(await ws.verify(key, { migrationId })).toMatchObject({ code: 'VALID', keyId });
    const [row] = await api.db.primary.all(
      'row',
      'SELECT hash, start, pending_migration_id AS pending FROM `keys` WHERE id = :keyId',
      { keyId },
    );
    expect(row).toEqual({ hash: sha256Base64(key), start: 'my_co_shor', pending: null });
    expect(await ws.verify(key)).toMatchObject({ code: 'VALID', keyId });
  });

  test('does not rehash for a root key that may not verify', async () => {
    const key = 're_short_longtoken2';
    const { keyId, migrationId } = await migratedKey(SEAM, sha256Hex('longtoken2'));
    const stranger = await api.rootKey(['api.*.read_key'], ws.id);
    expect((await api.call('keys.verifyKey', { key, migrationId }, stranger)).body.data).toEqual(NOT_FOUND);
    const [row] = await api.db.primary.all<{ hash: string }>(
      'row',
      'SELECT hash FROM `keys` WHERE id = :keyId',
      {
        keyId,
      },
    );
    expect(row?.hash).toBe(sha256Hex('longtoken2'));
  });

  test('verifies a sha256 import without naming the migration', async () => {
    const { keyId } = await migratedKey('sha256', sha256Base64('abc_123'));
    expect(await ws.verify('abc_123')).toMatchObject({ code: 'VALID', keyId });
  });

  test('refuses a key that the algorithm cannot split, and does not know a foreign migration', async () => {
    const { migrationId } = await migratedKey(SEAM, sha256Hex('longtoken3'));
    const answer = await ws.call('keys.verifyKey', { key: 'onesegment', migrationId });
    expect(answer.status).toBe(400);
    expect(answer.body.error.type).toBe('https://unkey.com/docs/errors/unkey/authentication/malformed');
    expect(await ws.verify('onesegment', { migrationId: 'mig_unknown' })).toEqual(NOT_FOUND);
  });
});

describe('cost of a verification', () => {
  /** What writes back, behind later requests, the balances that tests before these have used. */
  const WRITING_BACK = new Set([
    'listKeyPks',
    'lockBalances',
    'takeCredits',
    'deleteSettlements',
    'insertSettlements',
    'listOldSettlements',
    'listSettlements',
    'updateSettlements',
  ]);
  const statements = () => api.statements.filter((operation) => !WRITING_BACK.has(operation));

  test('runs one statement when the key is cold and none when it is warm', async () => {
    const { key } = await ws.createKey({ permissions: ['p.q'], externalId: 'user_cost', meta: { a: 1 } });
    await ws.verify('warms_the_root_key');
    api.statements.length = 0;
    expect((await ws.verify(key)).code).toBe('VALID');
    expect(statements()).toEqual(['loadVerificationRows']);
    api.statements.length = 0;
    for (let i = 0; i < 5; i++) expect((await ws.verify(key)).code).toBe('VALID');
    expect(statements()).toEqual([]);
  });

  test('shares one load between parallel first verifications', async () => {
    const { key } = await ws.createKey();
    await ws.verify('warms_the_root_key');
    api.statements.length = 0;
    await Promise.all(Array.from({ length: 10 }, () => ws.verify(key)));
    expect(statements()).toEqual(['loadVerificationRows']);
  });

  test('serves a stale key at once and refreshes it behind', async () => {
    const { key, keyId } = await ws.createKey();
    await ws.verify(key);
    await api.db.primary.run('disable', 'UPDATE `keys` SET enabled = 0 WHERE id = :keyId', { keyId });
    expect((await ws.verify(key)).code).toBe('VALID');
    api.clock.advance(10_001);
    expect((await ws.verify(key)).code).toBe('VALID');
    await expect.poll(async () => (await ws.verify(key)).code).toBe('DISABLED');
  });
});
