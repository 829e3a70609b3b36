import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type IdentityWorkspace, identityWorkspace, limitOf } from '../support/identities.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const LIST = 'identities.listIdentities';

async function workspaceWith(...externalIds: string[]): Promise<IdentityWorkspace> {
  const ws = await identityWorkspace(api);
  for (const externalId of externalIds) await ws.identity(externalId);
  return ws;
}

const externalIds = (body: { data: { externalId: string }[] }) =>
  body.data.map((item) => item.externalId).sort();

describe('pages', () => {
  test('follow each other by id, and the last has no cursor', async () => {
    const ws = await workspaceWith(...Array.from({ length: 15 }, (_, i) => `user_${i}`));
    const ids: string[] = [];
    const sizes: number[] = [];
    let cursor: string | undefined;
    do {
      const { status, body } = await ws.call(LIST, { limit: 7, ...(cursor === undefined ? {} : { cursor }) });
      expect(status).toBe(200);
      if (cursor !== undefined) expect(body.data[0].id).toBe(cursor);
      cursor = body.pagination.cursor;
      expect(body.pagination).toEqual(cursor === undefined ? { hasMore: false } : { hasMore: true, cursor });
      sizes.push(body.data.length);
      ids.push(...body.data.map(({ id }: { id: string }) => id));
    } while (cursor !== undefined);
    expect(sizes).toEqual([7, 7, 1]);
    expect(new Set(ids).size).toBe(15);
  });

  test('are complete when nothing is left over', async () => {
    const ws = await workspaceWith('a', 'b', 'c');
    const { body } = await ws.call(LIST, { limit: 3 });
    expect(body.data).toHaveLength(3);
    expect(body.pagination).toEqual({ hasMore: false });
  });

  test('take any text for a cursor', async () => {
    const ws = await workspaceWith('a', 'b');
    const beyond = await ws.call(LIST, { cursor: 'zzz' });
    expect(beyond.body).toMatchObject({ data: [], pagination: { hasMore: false } });
    for (const cursor of ['', 'A', "';--"]) {
      expect(externalIds((await ws.call(LIST, { cursor })).body)).toEqual(['a', 'b']);
    }
    const { pagination } = (await ws.call(LIST, { limit: 1 })).body;
    await ws.call('identities.deleteIdentity', { identity: pagination.cursor });
    expect((await ws.call(LIST, { cursor: pagination.cursor })).body.data).toEqual([]);
  });

  test('show each identity with its own metadata and limits', async () => {
    const ws = await workspaceWith('bare');
    await ws.identity('full', { meta: { plan: 'pro' }, ratelimits: [limitOf('zzz'), limitOf('aaa')] });
    const { body } = await ws.call(LIST, {});
    const id = expect.stringMatching(/^rl_/);
    expect(body.data).toHaveLength(2);
    expect(body.data).toEqual(
      expect.arrayContaining([
        { id: expect.stringMatching(/^id_/), externalId: 'bare' },
        {
          id: expect.stringMatching(/^id_/),
          externalId: 'full',
          meta: { plan: 'pro' },
          ratelimits: [
            { id, ...limitOf('aaa') },
            { id, ...limitOf('zzz') },
          ],
        },
      ]),
    );
  });

  test('hold live identities of the workspace, whatever their environment', async () => {
    const ws = await workspaceWith('live', 'gone');
    await ws.call('identities.deleteIdentity', { identity: 'gone' });
    await workspaceWith('foreign');
    await api.insert('identities', {
      id: `id_${ws.id}`,
      external_id: 'elsewhere',
      workspace_id: ws.id,
      project_id: 'proj_test',
      environment: 'staging',
      meta: null,
      deleted: false,
      created_at: 0,
    });
    expect(externalIds((await ws.call(LIST, {})).body)).toEqual(['elsewhere', 'live']);
  });

  test('cost two statements, however many identities there are', async () => {
    const ws = await workspaceWith('a', 'b', 'c', 'd');
    await ws.call(LIST, {});
    api.statements.length = 0;
    await ws.call(LIST, {});
    expect(api.statements).toEqual(['listIdentities', 'listIdentityRatelimits']);
  });

  test.each([
    [{ limit: 0 }],
    [{ limit: 101 }],
    [{ limit: -10 }],
    [{ limit: null }],
    [{ cursor: null }],
    [{ foo: 1 }],
  ])('are refused for %j', async (body) => {
    const ws = await workspaceWith();
    const answer = await ws.call(LIST, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors).not.toEqual([]);
  });

  test('need a body', async () => {
    expect((await (await workspaceWith()).call(LIST, '')).status).toBe(400);
  });
});

