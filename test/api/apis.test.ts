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
const as = async (permissions: string[], operation: string, body: unknown) =>
  api.call(operation, body, await api.rootKey(permissions, ws.id));
const row = async (table: string, id: string) => {
  const [found] = await api.db.primary.all<Record<string, unknown>>(
    'test',
    `SELECT * FROM ${table} WHERE id = :id`,
    { id },
  );
  return found;
};

describe('apis.createApi', () => {
  test('makes an API and its keyspace in a new, protected default project', async () => {
    const fresh = await api.workspace();
    const token = await api.rootKey(['api.*.create_api'], fresh);
    const answer = await api.call('apis.createApi', { name: 'billing-prod' }, token);
    expect(answer.status).toBe(200);
    const { apiId } = answer.body.data;
    expect(answer.body.data).toEqual({ apiId: expect.stringMatching(/^api_[a-zA-Z0-9]{9}$/) });

    const stored = await row('apis', apiId);
    expect(stored).toMatchObject({
      name: 'billing-prod',
      workspace_id: fresh,
      auth_type: 'key',
      ip_whitelist: null,
      delete_protection: 0,
      created_at_m: api.clock.now(),
      deleted_at_m: null,
    });
    expect(await row('key_auth', stored?.key_auth_id as string)).toMatchObject({
      workspace_id: fresh,
      project_id: stored?.project_id,
      store_encrypted_keys: 0,
      default_prefix: null,
      default_bytes: null,
    });
    expect(await row('projects', stored?.project_id as string)).toMatchObject({
      workspace_id: fresh,
      name: 'Default',
      slug: 'default',
      delete_protection: 1,
    });
  });

  test('uses the default project that is there, and takes a name twice', async () => {
    const one = await ws.call('apis.createApi', { name: 'twice' });
    const two = await ws.call('apis.createApi', { name: 'twice' });
    expect(one.body.data.apiId).not.toBe(two.body.data.apiId);
    const projects = await Promise.all(
      [one, two].map(async ({ body }) => (await row('apis', body.data.apiId))?.project_id),
    );
    expect(new Set(projects).size).toBe(1);
  });

  test.each([
    [{ name: 'ab' }, '/properties/name/minLength'],
    [{ name: '' }, '/properties/name/minLength'],
    [{ name: 'x'.repeat(257) }, '/properties/name/maxLength'],
    [{}, '/required'],
    [{ name: 'abc', x: 1 }, '/additionalProperties'],
  ])('refuses %.60j', async (body, location) => {
    const answer = await ws.call('apis.createApi', body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors[0].location).toBe(location);
  });

  test('counts letters, not code units', async () => {
    expect((await ws.call('apis.createApi', { name: '🦀'.repeat(256) })).status).toBe(200);
    expect((await ws.call('apis.createApi', { name: '🦀🦀' })).status).toBe(400);
  });

  test('stores half a surrogate pair as the replacement character', async () => {
    const { status, body } = await ws.call(
      'apis.createApi',
      String.raw`{"name":"half \ud83e of \ud83e\udd80"}`,
    );
    expect(status).toBe(200);
    const read = await ws.call('apis.getApi', { apiId: body.data.apiId });
    expect(read.body.data.name).toBe('half \ufffd of 🦀');
  });

  test('asks for create_api', async () => {
    const answer = await as(['api.*.read_api'], 'apis.createApi', { name: 'abc' });
    expect(answer.status).toBe(403);
    expect(answer.body.error.detail).toContain('api.*.create_api');
    expect((await as([`unkey:v1:${ws.id}:**#*`], 'apis.createApi', { name: 'abc' })).status).toBe(403);
  });
});

