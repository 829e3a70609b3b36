import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256Base64 } from '../../src/lib/hash.ts';
import { randomAlphanumeric } from '../../src/lib/uid.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let ws: TestWorkspace;

beforeAll(async () => {
  api = await startApi();
  ws = await testWorkspace(api);
});
afterAll(() => api.stop());

const BASE58 = /^[1-9A-HJ-NP-Za-km-z]{16,22}$/;
const create = (body: Record<string, unknown>) => ws.call('keys.createKey', { apiId: ws.apiId, ...body });
const get = async (keyId: string) => (await ws.call('keys.getKey', { keyId })).body.data;
const keyRow = async (keyId: string) => {
  const [row] = await api.db.primary.all<Record<string, unknown>>(
    'test',
    'SELECT * FROM `keys` WHERE id = :keyId',
    { keyId },
  );
  return row;
};
const errorType = (path: string) => `https://unkey.com/docs/errors/${path}`;

describe('a new key', () => {
  test('is told once and stored by its hash', async () => {
    const answer = await create({});
    expect(answer.status).toBe(200);
    const { keyId, key } = answer.body.data;
    expect(answer.body).toEqual({
      meta: { requestId: expect.stringMatching(/^req_/) },
      data: { keyId, key },
    });
    expect(keyId).toMatch(/^key_[a-zA-Z0-9]{9}$/);
    expect(key).toMatch(BASE58);
    expect(await keyRow(keyId)).toMatchObject({
      hash: sha256Base64(key),
      start: key.slice(0, 4),
      enabled: 1,
      workspace_id: ws.id,
      for_workspace_id: null,
      name: null,
      meta: null,
      expires: null,
      created_at_m: api.clock.now(),
      updated_at_m: null,
      deleted_at_m: null,
      remaining_requests: null,
      last_used_at: 0,
      last_refill_at: null,
      pending_migration_id: null,
    });
  });

  test('bears its prefix', async () => {
    const { keyId, key } = await ws.createKey({ prefix: 'prod' });
    expect(key).toMatch(/^prod_/);
    expect((await get(keyId)).start).toBe(key.slice(0, 9));
  });

  test('takes shape from its keyspace, and from the request before that', async () => {
    const other = await testWorkspace(api);
    await api.db.primary.run(
      'test',
      "UPDATE key_auth SET default_prefix = 'dash', default_bytes = 64 WHERE id = :id",
      { id: other.keyspaceId },
    );
    const { key } = await other.createKey();
    expect(key).toMatch(/^dash_.{80,88}$/);
    const { key: mine } = await other.createKey({ prefix: 'mine', byteLength: 16 });
    expect(mine).toMatch(/^mine_.{16,22}$/);
  });

  test('verifies at once, also where its text was asked for before', async () => {
    const { key } = await ws.createKey();
    expect(await ws.verify(key)).toMatchObject({ code: 'VALID' });
  });

  test('may be born expired or disabled', async () => {
    const expired = await ws.createKey({ expires: 1 });
    expect(await ws.verify(expired.key)).toMatchObject({ code: 'EXPIRED' });
    const disabled = await ws.createKey({ enabled: false });
    expect(await ws.verify(disabled.key)).toMatchObject({ code: 'DISABLED' });
  });

  test('stores everything that it is given', async () => {
    await ws.role('Billing Admin', ['invoices.read']);
    const { keyId, key } = await ws.createKey({
      name: 'CI',
      externalId: 'u.1-a',
      meta: { plan: 'pro', nested: [1, { a: null }] },
      expires: 4_102_444_800_000,
      credits: { remaining: 5, refill: { interval: 'monthly', amount: 7, refillDay: 31 } },
      ratelimits: [{ name: 'rpm', limit: 10, duration: 60_000, autoApply: true, note: 'ignored' }],
      permissions: ['documents.read', 'documents.*', '2fa.read', 'api:read'],
      roles: ['Billing Admin'],
    });
    expect(await get(keyId)).toEqual({
      keyId,
      start: key.slice(0, 4),
      enabled: true,
      name: 'CI',
      meta: { plan: 'pro', nested: [1, { a: null }] },
      createdAt: api.clock.now(),
      expires: 4_102_444_800_000,
      credits: { remaining: 5, refill: { interval: 'monthly', amount: 7, refillDay: 31 } },
      permissions: ['2fa.read', 'api:read', 'documents.*', 'documents.read', 'invoices.read'],
      roles: ['Billing Admin'],
      ratelimits: [
        { id: expect.stringMatching(/^rl_/), name: 'rpm', limit: 10, duration: 60_000, autoApply: true },
      ],
      identity: { id: expect.stringMatching(/^id_/), externalId: 'u.1-a' },
    });
  });

  test('stores nothing for empty lists and shows no empty meta', async () => {
    const { keyId } = await ws.createKey({ permissions: [], roles: [], ratelimits: [], meta: {} });
    expect(await get(keyId)).toEqual({
      keyId,
      start: expect.any(String),
      enabled: true,
      createdAt: api.clock.now(),
    });
    expect((await keyRow(keyId))?.meta).toBe('{}');
  });

  test('shares the identity of its external id', async () => {
    const one = await get((await ws.createKey({ externalId: 'shared' })).keyId);
    const two = await get((await ws.createKey({ externalId: 'shared' })).keyId);
    const other = await get((await ws.createKey({ externalId: 'Shared' })).keyId);
    expect(two.identity).toEqual(one.identity);
    expect(other.identity.id).not.toBe(one.identity.id);
  });

  test('twenty at once with one fresh external id share one identity', async () => {
    const externalId = `u_${randomAlphanumeric(8)}`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => create({ externalId })));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const identities = await Promise.all(
      answers.map(async ({ body }) => (await get(body.data.keyId)).identity.id),
    );
    expect(new Set(identities).size).toBe(1);
  });
});

