import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let ws: TestWorkspace;
/** Ids of the five keys, in list order. */
let ids: string[];

beforeAll(async () => {
  api = await startApi();
  ws = await testWorkspace(api);
  const created = [];
  for (const body of [
    { externalId: 'u1' },
    { externalId: 'u1', name: 'two' },
    {},
    { expires: 1 },
    { enabled: false },
  ]) {
    created.push(await ws.createKey(body));
  }
  // Ids in a known order, so that pages can be told.
  ids = created.map((_, i) => `key_sorted${i + 1}`);
  for (const [i, { keyId }] of created.entries()) {
    await api.db.primary.run('test', 'UPDATE `keys` SET id = :id WHERE id = :keyId', {
      id: ids[i] ?? '',
      keyId,
    });
  }
});
afterAll(() => api.stop());

const errorType = (path: string) => `https://unkey.com/docs/errors/${path}`;
const list = (body: Record<string, unknown> = {}) => ws.call('apis.listKeys', { apiId: ws.apiId, ...body });
const listed = async (body: Record<string, unknown> = {}) => {
  const answer = await list(body);
  expect(answer.status).toBe(200);
  return {
    ids: answer.body.data.map((key: { keyId: string }) => key.keyId),
    pagination: answer.body.pagination,
    data: answer.body.data,
  };
};

describe('pages', () => {
  test('hold all keys in order, disabled and expired ones too', async () => {
    const page = await listed();
    expect(page.ids).toEqual(ids);
    expect(page.pagination).toEqual({ hasMore: false });
  });

  test('begin at the cursor, which is the first key of the next page', async () => {
    const first = await listed({ limit: 2 });
    expect(first.ids).toEqual(ids.slice(0, 2));
    expect(first.pagination).toEqual({ hasMore: true, cursor: ids[2] });
    const second = await listed({ limit: 2, cursor: first.pagination.cursor });
    expect(second.ids).toEqual(ids.slice(2, 4));
    expect(second.pagination).toEqual({ hasMore: true, cursor: ids[4] });
    const third = await listed({ limit: 2, cursor: second.pagination.cursor });
    expect(third.ids).toEqual(ids.slice(4));
    expect(third.pagination).toEqual({ hasMore: false });
  });

  test('take an empty cursor as the start and an unknown one as a lower bound', async () => {
    expect((await listed({ cursor: '' })).ids).toEqual(ids);
    expect((await listed({ cursor: 'key_sorted25' })).ids).toEqual(ids.slice(2));
    expect((await listed({ cursor: 'zzz' })).ids).toEqual([]);
  });

  test('may be of one identity only', async () => {
    const page = await listed({ externalId: 'u1' });
    expect(page.ids).toEqual(ids.slice(0, 2));
    for (const key of page.data) {
      expect(key.identity).toEqual({ id: expect.stringMatching(/^id_/), externalId: 'u1' });
    }
    const nobody = await listed({ externalId: 'nobody' });
    expect([nobody.ids, nobody.pagination]).toEqual([[], { hasMore: false }]);
  });

  test('ignore the wish to revalidate a cache', async () => {
    expect((await listed({ revalidateKeysCache: true })).ids).toEqual(ids);
  });

  test('of an API without keys are empty', async () => {
    const { body } = await ws.call('apis.createApi', { name: 'empty' });
    const page = await listed({ apiId: body.data.apiId });
    expect([page.ids, page.pagination]).toEqual([[], { hasMore: false }]);
  });
});

