import { Unkey } from '@unkey/api';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sha256Base64, sha256Hex } from '../../src/lib/hash.ts';
import { randomAlphanumeric } from '../../src/lib/uid.ts';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let ws: TestWorkspace;
let migrationId: string;

beforeAll(async () => {
  api = await startApi();
});
beforeEach(async () => {
  ws = await testWorkspace(api);
  migrationId = await migration('sha256');
});
afterAll(() => api.stop());

const SEAM = 'github.com/seamapi/prefixed-api-key';

async function migration(algorithm: string, workspaceId = ws.id): Promise<string> {
  const id = `mig_${randomAlphanumeric(9)}`;
  await api.insert('key_migrations', { id, workspace_id: workspaceId, algorithm });
  return id;
}

type Item = Record<string, unknown>;
const bodyOf = (keys: readonly Item[], over: Item = {}): Item => ({
  migrationId,
  apiId: ws.apiId,
  keys,
  ...over,
});
const migrate = (keys: readonly Item[], over: Item = {}): Promise<Answer> =>
  ws.call('keys.migrateKeys', bodyOf(keys, over));
const migrated = async (
  keys: readonly Item[],
  over: Item = {},
): Promise<{ migrated: { hash: string; keyId: string }[]; failed: string[] }> => {
  const answer = await migrate(keys, over);
  expect(answer.status).toBe(200);
  return answer.body.data;
};
const keyId = async (item: Item): Promise<string> => (await migrated([item])).migrated[0]?.keyId ?? 'none';
const freshHash = (): string => sha256Base64(randomAlphanumeric(20));
const get = async (id: string) => (await ws.call('keys.getKey', { keyId: id })).body.data;
const rows = (sql: string, params: Record<string, string> = {}) =>
  api.db.primary.all<Record<string, unknown>>('test', sql, { workspaceId: ws.id, ...params });
const keyRow = async (id: string) => (await rows('SELECT * FROM `keys` WHERE id = :id', { id }))[0];
const keysStored = async () => (await rows('SELECT id FROM `keys` WHERE workspace_id = :workspaceId')).length;
/** What was written through the API, but for the making of the test's own API. */
const events = async () =>
  (await rows('SELECT payload FROM clickhouse_outbox WHERE workspace_id = :workspaceId ORDER BY pk')).flatMap(
    ({ payload }) => {
      const event = JSON.parse(payload as string);
      return event.actor.type !== 'rootkey' || event.event === 'api.create' ? [] : [event];
    },
  );
const errorType = (path: string) => `https://unkey.com/docs/errors/unkey/${path}`;

