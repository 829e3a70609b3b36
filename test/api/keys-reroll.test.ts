import { Unkey } from '@unkey/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromDateTime, toDateTime } from '../../src/storage/sql/dialect.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let ws: TestWorkspace;

beforeAll(async () => {
  api = await startApi();
  ws = await testWorkspace(api);
});
afterAll(() => api.stop());

const MINUTE_MS = 60_000;

const reroll = (keyId: string, expiration: unknown = 0) => ws.call('keys.rerollKey', { keyId, expiration });
const rerolled = async (keyId: string, expiration = 0): Promise<{ keyId: string; key: string }> => {
  const answer = await reroll(keyId, expiration);
  expect(answer.status).toBe(200);
  return answer.body.data;
};
const as = async (permissions: readonly string[], keyId: string) =>
  api.call('keys.rerollKey', { keyId, expiration: 0 }, await api.rootKey(permissions, ws.id));
const get = async (keyId: string) => (await ws.call('keys.getKey', { keyId })).body.data;
const row = async (keyId: string): Promise<Record<string, unknown>> => {
  const [found] = await api.db.primary.all<Record<string, unknown>>(
    'test',
    'SELECT * FROM `keys` WHERE id = :keyId',
    { keyId },
  );
  if (found === undefined) throw new Error(`key ${keyId} has no row`);
  return found;
};
const expiresOf = async (keyId: string): Promise<number | null> => {
  const { expires } = await row(keyId);
  return expires === null ? null : fromDateTime(expires as string);
};
const keysOf = async (keyspaceId: string): Promise<number> =>
  (await api.db.primary.all('test', 'SELECT id FROM `keys` WHERE key_auth_id = :keyspaceId', { keyspaceId }))
    .length;
const errorType = (path: string) => `https://unkey.com/docs/errors/unkey/${path}`;