describe('credits', () => {
  test('of null are no limit', async () => {
    const { keyId } = await ws.createKey({ credits: { remaining: null } });
    expect(await get(keyId)).not.toHaveProperty('credits');
  });

  test('of zero are a limit', async () => {
    const { keyId } = await ws.createKey({ credits: { remaining: 0 } });
    expect((await get(keyId)).credits).toEqual({ remaining: 0 });
  });

  test('refilled daily ignore a day', async () => {
    const { keyId } = await ws.createKey({
      credits: { remaining: 5, refill: { interval: 'daily', amount: 5, refillDay: 9 } },
    });
    expect((await get(keyId)).credits).toEqual({ remaining: 5, refill: { interval: 'daily', amount: 5 } });
  });

  test.each([
    ['credits.remaining', { remaining: null, refill: { interval: 'daily', amount: 100 } }],
    ['refillDay', { remaining: 5, refill: { interval: 'monthly', amount: 5 } }],
  ])('are refused for %s', async (mention, credits) => {
    const answer = await create({ credits });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      type: errorType('unkey/application/invalid_input'),
      errors: [],
    });
    expect(answer.body.error.detail).toContain(mention);
  });
});

describe('what the schema refuses', () => {
  test.each([
    { byteLength: 15 },
    { byteLength: 256 },
    { byteLength: '16' },
    { byteLength: null },
    { apiId: 'ab' },
    { apiId: undefined },
    { foo: 1 },
    { prefix: '' },
    { prefix: 'a b' },
    { prefix: 'x'.repeat(17) },
    { name: '' },
    { externalId: 'u@1' },
    { externalId: null },
    { meta: null },
    { meta: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, i])) },
    { expires: -1 },
    { expires: 4_102_444_800_001 },
    { expires: 1.5 },
    { credits: {} },
    { credits: null },
    { credits: { remaining: -1 } },
    { credits: { remaining: 9_007_199_254_740_992 } },
    { credits: { remaining: 1, refill: null } },
    { credits: { remaining: 1, refill: { interval: 'weekly', amount: 1 } } },
    { credits: { remaining: 1, refill: { interval: 'daily', amount: 0 } } },
    { credits: { remaining: 1, refill: { interval: 'daily', amount: 1, x: 1 } } },
    { credits: { remaining: 1, refill: { interval: 'monthly', amount: 1, refillDay: 32 } } },
    { ratelimits: [{ name: 'rpm', limit: 10, duration: 60_000 }] },
    { ratelimits: [{ name: 'rpm', limit: 10, duration: 999, autoApply: true }] },
    { ratelimits: [{ name: 'rpm', limit: 0, duration: 1000, autoApply: true }] },
    { ratelimits: [{ name: 'rp', limit: 1, duration: 1000, autoApply: true }] },
    { permissions: ['a/b'] },
    { permissions: [''] },
    { permissions: ['x'.repeat(129)] },
    { roles: [''] },
    { roles: Array(101).fill('r') },
    { enabled: 'true' },
    { recoverable: null },
  ])('%j', async (body) => {
    const answer = await create(body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.type).toBe(errorType('unkey/application/invalid_input'));
    expect(answer.body.error.errors.length).toBeGreaterThan(0);
  });

  test('names the missing member of a rate limit by its place in the schema', async () => {
    const answer = await create({ ratelimits: [{ name: 'rpm', limit: 10, duration: 60_000 }] });
    expect(answer.body.error.errors).toEqual([
      expect.objectContaining({ location: '/properties/ratelimits/items/required' }),
    ]);
  });

  test('before the token is looked at, and a bad token before the API is', async () => {
    expect((await api.call('keys.createKey', {}, 'unkey_nonsense')).status).toBe(400);
    const refused = await api.call('keys.createKey', { apiId: 'api_nope' }, 'unkey_nonsense');
    expect(refused.status).toBe(401);
    expect(refused.body.error.type).toBe(errorType('unkey/authentication/key_not_found'));
  });

  test('meta that is too large for its column', async () => {
    const answer = await create({ meta: { a: 'x'.repeat(65_536) } });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      type: errorType('unkey/application/invalid_input'),
      errors: [],
    });
  });
});