describe('a migrated key', () => {
  test('has what the request says, and what that names is created', async () => {
    const hash = freshHash();
    const id = await keyId({
      hash,
      name: 'from afar',
      externalId: 'ext 1 / ü',
      meta: { plan: 'pro' },
      permissions: ['test'],
      roles: ['admin'],
      ratelimits: [{ name: 'rpm', limit: 10, duration: 60_000, autoApply: true }],
      enabled: false,
      expires: 4_102_444_800_000,
      credits: { remaining: 0 },
    });
    expect(await keyRow(id)).toMatchObject({
      hash,
      start: '',
      pending_migration_id: migrationId,
      key_auth_id: ws.keyspaceId,
      workspace_id: ws.id,
      for_workspace_id: null,
      enabled: 0,
      remaining_requests: 0,
      created_at_m: api.clock.now(),
      updated_at_m: null,
      deleted_at_m: null,
      last_refill_at: null,
      last_used_at: 0,
    });
    expect(await get(id)).toEqual({
      keyId: id,
      start: '',
      name: 'from afar',
      enabled: false,
      meta: { plan: 'pro' },
      createdAt: api.clock.now(),
      expires: 4_102_444_800_000,
      credits: { remaining: 0 },
      permissions: ['test'],
      roles: ['admin'],
      ratelimits: [
        { id: expect.stringMatching(/^rl_/), name: 'rpm', limit: 10, duration: 60_000, autoApply: true },
      ],
      identity: { id: expect.stringMatching(/^id_/), externalId: 'ext 1 / ü' },
    });
    const [project] = await rows('SELECT id FROM projects WHERE workspace_id = :workspaceId');
    const inProject = { project_id: project?.id };
    expect(await rows('SELECT * FROM identities WHERE workspace_id = :workspaceId')).toMatchObject([
      { ...inProject, environment: 'default', meta: expect.anything(), deleted: 0 },
    ]);
    expect(await rows('SELECT * FROM permissions WHERE workspace_id = :workspaceId')).toMatchObject([
      { ...inProject, slug: 'test', name: 'test', description: null },
    ]);
    expect(await rows('SELECT * FROM roles WHERE workspace_id = :workspaceId')).toMatchObject([
      { ...inProject, name: 'admin', description: null },
    ]);
  });

  test('needs nothing but a hash', async () => {
    const id = await keyId({ hash: 'abc' });
    expect(await keyRow(id)).toMatchObject({
      hash: 'abc',
      name: null,
      meta: null,
      identity_id: null,
      expires: null,
      enabled: 1,
      remaining_requests: null,
      refill_amount: null,
      refill_day: null,
    });
  });

  test('shares identity, permission and role with those before it', async () => {
    const like = { externalId: 'ext_1', permissions: ['test'], roles: ['admin'] };
    const one = await get(await keyId({ hash: freshHash(), ...like }));
    const two = await get(await keyId({ hash: freshHash(), ...like }));
    expect(two.identity).toEqual(one.identity);
    for (const table of ['identities', 'permissions', 'roles']) {
      expect(await rows(`SELECT id FROM ${table} WHERE workspace_id = :workspaceId`)).toHaveLength(1);
    }
  });

  test.each([
    [{ remaining: null }, undefined],
    [{ remaining: 0 }, { remaining: 0 }],
    [
      { remaining: 5, refill: { interval: 'monthly', amount: 7, refillDay: 31 } },
      { remaining: 5, refill: { interval: 'monthly', amount: 7, refillDay: 31 } },
    ],
    [
      { remaining: 5, refill: { interval: 'daily', amount: 7, refillDay: 9 } },
      { remaining: 5, refill: { interval: 'daily', amount: 7 } },
    ],
  ])('of credits %j has %j', async (credits, shown) => {
    expect((await get(await keyId({ hash: freshHash(), credits }))).credits).toEqual(shown);
  });

  test('has each permission, role and limit once', async () => {
    await ws.role('Editor');
    const limit = { name: 'rpm', duration: 1000, autoApply: true };
    const shown = await get(
      await keyId({
        hash: freshHash(),
        permissions: ['Docs.Read', 'docs.read', 'x', 'x'],
        roles: ['EDITOR', 'editor', 'New', 'new', 'New'],
        ratelimits: [
          { ...limit, limit: 1 },
          { ...limit, limit: 3, note: 'ignored' },
        ],
      }),
    );
    expect(shown).toMatchObject({
      permissions: ['Docs.Read', 'x'],
      roles: ['Editor', 'New'],
      ratelimits: [{ name: 'rpm', limit: 3 }],
    });
  });

  test('has a role whose name another spelling of it is stored for, where the store knows of one', async () => {
    await ws.role('Ägypten');
    const shown = await get(await keyId({ hash: freshHash(), roles: ['ägypten', 'Ägypten'] }));
    const stored = await rows('SELECT name FROM roles WHERE workspace_id = :workspaceId');
    expect(shown.roles).toHaveLength(stored.length);
    expect(shown.roles).toContain('Ägypten');
  });
});