describe('the new key', () => {
  test('has everything that the old one has, under ids of its own', async () => {
    await ws.role('Reroller', ['through.role']);
    const old = await ws.createKey({
      name: 'rerolled',
      externalId: 'reroll_user',
      meta: { plan: 'pro' },
      expires: api.clock.now() + 86_400_000,
      credits: { remaining: 16, refill: { interval: 'monthly', amount: 100, refillDay: 1 } },
      ratelimits: [{ name: 'default', limit: 10, duration: 60_000, autoApply: true }],
      permissions: ['documents.read'],
      roles: ['Reroller'],
      enabled: false,
    });
    const before = await get(old.keyId);
    const fresh = await rerolled(old.keyId);
    expect(fresh.keyId).toMatch(/^key_[a-zA-Z0-9]{9}$/);
    expect(fresh.keyId).not.toBe(old.keyId);
    expect(fresh.key).not.toBe(old.key);
    expect(await get(fresh.keyId)).toEqual({
      ...before,
      keyId: fresh.keyId,
      start: fresh.key.slice(0, 4),
      createdAt: api.clock.now(),
      ratelimits: before.ratelimits.map((limit: object) => ({ ...limit, id: expect.stringMatching(/^rl_/) })),
    });
    const [[mine], [theirs]] = [(await get(fresh.keyId)).ratelimits, before.ratelimits];
    expect(mine.id).not.toBe(theirs.id);
    expect((await ws.verify(fresh.key)).code).toBe('DISABLED');
  });

  test('was never used, changed, refilled or migrated', async () => {
    const old = await ws.createKey({
      credits: { remaining: 5, refill: { interval: 'daily', amount: 5 } },
    });
    await api.db.primary.run(
      'test',
      "UPDATE `keys` SET last_used_at = 60000, last_refill_at = :refill, pending_migration_id = 'mig_x' WHERE id = :keyId",
      { keyId: old.keyId, refill: toDateTime(1) },
    );
    const fresh = await rerolled(old.keyId);
    expect(await row(fresh.keyId)).toMatchObject({
      last_refill_at: null,
      last_used_at: 0,
      updated_at_m: null,
      deleted_at_m: null,
      pending_migration_id: null,
      for_workspace_id: null,
      created_at_m: api.clock.now(),
    });
  });

  test('verifies at once, and so does the old one while it lasts', async () => {
    const old = await ws.createKey();
    await ws.verify(old.key);
    const fresh = await rerolled(old.keyId, MINUTE_MS);
    expect((await ws.verify(fresh.key)).code).toBe('VALID');
    expect((await ws.verify(old.key)).code).toBe('VALID');
  });

  test('has what is left of the credits, and the old one keeps it', async () => {
    const old = await ws.createKey({ credits: { remaining: 10 } });
    for (let use = 0; use < 3; use++) await ws.verify(old.key);
    const fresh = await rerolled(old.keyId, MINUTE_MS);
    expect((await get(fresh.keyId)).credits).toEqual({ remaining: 7 });
    expect((await ws.verify(fresh.key)).credits).toBe(6);
    expect((await ws.verify(old.key)).credits).toBe(6);
  });

  test('takes values of an adopted database exactly, however large', async () => {
    const old = await ws.createKey({ credits: { remaining: 1 }, meta: {} });
    await api.db.primary.run(
      'test',
      'UPDATE `keys` SET remaining_requests = :n, refill_amount = :n, meta = :meta WHERE id = :keyId',
      { keyId: old.keyId, n: 9_007_199_254_740_995n, meta: '{"n": 9007199254740995}' },
    );
    const { keyId } = await rerolled(old.keyId);
    const stored = await api.db.primary.all(
      'test',
      "SELECT CONCAT(remaining_requests, '') AS remaining, CONCAT(refill_amount, '') AS amount, meta FROM `keys` WHERE id = :keyId",
      { keyId },
    );
    const n = '9007199254740995';
    expect(stored).toEqual([{ remaining: n, amount: n, meta: `{"n": ${n}}` }]);
  });

  test('has limits of its identity through the identity alone', async () => {
    const old = await ws.createKey({ externalId: 'limited_user' });
    const { identity } = await get(old.keyId);
    await api.insert('ratelimits', {
      id: 'rl_reroll_identity',
      name: 'shared',
      workspace_id: ws.id,
      created_at: 0,
      identity_id: identity.id,
      limit: 5,
      duration: 1000,
      auto_apply: true,
    });
    const fresh = await rerolled(old.keyId);
    expect(await get(fresh.keyId)).not.toHaveProperty('ratelimits');
    expect((await get(fresh.keyId)).identity.ratelimits).toHaveLength(1);
  });

  test('starts with the first part of the old prefix', async () => {
    const cases = [
      ['prod', /^prod_[1-9A-HJ-NP-Za-km-z]{16,22}$/],
      ['sk_live', /^sk_[1-9A-HJ-NP-Za-km-z]{16,22}$/],
    ] as const;
    for (const [prefix, expected] of cases) {
      const fresh = await rerolled((await ws.createKey({ prefix })).keyId);
      expect(fresh.key).toMatch(expected);
      expect((await row(fresh.keyId)).start).toBe(fresh.key.slice(0, fresh.key.indexOf('_') + 5));
    }
  });

  test('takes prefix and length of its keyspace when the old one has no prefix', async () => {
    const other = await testWorkspace(api);
    const plain = await other.createKey();
    const prefixed = await other.createKey({ prefix: 'prod' });
    const empty = await other.createKey();
    await api.db.primary.run('test', "UPDATE `keys` SET start = '_ab12' WHERE id = :id", { id: empty.keyId });
    await api.db.primary.run(
      'test',
      "UPDATE key_auth SET default_prefix = 'acme', default_bytes = 32 WHERE id = :id",
      { id: other.keyspaceId },
    );
    const body = (keyId: string) => ({ keyId, expiration: 0 });
    for (const [{ keyId }, expected] of [
      [plain, /^acme_.{40,44}$/],
      [prefixed, /^prod_.{40,44}$/],
      [empty, /^acme_.{40,44}$/],
    ] as const) {
      expect((await other.call('keys.rerollKey', body(keyId))).body.data.key).toMatch(expected);
    }
  });

  test.each([0, 15, 256])('cannot be made of %i bytes', async (bytes) => {
    const other = await testWorkspace(api);
    const { keyId } = await other.createKey();
    await api.db.primary.run('test', 'UPDATE key_auth SET default_bytes = :bytes WHERE id = :id', {
      bytes,
      id: other.keyspaceId,
    });
    const answer = await other.call('keys.rerollKey', { keyId, expiration: 0 });
    expect(answer.status).toBe(500);
    expect(answer.body.error.type).toBe(errorType('application/assertion_failed'));
    expect(await keysOf(other.keyspaceId)).toBe(1);
  });
});

