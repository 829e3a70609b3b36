import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type RatelimitWorkspace, ratelimitWorkspace, W } from '../support/ratelimit.ts';

let api: TestApi;
let ws: RatelimitWorkspace;

beforeAll(async () => {
  api = await startApi({ startMs: W, testMode: true });
  ws = await ratelimitWorkspace(api);
});
afterAll(() => api.stop());

const errorType = (path: string) => `https://unkey.com/docs/errors/unkey/${path}`;
const NAMESPACE_NOT_FOUND = errorType('data/ratelimit_namespace_not_found');
const OVERRIDE_NOT_FOUND = errorType('data/ratelimit_override_not_found');

let names = 0;
/** A namespace that no other test knows. */
async function freshNamespace(): Promise<{ name: string; id: string }> {
  const name = `namespace ${names++}`;
  return { name, id: await ws.namespace(name) };
}
const setting = (namespace: string, identifier: string, over: Record<string, unknown> = {}) => ({
  namespace,
  identifier,
  limit: 10,
  duration: 1000,
  ...over,
});
const set = async (namespace: string, identifier: string, over: Record<string, unknown> = {}) => {
  const answer = await ws.call('ratelimit.setOverride', setting(namespace, identifier, over));
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  expect(answer.body.data).toEqual({ overrideId: expect.any(String) });
  return answer.body.data.overrideId as string;
};
const get = (namespace: string, identifier: string) =>
  ws.call('ratelimit.getOverride', { namespace, identifier });
const limit = async (namespace: string, identifier: string) => {
  const body = { namespace, identifier, limit: 100, duration: 60_000 };
  return (await ws.call('ratelimit.limit', body)).body.data;
};