describe('an API that is not there', () => {
  test('is answered alike when unknown, foreign, deleted, or not for the caller', async () => {
    const other = await testWorkspace(api);
    const deleted = await testWorkspace(api);
    await deleted.call('apis.deleteApi', { apiId: deleted.apiId });
    const nobody = await api.rootKey([], ws.id);
    const answers = [
      await create({ apiId: 'api_unknown' }),
      await create({ apiId: other.apiId }),
      await deleted.call('keys.createKey', { apiId: deleted.apiId }),
      await api.call('keys.createKey', { apiId: ws.apiId }, nobody),
      await api.call('keys.createKey', { apiId: 'api_unknown' }, nobody),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect(body.error).toEqual(answers[0]?.body.error);
    }
    expect(answers[0]?.body.error.type).toBe(errorType('unkey/data/api_not_found'));
    expect(JSON.stringify(answers)).not.toContain(ws.keyspaceId);
  });

  test('a grant for another API does not help, one for this keyspace does', async () => {
    const other = await api.rootKey(['api.api_other.create_key'], ws.id);
    expect((await api.call('keys.createKey', { apiId: ws.apiId }, other)).status).toBe(404);
    const grant = `unkey:v1:${ws.id}:keyspaces/${ws.keyspaceId}/**#create_key`;
    const scoped = await api.rootKey([grant], ws.id);
    expect((await api.call('keys.createKey', { apiId: ws.apiId }, scoped)).status).toBe(200);
  });

  test('an API without a keyspace is a failed precondition, for those who may create', async () => {
    const bare = `api_${randomAlphanumeric(9)}`;
    await api.insert('apis', { id: bare, name: 'bare', workspace_id: ws.id, project_id: 'proj_x' });
    const allowed = await create({ apiId: bare });
    expect(allowed.status).toBe(412);
    expect(allowed.body.error.type).toBe(errorType('unkey/application/precondition_failed'));
    const denied = await api.call('keys.createKey', { apiId: bare }, await api.rootKey([], ws.id));
    expect(denied.status).toBe(404);
  });
});

describe('roles', () => {
  test('that do not exist are refused by name and nothing is stored', async () => {
    const before = await api.db.primary.all('test', 'SELECT id FROM `keys`');
    const answer = await create({ roles: ['Nope'], permissions: ['never.stored'] });
    expect(answer.status).toBe(404);
    expect(answer.body.error.type).toBe(errorType('unkey/data/role_not_found'));
    expect(answer.body.error.detail).toContain('Nope');
    expect(await api.db.primary.all('test', 'SELECT id FROM `keys`')).toEqual(before);
    expect(
      await api.db.primary.all('test', "SELECT id FROM permissions WHERE slug = 'never.stored'"),
    ).toEqual([]);
  });
});

test('a recoverable key needs a Vault', async () => {
  const answer = await create({ recoverable: true });
  expect(answer.status).toBe(412);
  expect(answer.body.error.type).toBe(errorType('unkey/application/precondition_failed'));
});