describe('the old key', () => {
  test('ends at once, also where it was verified before', async () => {
    const old = await ws.createKey();
    expect((await ws.verify(old.key)).code).toBe('VALID');
    await rerolled(old.keyId, 0);
    expect(await expiresOf(old.keyId)).toBe(api.clock.now());
    api.clock.advance(1);
    expect((await ws.verify(old.key)).code).toBe('EXPIRED');
    expect(await get(old.keyId)).toMatchObject({ enabled: true, updatedAt: expect.any(Number) });
  });

  test('ends at the first full minute after the time', async () => {
    const old = await ws.createKey();
    const now = api.clock.now();
    const fresh = await rerolled(old.keyId, MINUTE_MS);
    const end = await expiresOf(old.keyId);
    expect(end).toBe(Math.ceil((now + MINUTE_MS) / MINUTE_MS) * MINUTE_MS);
    expect(await expiresOf(fresh.keyId)).toBeNull();
    expect((await row(old.keyId)).updated_at_m).toBe(now);
  });

  test('on a full minute is not given another', async () => {
    const old = await ws.createKey();
    api.clock.advance(MINUTE_MS - (api.clock.now() % MINUTE_MS));
    await rerolled(old.keyId, MINUTE_MS);
    expect(await expiresOf(old.keyId)).toBe(api.clock.now() + MINUTE_MS);
  });

  test('may live longer than before, or again, while the new one has its former expiry', async () => {
    for (const expires of [api.clock.now() + 1000, api.clock.now() - 1000]) {
      const old = await ws.createKey({ expires });
      const fresh = await rerolled(old.keyId, 10 * MINUTE_MS);
      expect(await expiresOf(fresh.keyId)).toBe(expires);
      expect((await ws.verify(old.key)).code).toBe('VALID');
    }
  });

  test('can be rerolled again', async () => {
    const old = await ws.createKey();
    await rerolled(old.keyId, MINUTE_MS);
    const second = await rerolled(old.keyId, 2 * MINUTE_MS);
    expect((await ws.verify(second.key)).code).toBe('VALID');
  });
});

describe('refusals', () => {
  test.each([
    [{ keyId: 'key_any' }, '/required'],
    [{ keyId: 'key_any', expiration: -1 }, '/properties/expiration/minimum'],
    [{ keyId: 'key_any', expiration: 4_102_444_800_001 }, '/properties/expiration/maximum'],
    [{ keyId: 'key_any', expiration: '0' }, '/properties/expiration/type'],
    [{ keyId: 'key_any', expiration: null }, '/properties/expiration/type'],
    [{ keyId: 'ke', expiration: 0 }, '/properties/keyId/minLength'],
    [{ keyId: 'key-1', expiration: 0 }, '/properties/keyId/pattern'],
  ])('%j', async (body, location) => {
    const answer = await ws.call('keys.rerollKey', body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.type).toBe(errorType('application/invalid_input'));
    expect(answer.body.error.errors).toContainEqual(expect.objectContaining({ location }));
  });

  test('ignores unknown members', async () => {
    const { keyId } = await ws.createKey();
    const answer = await ws.call('keys.rerollKey', { keyId, expiration: 0, note: 'leaked' });
    expect(answer.status).toBe(200);
  });

  test('takes the longest expiration', async () => {
    const { keyId } = await ws.createKey();
    await rerolled(keyId, 4_102_444_800_000);
    expect(await expiresOf(keyId)).toBeGreaterThan(4_102_444_800_000);
  });

  test('does not tell unknown, deleted and foreign keys apart', async () => {
    const foreign = await (await testWorkspace(api)).createKey();
    const deleted = await ws.createKey();
    await ws.call('keys.deleteKey', { keyId: deleted.keyId });
    const answers = [await reroll('key_unknown'), await reroll(foreign.keyId), await reroll(deleted.keyId)];
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect(body.error).toEqual(answers[0]?.body.error);
    }
    expect(answers[0]?.body.error.type).toBe(errorType('data/key_not_found'));
  });

  test('asks for create_key, naming neither API nor keyspace', async () => {
    const { keyId } = await ws.createKey();
    for (const permission of ['api.*.read_key', 'api.api_other.create_key', 'api.*.update_key']) {
      const answer = await as([permission], keyId);
      expect(answer.status).toBe(403);
      expect(answer.body.error.type).toBe(errorType('authorization/insufficient_permissions'));
      expect(answer.body.error.detail).toContain('api.*.create_key');
      expect(answer.body.error.detail).not.toContain(ws.apiId);
      expect(answer.body.error.detail).not.toContain(ws.keyspaceId);
    }
    const path = `unkey:v1:${ws.id}:keyspaces/${ws.keyspaceId}`;
    for (const permission of [`api.${ws.apiId}.create_key`, 'api.*.create_key', `${path}#create_key`]) {
      expect((await as([permission], keyId)).status).toBe(200);
    }
    for (const grant of [`${path}/keys/${keyId}#create_key`, `unkey:v1:${ws.id}:keyspaces/ks_x#create_key`]) {
      expect((await as([grant], keyId)).status).toBe(403);
    }
  });

  test('a recoverable key needs encrypt_key before it needs a Vault', async () => {
    const { keyId } = await ws.createKey();
    await api.insert('encrypted_keys', {
      workspace_id: ws.id,
      key_id: keyId,
      created_at: 0,
      encrypted: 'ciphertext',
      encryption_key_id: 'kek_1',
    });
    const denied = await as(['api.*.create_key'], keyId);
    expect(denied.status).toBe(403);
    expect(denied.body.error.detail).toContain('api.*.encrypt_key');
    const keys = await keysOf(ws.keyspaceId);
    const refused = await as(['api.*.create_key', 'api.*.encrypt_key'], keyId);
    expect(refused.status).toBe(412);
    expect(refused.body.error.type).toBe(errorType('application/precondition_failed'));
    expect(await keysOf(ws.keyspaceId)).toBe(keys);
  });
});