describe('apis.getApi', () => {
  test('answers id and name to a grant for all APIs or for this one', async () => {
    for (const permission of ['api.*.read_api', `api.${ws.apiId}.read_api`]) {
      const answer = await as([permission], 'apis.getApi', { apiId: ws.apiId });
      expect(answer.status).toBe(200);
      expect(answer.body.data).toEqual({ id: ws.apiId, name: 'test api' });
    }
  });

  test('is refused without it, whether or not the API exists', async () => {
    for (const [permission, apiId] of [
      ['*', ws.apiId],
      [`unkey:v1:${ws.id}:**#*`, ws.apiId],
      [`api.${ws.apiId}.read_api`, 'api_unknown'],
    ] as const) {
      expect((await as([permission], 'apis.getApi', { apiId })).status).toBe(403);
    }
  });

  test('does not find unknown and foreign APIs, nor one whose keyspace is deleted', async () => {
    const foreign = await testWorkspace(api);
    const broken = await testWorkspace(api);
    await api.db.primary.run('test', 'UPDATE key_auth SET deleted_at_m = 1 WHERE id = :id', {
      id: broken.keyspaceId,
    });
    const answers = [
      await ws.call('apis.getApi', { apiId: 'api_unknown' }),
      await ws.call('apis.getApi', { apiId: foreign.apiId }),
      await broken.call('apis.getApi', { apiId: broken.apiId }),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect(body.error).toEqual(answers[0]?.body.error);
    }
    expect(answers[0]?.body.error.type).toBe(errorType('unkey/data/api_not_found'));
  });

  test.each(['api_1', 'api-12345', '', 'x'.repeat(256)])('refuses the id %.20j', async (apiId) => {
    expect((await ws.call('apis.getApi', { apiId })).status).toBe(400);
    expect((await ws.call('apis.deleteApi', { apiId })).status).toBe(400);
  });

  test('reads the store once for many calls, and tells of the cache', async () => {
    const fresh = await testWorkspace(api);
    api.statements.length = 0;
    const first = await fresh.call('apis.getApi', { apiId: fresh.apiId });
    await fresh.call('apis.getApi', { apiId: fresh.apiId });
    expect(api.statements.filter((name) => name === 'findApiById')).toHaveLength(1);
    expect(first.headers.get('X-Unkey-Timing')).toContain('cache=live_api_by_id,status=miss');
  });
});

describe('apis.deleteApi', () => {
  test('puts the API and its keys out of reach and keeps their rows', async () => {
    const gone = await testWorkspace(api);
    const keys = [await gone.createKey(), await gone.createKey(), await gone.createKey()];
    expect((await gone.call('apis.getApi', { apiId: gone.apiId })).status).toBe(200);

    const answer = await gone.call('apis.deleteApi', { apiId: gone.apiId });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({});
    expect((await row('apis', gone.apiId))?.deleted_at_m).toBe(api.clock.now());
    expect((await row('key_auth', gone.keyspaceId))?.deleted_at_m).toBeNull();
    for (const { keyId } of keys) {
      expect((await row('`keys`', keyId))?.deleted_at_m).toBeNull();
      expect((await gone.call('keys.getKey', { keyId })).status).toBe(404);
    }
    for (const operation of ['apis.getApi', 'apis.deleteApi', 'apis.listKeys', 'keys.createKey']) {
      const again = await gone.call(operation, { apiId: gone.apiId });
      expect([operation, again.status]).toEqual([operation, 404]);
    }
  });

  test('does not find foreign and unknown APIs', async () => {
    const foreign = await testWorkspace(api);
    for (const apiId of [foreign.apiId, 'api_unknown']) {
      const answer = await ws.call('apis.deleteApi', { apiId });
      expect(answer.status).toBe(404);
      expect(answer.body.error.type).toBe(errorType('unkey/data/api_not_found'));
    }
    expect((await row('apis', foreign.apiId))?.deleted_at_m).toBeNull();
  });

  test('leaves a protected API alone', async () => {
    const kept = await testWorkspace(api);
    await api.db.primary.run('test', 'UPDATE apis SET delete_protection = 1 WHERE id = :id', {
      id: kept.apiId,
    });
    const answer = await kept.call('apis.deleteApi', { apiId: kept.apiId });
    expect(answer.status).toBe(412);
    expect(answer.body.error).toMatchObject({
      title: 'Resource is protected',
      type: errorType('unkey/application/protected_resource'),
    });
    expect((await row('apis', kept.apiId))?.deleted_at_m).toBeNull();
  });

  test('asks for delete_api before it looks', async () => {
    for (const permission of ['api.*.read_api', 'api.api_other.delete_api']) {
      expect((await as([permission], 'apis.deleteApi', { apiId: ws.apiId })).status).toBe(403);
      expect((await as([permission], 'apis.deleteApi', { apiId: 'api_unknown' })).status).toBe(403);
    }
  });

  test('of two racing deletes one succeeds and the other finds nothing', async () => {
    const gone = await testWorkspace(api);
    const answers = await Promise.all([1, 2].map(() => gone.call('apis.deleteApi', { apiId: gone.apiId })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
  });
});