describe('ratelimit.setOverride', () => {
  test('makes an override, and changes it by name or id under one id', async () => {
    const { name, id } = await freshNamespace();
    const overrideId = await set(name, 'u1');
    expect(overrideId).toMatch(/^rlor_[a-zA-Z0-9]{9}$/);
    const created = api.clock.now();
    expect(await ws.overrideRow(overrideId)).toMatchObject({
      workspace_id: ws.id,
      namespace_id: id,
      identifier: 'u1',
      limit: 10,
      duration: 1000,
      created_at_m: created,
      updated_at_m: null,
      deleted_at_m: null,
    });

    api.clock.advance(5);
    expect(await set(id, 'u1', { limit: 20, duration: 2000 })).toBe(overrideId);
    expect(await ws.overrideRow(overrideId)).toMatchObject({
      limit: 20,
      duration: 2000,
      created_at_m: created,
      updated_at_m: created + 5,
    });
    expect((await get(name, 'u1')).body.data).toMatchObject({ limit: 20, duration: 2000 });
  });

  test('applies at once on this node, whatever the namespace is called by', async () => {
    const { name, id } = await freshNamespace();
    for (const namespace of [name, id]) expect(await limit(namespace, 'u')).toMatchObject({ limit: 100 });
    await set(name, 'u*', { limit: 5 });
    for (const namespace of [name, id]) expect(await limit(namespace, 'u')).toMatchObject({ limit: 5 });
    await set(id, 'u*', { limit: 6 });
    for (const namespace of [name, id]) expect(await limit(namespace, 'u')).toMatchObject({ limit: 6 });
  });

  test('brings a deleted override back under its id', async () => {
    const { name } = await freshNamespace();
    const overrideId = await set(name, 'u1');
    await ws.call('ratelimit.deleteOverride', { namespace: name, identifier: 'u1' });
    expect(await set(name, 'u1', { limit: 3 })).toBe(overrideId);
    expect(await limit(name, 'u1')).toMatchObject({ limit: 3, overrideId });
    expect(await ws.overrideRow(overrideId)).toMatchObject({ deleted_at_m: null });
  });

  test('answers concurrent first calls with the one id that is stored', async () => {
    const { name, id } = await freshNamespace();
    const ids = await Promise.all(
      Array.from({ length: 10 }, (_, index) => set(name, 'raced', { limit: index + 1 })),
    );
    expect(new Set(ids).size).toBe(1);
    expect(await ws.overrideRow(ids[0] as string)).toMatchObject({ namespace_id: id, identifier: 'raced' });
  });

  test('and deletions at the same time leave one row, and what this node says is what the row says', async () => {
    const { name } = await freshNamespace();
    const overrideId = await set(name, 'contested');
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        index % 3 === 0
          ? ws.call('ratelimit.deleteOverride', { namespace: name, identifier: 'contested' })
          : ws.call('ratelimit.setOverride', setting(name, 'contested', { limit: index })),
      ),
    );
    for (const [index, { status, body }] of answers.entries()) {
      if (index % 3 === 0) expect([200, 404]).toContain(status);
      else expect(body.data).toEqual({ overrideId });
    }
    const row = await ws.overrideRow(overrideId);
    const seen = await get(name, 'contested');
    if (row?.deleted_at_m === null) expect(seen.body.data).toMatchObject({ overrideId, limit: row.limit });
    else expect(seen.status).toBe(404);
    const events = [
      ...(await ws.auditEvents('ratelimit.set_override')),
      ...(await ws.auditEvents('ratelimit.delete_override')),
    ];
    const written = events.filter(({ targets }) => targets[0]?.id === overrideId);
    expect(written).toHaveLength(1 + answers.filter(({ status }) => status === 200).length);
  });

  test('shows in every check that begins after it, however many are under way', async () => {
    const { name, id } = await freshNamespace();
    let isOver = false;
    const traffic = Promise.all(
      [name, id].map(async (namespace) => {
        while (!isOver) await limit(namespace, 'busy');
      }),
    );
    for (let count = 1; count <= 20; count++) {
      await set(count % 2 ? name : id, 'b*', { limit: 200 + count });
      for (const namespace of [name, id]) {
        expect(await limit(namespace, 'busy')).toMatchObject({ limit: 200 + count });
      }
    }
    isOver = true;
    await traffic;
  });

  test('tells identifiers apart by case, accents and blanks', async () => {
    const { name } = await freshNamespace();
    const identifiers = ['case', 'Case', 'cáse', ' case', 'case ', 'ß', 'ss'];
    for (const [index, identifier] of identifiers.entries()) await set(name, identifier, { limit: index });
    for (const [index, identifier] of identifiers.entries()) {
      expect((await get(name, identifier)).body.data).toMatchObject({ identifier, limit: index });
    }
    await ws.call('ratelimit.deleteOverride', { namespace: name, identifier: 'case ' });
    expect((await get(name, 'case ')).status).toBe(404);
    expect((await get(name, 'case')).status).toBe(200);
  });

  test('writes one audit event, the same for making and changing', async () => {
    const { name } = await freshNamespace();
    const before = (await ws.auditEvents('ratelimit.set_override')).length;
    const overrideId = await set(name, 'audited');
    await set(name, 'audited', { limit: 11 });
    const events = (await ws.auditEvents('ratelimit.set_override')).slice(before);
    expect(events.map(({ targets }) => targets)).toEqual([
      [{ type: 'ratelimitOverride', id: overrideId, name: 'audited' }],
      [{ type: 'ratelimitOverride', id: overrideId, name: 'audited' }],
    ]);
  });

  test('takes a bare wildcard, a limit of 0 and any duration', async () => {
    const { name } = await freshNamespace();
    await set(name, '*', { limit: 0, duration: Number.MAX_SAFE_INTEGER });
    expect(await limit(name, 'anyone')).toMatchObject({ success: false, limit: 0 });
  });

  test.each([
    [{ limit: -1 }, '/properties/limit/minimum'],
    [{ duration: -1 }, '/properties/duration/minimum'],
    [{ duration: 999 }, '/properties/duration/minimum'],
    [{ limit: 9_007_199_254_740_992 }, '/properties/limit/maximum'],
    [{ identifier: '' }, '/properties/identifier/minLength'],
    [{ limit: undefined, duration: undefined }, '/required'],
    [{ cost: 1 }, '/additionalProperties'],
  ])('refuses %.60j', async (over, location) => {
    const answer = await ws.call('ratelimit.setOverride', setting('any', 'u', over));
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors).toContainEqual(expect.objectContaining({ location }));
  });

  test('says first that a namespace is missing or deleted, then asks for permission', async () => {
    const { name, id } = await freshNamespace();
    await ws.namespace('deleted for set', { deleted: true });
    for (const namespace of ['nowhere', 'deleted for set']) {
      const answer = await ws.as([], 'ratelimit.setOverride', setting(namespace, 'u'));
      expect(answer.status).toBe(404);
      expect(answer.body.error.type).toBe(NAMESPACE_NOT_FOUND);
    }
    const refused = await ws.as(['ratelimit.*.limit'], 'ratelimit.setOverride', setting(name, 'u'));
    expect(refused.status).toBe(403);
    expect(refused.body.error.detail).toContain('ratelimit.*.set_override');
    expect(refused.body.error.detail).not.toContain(id);
    expect(
      (await ws.as([`ratelimit.${id}.set_override`], 'ratelimit.setOverride', setting(name, 'u'))).status,
    ).toBe(200);
    expect(await ws.namespacesNamed('nowhere')).toEqual([]);
  });

  test('finds a namespace that this node remembers as missing', async () => {
    expect((await get('made since', 'u')).status).toBe(404);
    await ws.namespace('made since');
    await set('made since', 'u');
    expect((await get('made since', 'u')).status).toBe(200);
  });
});