test('writes one audit event that names both keys', async () => {
  const { keyId } = await ws.createKey({ name: 'audited reroll' });
  const fresh = await rerolled(keyId);
  const rows = await api.db.primary.all<{ payload: string }>(
    'test',
    'SELECT payload FROM clickhouse_outbox WHERE workspace_id = :id ORDER BY pk',
    { id: ws.id },
  );
  const events = rows.map(({ payload }) => JSON.parse(payload)).filter(({ event }) => event === 'key.reroll');
  const mine = events.filter(({ description }) => description.includes(keyId));
  expect(mine).toMatchObject([
    {
      description: expect.stringContaining(fresh.keyId),
      actor: { type: 'rootkey' },
      targets: [
        { type: 'key', id: fresh.keyId, name: 'audited reroll' },
        { type: 'key', id: keyId, name: 'audited reroll' },
        { type: 'api', id: ws.apiId, name: 'test api' },
      ],
    },
  ]);
  expect(mine[0]).not.toHaveProperty('correlation_id');
});

test('fifty at once of one key make fifty keys', async () => {
  const old = await ws.createKey({
    credits: { remaining: 3 },
    permissions: ['raced.one', 'raced.two'],
    ratelimits: [{ name: 'default', limit: 10, duration: 60_000, autoApply: true }],
  });
  const answers = await Promise.all(Array.from({ length: 50 }, () => reroll(old.keyId, MINUTE_MS)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map(({ body }) => body.data.keyId)).size).toBe(50);
  const last = await get(answers[49]?.body.data.keyId);
  expect(last).toMatchObject({ permissions: ['raced.one', 'raced.two'], ratelimits: [{ name: 'default' }] });
});

test('fifty at once of fifty keys do not get into each other’s way', async () => {
  const keys = await Promise.all(
    Array.from({ length: 50 }, (_, i) => ws.createKey({ permissions: [`raced.${i}`] })),
  );
  const answers = await Promise.all(keys.map(({ keyId }) => reroll(keyId)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
});

test('runs the same few statements however much hangs on the key', async () => {
  const count = async (body: Record<string, unknown>): Promise<number> => {
    const { keyId } = await ws.createKey(body);
    await rerolled((await ws.createKey()).keyId);
    api.statements.length = 0;
    await rerolled(keyId);
    return api.statements.length;
  };
  const ratelimits = Array.from({ length: 50 }, (_, i) => ({
    name: `limit${i}`,
    limit: 1,
    duration: 1000,
    autoApply: false,
  }));
  const permissions = Array.from({ length: 100 }, (_, i) => `many.${i}`);
  const one = await count({ permissions: ['many.0'], ratelimits: ratelimits.slice(0, 1) });
  expect(await count({ permissions, ratelimits })).toBe(one);
});

test('is called through the SDK', async () => {
  const unkey = new Unkey({ serverURL: api.url, rootKey: ws.rootKey, retryConfig: { strategy: 'none' } });
  const old = await ws.createKey({ prefix: 'sdk' });
  const { data } = await unkey.keys.rerollKey({ keyId: old.keyId, expiration: 0 });
  expect(data).toEqual({ keyId: expect.stringMatching(/^key_/), key: expect.stringMatching(/^sdk_/) });
});