describe('hashes', () => {
  test('that a key has already are reported and left alone', async () => {
    const [old, fresh] = [freshHash(), freshHash()];
    const before = await keyId({ hash: old, name: 'first' });
    expect(await migrated([{ hash: old, name: 'second' }])).toEqual({ migrated: [], failed: [old] });
    expect(await migrated([{ hash: fresh }, { hash: old }])).toEqual({
      migrated: [{ hash: fresh, keyId: expect.stringMatching(/^key_/) }],
      failed: [old],
    });
    expect(await get(before)).toMatchObject({ name: 'first' });
  });

  test('count wherever they are: in other workspaces and on deleted keys', async () => {
    const theirs = await testWorkspace(api);
    const { key } = await theirs.createKey();
    const deleted = await ws.createKey();
    await ws.call('keys.deleteKey', { keyId: deleted.keyId });
    const hashes = [sha256Base64(deleted.key), sha256Base64(key)];
    expect((await migrated(hashes.map((hash) => ({ hash })))).failed).toEqual(hashes);
  });

  test('compare by letter case', async () => {
    const name = randomAlphanumeric(20);
    const hashes = [`${name}a`, `${name}A`];
    const { migrated: keys, failed } = await migrated(hashes.map((hash) => ({ hash })));
    expect(keys.map(({ hash }) => hash)).toEqual(hashes);
    expect(failed).toEqual([]);
  });

  test('that the request repeats are migrated once and reported once', async () => {
    const hash = freshHash();
    const data = await migrated([
      { hash, name: 'first' },
      { hash, name: 'second' },
      { hash, name: 'third' },
    ]);
    expect(data).toEqual({ migrated: [{ hash, keyId: expect.any(String) }], failed: [hash] });
    expect(await get(data.migrated[0]?.keyId ?? '')).toMatchObject({ name: 'first' });
  });

  test('that fail make no identity, permission or role', async () => {
    const hash = freshHash();
    await migrated([{ hash }]);
    await migrated([{ hash, externalId: 'nobody', permissions: ['nothing'], roles: ['none'] }]);
    for (const table of ['identities', 'permissions', 'roles']) {
      expect(await rows(`SELECT id FROM ${table} WHERE workspace_id = :workspaceId`)).toEqual([]);
    }
  });

  test('of 2500 keys are answered in the order of the request', async () => {
    const keys = Array.from({ length: 2500 }, (_, i) => ({
      hash: freshHash(),
      externalId: `user_${i % 1200}`,
      permissions: [`many.${i % 10}`],
      roles: ['many'],
    }));
    const data = await migrated(keys);
    expect(data.migrated.map(({ hash }) => hash)).toEqual(keys.map(({ hash }) => hash));
    expect(data.failed).toEqual([]);
    expect(await keysStored()).toBe(2500);
    expect(await rows('SELECT id FROM identities WHERE workspace_id = :workspaceId')).toHaveLength(1200);
    const written = await events();
    expect(written).toHaveLength(3 * 2500);
    expect(new Set(written.map(({ correlation_id }) => correlation_id)).size).toBe(1);
  });
});

describe('verification', () => {
  test('knows a sha256 import at once, also where its text was asked for before', async () => {
    expect((await ws.verify('abc_123')).code).toBe('NOT_FOUND');
    const id = await keyId({ hash: sha256Base64('abc_123'), permissions: ['documents.read'] });
    expect(await ws.verify('abc_123', { permissions: 'documents.read' })).toMatchObject({
      code: 'VALID',
      keyId: id,
    });
    expect(await keyRow(id)).toMatchObject({ start: '', pending_migration_id: migrationId });
  });

  test('knows a prefixed import under its migration, and from then on by itself', async () => {
    migrationId = await migration(SEAM);
    const key = 'my_co_short_long';
    expect((await ws.verify(key, { migrationId })).code).toBe('NOT_FOUND');
    const id = await keyId({ hash: sha256Hex('long') });
    expect((await ws.verify(key)).code).toBe('NOT_FOUND');
    expect(await ws.verify(key, { migrationId })).toMatchObject({ code: 'VALID', keyId: id });
    expect(await keyRow(id)).toMatchObject({
      hash: sha256Base64(key),
      start: 'my_co_shor',
      pending_migration_id: null,
      updated_at_m: api.clock.now(),
    });
    expect((await ws.verify(key)).code).toBe('VALID');
    expect((await ws.verify(key, { migrationId })).code).toBe('VALID');
    expect((await migrated([{ hash: sha256Base64(key) }])).failed).toHaveLength(1);
  });

  test.each([
    [{ enabled: false }, 'DISABLED'],
    [{ expires: 1 }, 'EXPIRED'],
  ])('gives a prefixed import of %j its native hash too', async (settings, code) => {
    migrationId = await migration(SEAM);
    const long = randomAlphanumeric(20);
    const id = await keyId({ hash: sha256Hex(long), ...settings });
    expect((await ws.verify(`co_short_${long}`, { migrationId })).code).toBe(code);
    expect(await keyRow(id)).toMatchObject({ hash: sha256Base64(`co_short_${long}`) });
  });

  test('of a prefixed import under another migration does not give it its native hash', async () => {
    migrationId = await migration(SEAM);
    const other = await migration(SEAM);
    const long = randomAlphanumeric(20);
    const id = await keyId({ hash: sha256Hex(long) });
    expect((await ws.verify(`co_short_${long}`, { migrationId: other })).code).toBe('VALID');
    expect(await keyRow(id)).toMatchObject({ hash: sha256Hex(long), pending_migration_id: migrationId });
  });

  test('for the first time by fifty at once is valid for all of them', async () => {
    migrationId = await migration(SEAM);
    const long = randomAlphanumeric(20);
    await keyId({ hash: sha256Hex(long) });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => ws.verify(`co_short_${long}`, { migrationId })),
    );
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['VALID']));
  });

  test('finds a key that another node gave its native hash meanwhile', async () => {
    migrationId = await migration(SEAM);
    const key = `co_short_${randomAlphanumeric(20)}`;
    const id = await keyId({ hash: sha256Hex(key.slice('co_short_'.length)) });
    // This node remembers that nothing has the native hash.
    expect((await ws.verify(key)).code).toBe('NOT_FOUND');
    await api.db.primary.run(
      'otherNode',
      "UPDATE `keys` SET hash = :hash, start = 'co_shor', pending_migration_id = NULL WHERE id = :id",
      { id, hash: sha256Base64(key) },
    );
    expect(await ws.verify(key, { migrationId })).toMatchObject({ code: 'VALID', keyId: id });
  });
});