describe('items', () => {
  test('show of a plain key only what it has', async () => {
    const { data } = await listed({ cursor: ids[2], limit: 1 });
    expect(data).toEqual([
      { keyId: ids[2], start: expect.any(String), enabled: true, createdAt: expect.any(Number) },
    ]);
  });

  test('show every key with its own grants, limits and credits', async () => {
    const other = await testWorkspace(api);
    await other.role('r', ['p.a', 'p.b']);
    const limit = { limit: 1, duration: 1000, autoApply: true };
    const one = await other.createKey({
      permissions: ['p.a'],
      roles: ['r'],
      ratelimits: [
        { name: 'zzz', ...limit },
        { name: 'aaa', ...limit },
      ],
      credits: { remaining: 0 },
    });
    const two = await other.createKey({ permissions: ['p.c'] });
    const { body } = await other.call('apis.listKeys', { apiId: other.apiId });
    const byId = new Map(body.data.map((key: { keyId: string }) => [key.keyId, key]));
    expect(byId.get(one.keyId)).toMatchObject({
      permissions: ['p.a', 'p.b'],
      roles: ['r'],
      ratelimits: [{ name: 'aaa' }, { name: 'zzz' }],
      credits: { remaining: 0 },
    });
    expect(byId.get(two.keyId)).toEqual({
      keyId: two.keyId,
      start: two.key.slice(0, 4),
      enabled: true,
      createdAt: expect.any(Number),
      permissions: ['p.c'],
    });
  });

  test('leave out deleted keys and deleted identities', async () => {
    const other = await testWorkspace(api);
    const gone = await other.createKey();
    const kept = await other.createKey({ externalId: 'was' });
    await other.call('keys.deleteKey', { keyId: gone.keyId });
    await api.db.primary.run('test', 'UPDATE identities SET deleted = 1 WHERE workspace_id = :id', {
      id: other.id,
    });
    const { body } = await other.call('apis.listKeys', { apiId: other.apiId });
    expect(body.data.map((key: { keyId: string }) => key.keyId)).toEqual([kept.keyId]);
    expect(body.data[0]).not.toHaveProperty('identity');
    const none = await other.call('apis.listKeys', { apiId: other.apiId, externalId: 'was' });
    expect(none.body.data).toEqual([]);
  });

  test('are none once the keyspace is deleted, while the API is still cached', async () => {
    const other = await testWorkspace(api);
    await other.createKey();
    expect((await other.call('apis.listKeys', { apiId: other.apiId })).body.data).toHaveLength(1);
    await api.db.primary.run('test', 'UPDATE key_auth SET deleted_at_m = 1 WHERE id = :id', {
      id: other.keyspaceId,
    });
    const { body } = await other.call('apis.listKeys', { apiId: other.apiId });
    expect(body).toMatchObject({ data: [], pagination: { hasMore: false } });
  });
});

describe('refusals', () => {
  test.each([
    { limit: 0 },
    { limit: -1 },
    { limit: 101 },
    { limit: '5' },
    { apiId: '' },
    { apiId: undefined },
    { externalId: '' },
    { extra: 1 },
    { cursor: null },
  ])('by schema: %j', async (body) => {
    expect((await list(body)).status).toBe(400);
  });

  test('are alike for APIs that are unknown, deleted, foreign, oddly named, or not for the caller', async () => {
    const foreign = await testWorkspace(api);
    const deleted = await testWorkspace(api);
    await deleted.call('apis.deleteApi', { apiId: deleted.apiId });
    const as = async (...permissions: string[]) =>
      api.call('apis.listKeys', { apiId: ws.apiId }, await api.rootKey(permissions, ws.id));
    const answers = [
      await list({ apiId: 'api_unknown' }),
      await list({ apiId: foreign.apiId }),
      await deleted.call('apis.listKeys', { apiId: deleted.apiId }),
      await list({ apiId: 'api_!@#' }),
      await list({ apiId: 'x'.repeat(500) }),
      await as(),
      await as('api.*.read_api'),
      await as('api.*.read_key'),
      await as('api.*.read_api', 'api.api_other.read_key'),
      await as('api.*.read_key', `unkey:v1:${ws.id}:keyspaces/${ws.keyspaceId}#read_keyspace`),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect(body.error).toEqual(answers[0]?.body.error);
    }
    expect(answers[0]?.body.error.type).toBe(errorType('unkey/data/api_not_found'));
  });

  test('end for either full style of permission', async () => {
    const as = async (...permissions: string[]) =>
      (await api.call('apis.listKeys', { apiId: ws.apiId }, await api.rootKey(permissions, ws.id))).status;
    const keyspace = `unkey:v1:${ws.id}:keyspaces/${ws.keyspaceId}`;
    expect(await as(`${keyspace}/keys/*#read_key`, `${keyspace}#read_keyspace`)).toBe(200);
    expect(await as(`api.${ws.apiId}.read_key`, `api.${ws.apiId}.read_api`)).toBe(200);
    expect(await as(`unkey:v1:${ws.id}:**#*`)).toBe(200);
    expect(await as(`${keyspace}/keys/key_1#read_key`, `${keyspace}#read_keyspace`)).toBe(404);
  });

  test('decrypting needs a Vault', async () => {
    const answer = await list({ decrypt: true });
    expect(answer.status).toBe(412);
    expect(answer.body.error.type).toBe(errorType('unkey/application/precondition_failed'));
  });
});