describe('ratelimit.getOverride', () => {
  test('answers the override for the identifier, or the pattern that it matches', async () => {
    const { name, id } = await freshNamespace();
    const pattern = await set(name, 'premium_*', { limit: 0 });
    const exact = await set(name, 'premium_user1', { limit: 7, duration: 3000 });
    for (const namespace of [name, id]) {
      expect((await get(namespace, 'premium_user1')).body.data).toEqual({
        overrideId: exact,
        identifier: 'premium_user1',
        limit: 7,
        duration: 3000,
      });
      expect((await get(namespace, 'premium_user2')).body.data).toEqual({
        overrideId: pattern,
        identifier: 'premium_*',
        limit: 0,
        duration: 1000,
      });
    }
  });

  test('answers alike for an override that is absent and for one that the caller may not read', async () => {
    const { name, id } = await freshNamespace();
    const overrideId = await set(name, 'hidden');
    const told = async (permissions: readonly string[], identifier: string) => {
      const { status, body } = await ws.as(permissions, 'ratelimit.getOverride', {
        namespace: name,
        identifier,
      });
      return JSON.stringify({ status, error: body.error });
    };
    const absent = await told(['ratelimit.*.read_override'], 'absent');
    expect(JSON.parse(absent)).toMatchObject({ status: 404, error: { type: OVERRIDE_NOT_FOUND } });
    for (const permissions of [
      [],
      ['ratelimit.*.set_override'],
      [`unkey:v1:${ws.id}:ratelimits/namespaces/${id}/overrides/*#delete_override`],
      [`unkey:v1:${ws.id}:ratelimits/namespaces/other/overrides/*#read_override`],
      [`unkey:v1:ws_other:ratelimits/namespaces/${id}/overrides/*#read_override`],
    ]) {
      const masked = await told(permissions, 'hidden');
      expect(masked).toBe(absent);
      expect(masked).not.toContain(overrideId);
    }
  });

  test('can be read by every grant that covers it', async () => {
    const { name, id } = await freshNamespace();
    const overrideId = await set(name, 'granted');
    for (const permission of [
      'ratelimit.*.read_override',
      `ratelimit.${id}.read_override`,
      ...[
        `ratelimits/namespaces/${id}/overrides/${overrideId}#read_override`,
        `ratelimits/namespaces/${id}/overrides/*#read_override`,
        `ratelimits/namespaces/${id}/**#read_override`,
        'ratelimits/namespaces/*/overrides/*#read_override',
        'ratelimits/**#read_override',
        '**#*',
      ].map((grant) => `unkey:v1:${ws.id}:${grant}`),
    ]) {
      const body = { namespace: name, identifier: 'granted' };
      expect((await ws.as([permission], 'ratelimit.getOverride', body)).status, permission).toBe(200);
    }
  });

  test('does not find missing and deleted namespaces', async () => {
    await ws.namespace('deleted for get', { deleted: true });
    for (const namespace of ['nowhere', 'deleted for get']) {
      expect((await get(namespace, 'u')).body.error).toMatchObject({
        status: 404,
        title: 'Not Found',
        type: NAMESPACE_NOT_FOUND,
      });
    }
  });
});