describe('refusals', () => {
  const item = { hash: 'abcdef' };

  test.each<[Item, string]>([
    [{ keys: [] }, '/properties/keys/minItems'],
    [{ keys: undefined }, '/required'],
    [{ migrationId: undefined }, '/required'],
    [{ migrationId: 'mi' }, '/properties/migrationId/minLength'],
    [{ apiId: 'ap' }, '/properties/apiId/minLength'],
    [{ more: 1 }, '/additionalProperties'],
    [{ keys: [{ hash: '' }] }, '/properties/keys/items/properties/hash/minLength'],
    [{ keys: [{ name: 'no hash' }] }, '/properties/keys/items/required'],
    [{ keys: [{ ...item, prefix: 'x' }] }, '/properties/keys/items/additionalProperties'],
    [{ keys: [{ ...item, name: null }] }, '/properties/keys/items/properties/name/type'],
    [{ keys: [{ ...item, externalId: '' }] }, '/properties/keys/items/properties/externalId/minLength'],
    [{ keys: [{ ...item, expires: -1 }] }, '/properties/keys/items/properties/expires/minimum'],
    [
      { keys: [{ ...item, permissions: [''] }] },
      '/properties/keys/items/properties/permissions/items/minLength',
    ],
    [
      { keys: [{ ...item, permissions: ['x'.repeat(129)] }] },
      '/properties/keys/items/properties/permissions/items/maxLength',
    ],
    [{ keys: [{ ...item, roles: [''] }] }, '/properties/keys/items/properties/roles/items/minLength'],
    [{ keys: [{ ...item, credits: {} }] }, '/properties/keys/items/properties/credits/required'],
    [
      { keys: [{ ...item, credits: { refill: { interval: 'daily', amount: 1 } } }] },
      '/properties/keys/items/properties/credits/required',
    ],
    [
      { keys: [{ ...item, credits: { remaining: 1, refill: null } }] },
      '/properties/keys/items/properties/credits/properties/refill/type',
    ],
  ])('of the schema: %j', async (over, location) => {
    const answer = await migrate([item], over);
    expect(answer.status).toBe(400);
    expect(answer.body.error.type).toBe(errorType('application/invalid_input'));
    expect(answer.body.error.errors).toContainEqual(expect.objectContaining({ location }));
  });

  test.each<[string, Item]>([
    ['refillDay', { credits: { remaining: 1, refill: { interval: 'monthly', amount: 1 } } }],
    ['credits.remaining', { credits: { remaining: null, refill: { interval: 'daily', amount: 1 } } }],
    ['meta', { meta: { a: 'x'.repeat(65_536) } }],
    ['hash', { hash: '🔑'.repeat(257) }],
  ])('for the %s of one key, and nothing is stored', async (mention, over) => {
    const keys = [
      { hash: freshHash() },
      { hash: freshHash(), externalId: 'x', ...over },
      { hash: freshHash() },
    ];
    const answer = await migrate(keys);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      type: errorType('application/invalid_input'),
      detail: expect.stringContaining(mention),
      errors: [],
    });
    expect(answer.body.error.detail).toContain('keys[1]');
    expect(await keysStored()).toBe(0);
    expect(await rows('SELECT id FROM identities WHERE workspace_id = :workspaceId')).toEqual([]);
  });

  test('takes a hash of 256 characters', async () => {
    const hash = `${randomAlphanumeric(10)}${'🔑'.repeat(246)}`;
    expect((await migrated([{ hash }])).migrated).toHaveLength(1);
  });

  test('of a caller who may not create keys come before anything is looked up', async () => {
    for (const permissions of [['api.api_other.create_key'], ['api.*.read_key'], []]) {
      const token = await api.rootKey(permissions, ws.id);
      const over = { apiId: 'api_unknown', migrationId: 'mig_unknown' };
      const answer = await api.call('keys.migrateKeys', bodyOf([item], over), token);
      expect(answer.status).toBe(403);
      expect(answer.body.error.type).toBe(errorType('authorization/insufficient_permissions'));
      expect(answer.body.error.detail).toContain('api.api_unknown.create_key');
    }
    const urn = await api.rootKey([`unkey:v1:${ws.id}:**#*`], ws.id);
    expect((await api.call('keys.migrateKeys', bodyOf([item]), urn)).status).toBe(403);
    const scoped = await api.rootKey([`api.${ws.apiId}.create_key`], ws.id);
    const allowed = await api.call('keys.migrateKeys', bodyOf([{ hash: freshHash() }]), scoped);
    expect(allowed.status).toBe(200);
  });

  test('do not tell unknown, deleted and foreign APIs apart, nor migrations', async () => {
    const theirs = await testWorkspace(api);
    const deleted = (await ws.call('apis.createApi', { name: 'deleted' })).body.data.apiId;
    await ws.call('apis.deleteApi', { apiId: deleted });
    const apis = ['api_unknown', theirs.apiId, deleted, 'api:with/any characters'];
    for (const apiId of apis) {
      const answer = await migrate([item], { apiId, migrationId: 'mig_unknown' });
      expect(answer.status).toBe(404);
      expect(answer.body.error).toMatchObject({ type: errorType('data/api_not_found') });
      expect(answer.body.error).toEqual((await migrate([item], { apiId: 'api_unknown' })).body.error);
    }
    const monthly = { ...item, credits: { remaining: 1, refill: { interval: 'monthly', amount: 1 } } };
    for (const id of ['mig_unknown', await migration('sha256', theirs.id)]) {
      const answer = await migrate([monthly], { migrationId: id });
      expect(answer.status).toBe(404);
      expect(answer.body.error.type).toBe(errorType('data/migration_not_found'));
    }
  });

  test('leave an API without a keyspace a failed precondition', async () => {
    const bare = `api_${randomAlphanumeric(9)}`;
    await api.insert('apis', { id: bare, name: 'bare', workspace_id: ws.id, project_id: 'proj_x' });
    expect((await migrate([item], { apiId: bare })).status).toBe(412);
  });
});

