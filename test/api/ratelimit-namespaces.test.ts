// Namespaces that limiting makes on the way, and what the cache of them does.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type RatelimitWorkspace, ratelimitWorkspace, W } from '../support/ratelimit.ts';

let api: TestApi;
let ws: RatelimitWorkspace;

beforeAll(async () => {
  api = await startApi({ startMs: W });
  ws = await ratelimitWorkspace(api);
});
afterAll(() => api.stop());

const check = (namespace: string, identifier = 'u') => ({
  namespace,
  identifier,
  limit: 100,
  duration: 60_000,
});
const createdNamed = async (name: string) =>
  (await ws.auditEvents('ratelimitNamespace.create')).filter(({ targets }) => targets[0]?.name === name);

describe('a namespace that does not exist', () => {
  test('is made in the default project, with one audit event', async () => {
    const answer = await ws.as(
      ['ratelimit.*.create_namespace', 'ratelimit.*.limit'],
      'ratelimit.limit',
      check('made'),
    );
    expect(answer.status).toBe(200);
    const [row] = await ws.namespacesNamed('made');
    expect(row).toMatchObject({
      id: expect.stringMatching(/^rlns_[a-zA-Z0-9]{9}$/),
      workspace_id: ws.id,
      created_at_m: api.clock.now(),
      updated_at_m: null,
      deleted_at_m: null,
    });
    const projects = await api.db.primary.all(
      'test',
      'SELECT slug, name FROM projects WHERE id = :id AND workspace_id = :workspaceId',
      { id: row?.project_id as string, workspaceId: ws.id },
    );
    expect(projects).toEqual([{ slug: 'default', name: 'Default' }]);
    expect(await createdNamed('made')).toEqual([
      expect.objectContaining({
        description: expect.stringContaining('made'),
        targets: [{ type: 'ratelimitNamespace', id: row?.id, name: 'made' }],
      }),
    ]);
  });

  test('is known by name and id from then on, without a look at the store', async () => {
    await ws.call('ratelimit.limit', check('known'));
    const [row] = await ws.namespacesNamed('known');
    api.statements.length = 0;
    const answers = [];
    for (const namespace of ['known', row?.id as string]) {
      answers.push((await ws.call('ratelimit.limit', check(namespace))).body.data.remaining);
    }
    expect(answers).toEqual([98, 97]);
    expect(api.statements).toEqual([]);
  });

  test('is named as the request has it, also when that looks like an id', async () => {
    expect((await ws.call('ratelimit.limit', check('rlns_AAAAAAAAA'))).status).toBe(200);
    expect(await ws.namespacesNamed('rlns_AAAAAAAAA')).toHaveLength(1);
  });

  test('stays when the caller may not limit in it', async () => {
    const answer = await ws.as(['ratelimit.*.create_namespace'], 'ratelimit.limit', check('made for others'));
    expect(answer.status).toBe(403);
    expect(answer.body.error.detail).toContain('ratelimit.*.limit');
    expect(await ws.namespacesNamed('made for others')).toHaveLength(1);
  });

  test('is made once by 50 requests at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => ws.call('ratelimit.limit', check('crowded'))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    const left = answers.map(({ body }) => body.data.remaining as number);
    expect(left.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => 50 + index));
    expect(await ws.namespacesNamed('crowded')).toHaveLength(1);
    expect(await createdNamed('crowded')).toHaveLength(1);
  });

  test('is made once by single checks and batches at the same time', async () => {
    const answers = await Promise.all([
      ws.call('ratelimit.limit', check('mixed 1')),
      ws.call('ratelimit.multiLimit', [check('mixed 1'), check('mixed 2')]),
      ws.call('ratelimit.multiLimit', [check('mixed 2'), check('mixed 1')]),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const name of ['mixed 1', 'mixed 2']) {
      expect(await ws.namespacesNamed(name)).toHaveLength(1);
      expect(await createdNamed(name)).toHaveLength(1);
    }
  });

  test('that another node made in the meantime is used, and not audited here', async () => {
    await ws.call('ratelimit.getOverride', { namespace: 'made elsewhere', identifier: 'u' });
    const id = await ws.namespace('made elsewhere');
    await ws.override(id, 'u', 5);
    const answer = await ws.call('ratelimit.limit', check('made elsewhere'));
    expect(answer.body.data).toMatchObject({ limit: 5 });
    expect(await ws.namespacesNamed('made elsewhere')).toHaveLength(1);
    expect(await createdNamed('made elsewhere')).toEqual([]);
  });

  test('is not made when its name belongs to a deleted one', async () => {
    await ws.call('ratelimit.getOverride', { namespace: 'deleted elsewhere', identifier: 'u' });
    await ws.namespace('deleted elsewhere', { deleted: true });
    expect((await ws.call('ratelimit.limit', check('deleted elsewhere'))).status).toBe(410);
  });
});