describe('ratelimit.deleteOverride', () => {
  test('takes the override out of force and keeps its row', async () => {
    const { name, id } = await freshNamespace();
    const overrideId = await set(name, 'u1', { limit: 5 });
    expect(await limit(name, 'u1')).toMatchObject({ limit: 5 });
    api.clock.advance(7);
    const body = { namespace: name, identifier: 'u1' };
    const answer = await ws.call('ratelimit.deleteOverride', body);
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({});

    expect(await ws.overrideRow(overrideId)).toMatchObject({
      limit: 5,
      updated_at_m: null,
      deleted_at_m: api.clock.now(),
    });
    for (const namespace of [name, id]) expect(await limit(namespace, 'u1')).toMatchObject({ limit: 100 });
    const again = await ws.call('ratelimit.deleteOverride', body);
    expect(again.status).toBe(404);
    expect(again.body.error.type).toBe(OVERRIDE_NOT_FOUND);

    const events = (await ws.auditEvents('ratelimit.delete_override')).filter(
      ({ targets }) => targets[0]?.id === overrideId,
    );
    expect(events.map(({ targets }) => targets)).toEqual([
      [
        { type: 'ratelimitOverride', id: overrideId, name: 'u1' },
        { type: 'ratelimitNamespace', id, name },
      ],
    ]);
  });

  test('deletes no pattern that matches, and a pattern by itself only', async () => {
    const { name } = await freshNamespace();
    await set(name, 'p*');
    expect((await ws.call('ratelimit.deleteOverride', { namespace: name, identifier: 'p1' })).status).toBe(
      404,
    );
    expect((await ws.call('ratelimit.deleteOverride', { namespace: name, identifier: 'p*' })).status).toBe(
      200,
    );
  });

  test('finds an override that another node made since this one last looked', async () => {
    const { name, id } = await freshNamespace();
    await limit(name, 'u1');
    await ws.override(id, 'u1', 5);
    expect((await ws.call('ratelimit.deleteOverride', { namespace: name, identifier: 'u1' })).status).toBe(
      200,
    );
  });

  test('asks for permission before it looks for the override', async () => {
    const { name, id } = await freshNamespace();
    const body = { namespace: name, identifier: 'absent' };
    const refused = await ws.as(['ratelimit.*.set_override'], 'ratelimit.deleteOverride', body);
    expect(refused.status).toBe(403);
    expect(refused.body.error.detail).toContain('ratelimit.*.delete_override');
    expect((await ws.as([`ratelimit.${id}.delete_override`], 'ratelimit.deleteOverride', body)).status).toBe(
      404,
    );
    const nowhere = await ws.as([], 'ratelimit.deleteOverride', { ...body, namespace: 'nowhere' });
    expect(nowhere.body.error.type).toBe(NAMESPACE_NOT_FOUND);
  });
});