describe('audit events', () => {
  const ofKey = async (id: string) => (await events()).filter(({ description }) => description.includes(id));

  test('tell of each key what it was connected to, and that it was created', async () => {
    const data = await migrated([
      { hash: freshHash(), name: 'one', permissions: ['b', 'a', 'b'], roles: ['r'], externalId: 'u' },
      { hash: freshHash() },
    ]);
    const [one, two] = data.migrated.map((key) => key.keyId);
    const key = { type: 'key', id: one, name: 'one' };
    const created = (description: string) => ({
      event: 'key.create',
      description: expect.stringContaining(description),
    });
    const all = await events();
    expect(all).toMatchObject([
      {
        event: 'authorization.connect_permission_and_key',
        targets: [key, { type: 'permission', name: 'b' }],
      },
      {
        event: 'authorization.connect_permission_and_key',
        targets: [key, { type: 'permission', name: 'a' }],
      },
      { event: 'authorization.connect_role_and_key', targets: [key, { type: 'role', name: 'r' }] },
      { ...created(one ?? ''), targets: [key, { type: 'api', id: ws.apiId, name: 'test api' }] },
      {
        ...created(two ?? ''),
        targets: [
          { type: 'key', id: two },
          { type: 'api', id: ws.apiId },
        ],
      },
    ]);
    for (const event of all) expect(event.correlation_id).toMatch(/^cor_/);
    expect(all[3].description).toContain(migrationId);
    expect(all[4].targets[0]).not.toHaveProperty('name');
  });

  test('have no correlation when there is one, and there is none when nothing was migrated', async () => {
    const hash = freshHash();
    const id = await keyId({ hash });
    const [event, ...more] = await ofKey(id);
    expect(more).toEqual([]);
    expect(event).not.toHaveProperty('correlation_id');
    await migrated([{ hash }]);
    expect(await events()).toHaveLength(1);
  });
});