describe('search', () => {
  let ws: IdentityWorkspace;
  beforeAll(async () => {
    ws = await workspaceWith('acme_alice', 'bob_the_builder', 'b_b');
    // External ids that no request can make, but an adopted database may hold.
    for (const [i, externalId] of ['100%', '1000', 'back\\slash', 'wow!'].entries()) {
      await api.insert('identities', {
        id: `id_search${i}_${ws.id}`,
        external_id: externalId,
        workspace_id: ws.id,
        project_id: 'proj_test',
        environment: 'default',
        meta: '{}',
        deleted: false,
        created_at: 0,
      });
    }
  });

  test.each([
    ['ALICE', ['acme_alice']],
    ['b_b', ['b_b']],
    ['e_a', ['acme_alice']],
    ['100%', ['100%']],
    ['%', ['100%']],
    ['\\', ['back\\slash']],
    ['!', ['wow!']],
    ["'", []],
    ['  bob_the\t', ['bob_the_builder']],
    ['ID_SEARCH1', ['1000']],
  ])('for %j finds it where it stands in the id or the external id', async (search, expected) => {
    const { status, body } = await ws.call(LIST, { search });
    expect(status).toBe(200);
    expect(externalIds(body)).toEqual(expected.toSorted());
  });

  test('for nothing but white space finds everything', async () => {
    for (const search of ['', '   ']) expect((await ws.call(LIST, { search })).body.data).toHaveLength(7);
  });

  test('goes on from page to page', async () => {
    const paged = await workspaceWith('page_1', 'other', 'page_2', 'page_3');
    const first = (await paged.call(LIST, { search: 'page_', limit: 1 })).body;
    const { cursor } = first.pagination;
    const second = (await paged.call(LIST, { search: 'page_', limit: 2, cursor })).body;
    expect(second.pagination).toEqual({ hasMore: false });
    expect(externalIds({ data: [...first.data, ...second.data] })).toEqual(['page_1', 'page_2', 'page_3']);
  });

  test('takes 256 characters', async () => {
    expect((await ws.call(LIST, { search: 'x'.repeat(256) })).status).toBe(200);
    expect((await ws.call(LIST, { search: 'x'.repeat(257) })).status).toBe(400);
  });
});

describe('listIdentities asks', () => {
  test('for permission on every identity of the page', async () => {
    const ws = await workspaceWith('one', 'two');
    const { id } = await ws.read('one');
    const own = [`identity.${id}.read_identity`];
    expect((await ws.as([], LIST, {})).status).toBe(403);
    expect((await ws.as(own, LIST, {})).status).toBe(403);
    const narrowed = await ws.as(own, LIST, { search: 'one' });
    expect(narrowed.status).toBe(200);
    expect(narrowed.body.data).toEqual([{ id, externalId: 'one' }]);
    const both = [...own, `identity.${(await ws.read('two')).id}.read_identity`];
    expect((await ws.as(both, LIST, {})).body.data).toHaveLength(2);
  });

  test('not about the identity after the page', async () => {
    const ws = await workspaceWith('one', 'two');
    const [first] = (await ws.call(LIST, { limit: 1 })).body.data;
    expect((await ws.as([`identity.${first.id}.read_identity`], LIST, { limit: 1 })).status).toBe(200);
  });

  test('nothing for an empty page', async () => {
    const ws = await workspaceWith();
    const { status, body } = await ws.as([], LIST, {});
    expect(status).toBe(200);
    expect(body).toMatchObject({ data: [], pagination: { hasMore: false } });
  });

  test('without telling ids', async () => {
    const ws = await workspaceWith('one');
    const { body } = await ws.as([], LIST, {});
    expect(body.error.detail).toContain('identity.*.read_identity');
    expect(body.error.detail).not.toContain('identity.id_');
  });

  test.each([
    ['projects/*/identities/*#read_identity', 200],
    ['**#*', 200],
    ['projects/proj_1/identities/*#read_identity', 403],
  ])('and %s in the workspace is answered %i', async (grant, status) => {
    const ws = await workspaceWith('one');
    expect((await ws.as([`unkey:v1:${ws.id}:${grant}`], LIST, {})).status).toBe(status);
  });
});