describe('ratelimit.listOverrides', () => {
  const list = (body: Record<string, unknown>) => ws.call('ratelimit.listOverrides', body);

  test('answers nothing of an empty namespace', async () => {
    const { name } = await freshNamespace();
    const { body } = await list({ namespace: name });
    expect(body.data).toEqual([]);
    expect(body.pagination).toEqual({ hasMore: false });
  });

  test('answers page by page, in the order of ids, without deleted ones', async () => {
    const { name, id } = await freshNamespace();
    for (let index = 0; index < 6; index++) await set(name, `u${index}`, { limit: index });
    await ws.call('ratelimit.deleteOverride', { namespace: name, identifier: 'u5' });
    const all = (await list({ namespace: id, cursor: '' })).body;
    expect(all.data).toHaveLength(5);
    expect(all.pagination).toEqual({ hasMore: false });
    expect(all.data[0]).toEqual({
      overrideId: expect.any(String),
      identifier: expect.any(String),
      limit: expect.any(Number),
      duration: 1000,
    });

    const first = (await list({ namespace: name, limit: 2 })).body;
    expect(first.data).toEqual(all.data.slice(0, 2));
    expect(first.pagination).toEqual({ hasMore: true, cursor: all.data[2].overrideId });
    const second = (await list({ namespace: name, limit: 2, cursor: first.pagination.cursor })).body;
    expect(second.data).toEqual(all.data.slice(2, 4));
    const third = (await list({ namespace: name, limit: 2, cursor: second.pagination.cursor })).body;
    expect(third.data).toEqual(all.data.slice(4));
    expect(third.pagination).toEqual({ hasMore: false });
  });

  test('answers 50 unless told otherwise', async () => {
    const { name, id } = await freshNamespace();
    for (let index = 0; index < 51; index++) await ws.override(id, `u${index}`, 1);
    const { body } = await list({ namespace: name });
    expect(body.data).toHaveLength(50);
    expect(body.pagination.hasMore).toBe(true);
  });

  test('lists a deleted namespace still', async () => {
    const id = await ws.namespace('deleted for list', { deleted: true });
    await ws.override(id, 'u', 1);
    const answer = await list({ namespace: 'deleted for list' });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toHaveLength(1);
  });

  test('asks for the permission to read overrides, which the one to list them is not', async () => {
    const { name, id } = await freshNamespace();
    const refused = await ws.as(['ratelimit.*.list_overrides'], 'ratelimit.listOverrides', {
      namespace: name,
    });
    expect(refused.status).toBe(403);
    expect(refused.body.error.detail).toContain('ratelimit.*.read_override');
    const permitted = [`ratelimit.${id}.read_override`];
    expect((await ws.as(permitted, 'ratelimit.listOverrides', { namespace: name })).status).toBe(200);
    expect((await ws.as([], 'ratelimit.listOverrides', { namespace: 'nowhere' })).status).toBe(404);
  });

  test.each([
    [{ limit: 0 }, '/properties/limit/minimum'],
    [{ limit: 101 }, '/properties/limit/maximum'],
    [{ namespace: undefined }, '/required'],
    [{ cursor: 1 }, '/properties/cursor/type'],
  ])('refuses %j', async (over, location) => {
    const answer = await list({ namespace: 'any', ...over });
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors).toContainEqual(expect.objectContaining({ location }));
  });
});

test('the namespaces of another workspace are not found', async () => {
  const { name, id } = await freshNamespace();
  await set(name, 'u');
  const stranger = await ratelimitWorkspace(api);
  for (const namespace of [name, id]) {
    for (const [operation, body] of [
      ['ratelimit.getOverride', { namespace, identifier: 'u' }],
      ['ratelimit.deleteOverride', { namespace, identifier: 'u' }],
      ['ratelimit.setOverride', setting(namespace, 'u')],
      ['ratelimit.listOverrides', { namespace }],
    ] as const) {
      const answer = await stranger.call(operation, body);
      expect(answer.status, operation).toBe(404);
      expect(answer.body.error.type).toBe(NAMESPACE_NOT_FOUND);
    }
  }
});