describe('batches at the same time', () => {
  test('of the same keys migrate each once', async () => {
    const keys = Array.from({ length: 20 }, () => ({
      hash: freshHash(),
      externalId: 'raced',
      permissions: ['raced.a', 'Raced.B'],
      roles: ['raced'],
    }));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => migrate(i % 2 === 0 ? keys : keys.toReversed())),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const stored = answers.flatMap(({ body }) => body.data.migrated);
    expect(stored.map(({ hash }) => hash).sort()).toEqual(keys.map(({ hash }) => hash).sort());
    for (const { body } of answers) {
      expect(body.data.migrated.length + body.data.failed.length).toBe(keys.length);
    }
    expect(await keysStored()).toBe(20);
    for (const [table, count] of [
      ['identities', 1],
      ['permissions', 2],
      ['roles', 1],
    ] as const) {
      expect(await rows(`SELECT id FROM ${table} WHERE workspace_id = :workspaceId`)).toHaveLength(count);
    }
    expect((await events()).filter(({ event }) => event === 'key.create')).toHaveLength(20);
  });

  test('that overlap leave every key to one of them', async () => {
    const hashes = Array.from({ length: 30 }, freshHash);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        migrate(
          hashes.slice(i % 10, 20 + (i % 10)).map((hash, j) => ({ hash, externalId: `u${(i + j) % 7}` })),
        ),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await keysStored()).toBe(29);
  });
});

test('runs the same few statements for a hundred keys as for one', async () => {
  const keysLike = (count: number, kind: string): Item[] =>
    Array.from({ length: count }, (_, i) => ({
      hash: freshHash(),
      externalId: `${kind}_${i}`,
      permissions: [`${kind}.${i}`],
      roles: [`${kind} ${i}`],
      ratelimits: [{ name: 'rpm', limit: 1, duration: 1000, autoApply: true }],
    }));
  await migrated([{ hash: freshHash() }]);
  api.statements.length = 0;
  await migrated(keysLike(1, 'one'));
  const one = api.statements.length;
  api.statements.length = 0;
  await migrated(keysLike(100, 'hundred'));
  expect(api.statements).toHaveLength(one);
  expect(one).toBeLessThan(25);
});

test('is called through the SDK', async () => {
  const unkey = new Unkey({ serverURL: api.url, rootKey: ws.rootKey, retryConfig: { strategy: 'none' } });
  const hash = freshHash();
  const { data } = await unkey.keys.migrateKeys({
    migrationId,
    apiId: ws.apiId,
    keys: [{ hash, name: 'sdk', enabled: true, ratelimits: [{ name: 'rpm', limit: 1, duration: 1000 }] }],
  });
  expect(data).toEqual({ migrated: [{ hash, keyId: expect.stringMatching(/^key_/) }], failed: [] });
});