describe('a namespace whose name is the id of another', () => {
  test('yields to that one', async () => {
    const id = await ws.namespace('has the id');
    await ws.override(id, 'u', 5);
    await ws.namespace(id);
    expect((await ws.call('ratelimit.limit', check(id))).body.data.limit).toBe(5);
    const both = await ws.call('ratelimit.multiLimit', [check(id), check('has the id')]);
    expect(both.body.data.limits.map((item: { limit: number }) => item.limit)).toEqual([5, 5]);
    await ws.call('ratelimit.setOverride', { namespace: id, identifier: 'v', limit: 7, duration: 1000 });
    expect((await ws.call('ratelimit.limit', check('has the id', 'v'))).body.data.limit).toBe(7);
  });
});

// On a store whose collation takes them for one name (MySQL), and on one that does not (SQLite): both must serve.
test('names that differ only in how a letter is encoded can be limited in, together too', async () => {
  const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301'];
  for (const name of [composed, decomposed]) {
    expect((await ws.call('ratelimit.limit', check(name))).status).toBe(200);
  }
  const answer = await ws.call('ratelimit.multiLimit', [check(decomposed), check(composed)]);
  expect(answer.status).toBe(200);
  const fresh = ['th\u00e9', 'the\u0301'].map((name) => check(name));
  expect((await ws.call('ratelimit.multiLimit', fresh)).status).toBe(200);
});

describe('the cache of namespaces', () => {
  test('serves a warm check without a statement, and says so in a header', async () => {
    const id = await ws.namespace('warm');
    await ws.override(id, 'u*', 10);
    await ws.call('ratelimit.limit', check('warm'));
    await ws.call('ratelimit.multiLimit', [check('warm')]);
    api.statements.length = 0;
    const answer = await ws.call('ratelimit.limit', check('warm'));
    expect(answer.body.data.remaining).toBe(7);
    expect(answer.headers.get('X-Unkey-Timing')).toMatch(
      /cache_swr\{cache=ratelimit_namespace,status=fresh\}=[0-9.]+(s|ms|us|ns)/,
    );
    await ws.call('ratelimit.multiLimit', [check('warm', 'u2'), check('warm', 'u3')]);
    expect(api.statements).toEqual([]);
  });

  test('loads a namespace with its overrides in one statement, and all of a batch in one', async () => {
    const names = ['cold 1', 'cold 2', 'cold 3'];
    for (const name of names) await ws.override(await ws.namespace(name), 'u', 5);
    await ws.call('ratelimit.limit', check('warm'));
    api.statements.length = 0;
    await ws.call(
      'ratelimit.multiLimit',
      names.map((name) => check(name)),
    );
    expect(api.statements).toEqual(['findNamespacesWithOverrides']);
  });

  test('serves what another node changed after a minute and one more answer', async () => {
    const id = await ws.namespace('changed elsewhere');
    const limitOf = async () =>
      (await ws.call('ratelimit.limit', check('changed elsewhere'))).body.data.limit;
    expect(await limitOf()).toBe(100);
    await ws.override(id, 'u', 5);
    api.clock.advance(59_999);
    expect(await limitOf()).toBe(100);
    api.clock.advance(1);
    expect(await limitOf()).toBe(100);
    await expect.poll(limitOf).toBe(5);
  });

  test('remembers that a namespace is missing, until limiting makes it', async () => {
    const override = { namespace: 'missing', identifier: 'u' };
    expect((await ws.call('ratelimit.getOverride', override)).status).toBe(404);
    api.statements.length = 0;
    expect((await ws.call('ratelimit.getOverride', override)).status).toBe(404);
    expect(api.statements).toEqual([]);
    expect((await ws.call('ratelimit.limit', check('missing'))).status).toBe(200);
    await ws.call('ratelimit.setOverride', { ...override, limit: 5, duration: 1000 });
    expect((await ws.call('ratelimit.getOverride', override)).status).toBe(200);
  });
});
