import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type IdentityWorkspace, identityWorkspace, limitOf } from '../support/identities.ts';

let api: TestApi;
let ws: IdentityWorkspace;

beforeAll(async () => {
  api = await startApi();
  ws = await identityWorkspace(api);
});
afterAll(() => api.stop());

const CREATE = 'identities.createIdentity';
const errorType = (path: string) => `https://unkey.com/docs/errors/${path}`;

describe('identities.createIdentity', () => {
  test('makes an identity in the default project and tells the audit log', async () => {
    const mark = await ws.mark();
    const { status, body } = await ws.call(CREATE, { externalId: 'u1' });
    expect(status).toBe(200);
    expect(body.data).toEqual({ identityId: expect.stringMatching(/^id_[a-zA-Z0-9]{9}$/) });

    const [row, ...others] = await ws.rows('u1');
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      id: body.data.identityId,
      meta: '{}',
      environment: 'default',
      deleted: 0,
      created_at: api.clock.now(),
      updated_at: null,
    });
    const [project] = await api.db.primary.all(
      'test',
      "SELECT id, delete_protection FROM projects WHERE workspace_id = :id AND slug = 'default'",
      { id: ws.id },
    );
    expect(project).toEqual({ id: row?.project_id, delete_protection: 1 });

    expect(await ws.eventsSince(mark)).toEqual([
      expect.objectContaining({
        event: 'identity.create',
        actor: { type: 'rootkey', id: expect.stringMatching(/^key_/), name: 'root key' },
        targets: [{ type: 'identity', id: body.data.identityId, name: 'u1' }],
        correlation_id: expect.stringMatching(/^cor_/),
      }),
    ]);
  });

  test('refuses an external id that a live identity has, and tells which', async () => {
    await ws.identity('taken');
    const mark = await ws.mark();
    const { status, body } = await ws.call(CREATE, { externalId: 'taken' });
    expect(status).toBe(409);
    expect(body.error).toMatchObject({
      type: errorType('unkey/data/identity_already_exists'),
      title: 'Conflicting Resource',
      detail: expect.stringContaining('taken'),
    });
    expect(await ws.eventsSince(mark)).toEqual([]);
  });

  test('tells letter case apart', async () => {
    await ws.identity('case');
    expect((await ws.call(CREATE, { externalId: 'Case' })).status).toBe(200);
  });

  test('takes the external id of a deleted identity, under a new id', async () => {
    const before = await ws.identity('again');
    await ws.call('identities.deleteIdentity', { identity: 'again' });
    expect(await ws.identity('again')).not.toBe(before);
  });

  test('does not mind the same external id in another workspace', async () => {
    await ws.identity('everywhere');
    const other = await identityWorkspace(api);
    expect((await other.call(CREATE, { externalId: 'everywhere' })).status).toBe(200);
  });

  test('takes external ids of 1 and of 255 characters', async () => {
    for (const externalId of ['x', 'x'.repeat(255), 'A-z_0.9']) {
      expect((await ws.call(CREATE, { externalId })).status).toBe(200);
    }
  });

  const limit = limitOf('requests');
  const limited = (changes: object) => ({ ratelimits: [{ ...limit, ...changes }] });
  test.each<[string, object]>([
    ['an external id with @', { externalId: 'a@b.c' }],
    ['an external id with |', { externalId: 'auth0|abc' }],
    ['an empty external id', { externalId: '' }],
    ['an external id of 256 characters', { externalId: 'x'.repeat(256) }],
    ['no external id', { externalId: undefined }],
    ['null for an external id', { externalId: null }],
    ['null for metadata', { meta: null }],
    ['a list for metadata', { meta: [] }],
    ['101 members', { meta: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, i])) }],
    ['null for limits', { ratelimits: null }],
    ['51 limits', { ratelimits: Array.from({ length: 51 }, (_, i) => limitOf(`limit${i}`)) }],
    ['a name of 2 characters', limited({ name: 'ab' })],
    ['a name of 129 characters', limited({ name: 'x'.repeat(129) })],
    ['a window of 999 ms', limited({ duration: 999 })],
    ['a limit of 0', limited({ limit: 0 })],
    ['a limit of -1', limited({ limit: -1 })],
    ['a limit of 1.5', limited({ limit: 1.5 })],
    ['a limit without autoApply', limited({ autoApply: undefined })],
  ])('refuses %s', async (_, body) => {
    const answer = await ws.call(CREATE, { externalId: 'refused', ...body });
    expect(answer.status).toBe(400);
    expect(answer.body.error.type).toBe(errorType('unkey/application/invalid_input'));
    expect(answer.body.error.errors).not.toEqual([]);
  });

  test('ignores fields that it does not know, of the body and of a limit', async () => {
    const ratelimits = [{ ...limitOf('requests'), foo: 1 }];
    expect((await ws.call(CREATE, { externalId: 'extra', foo: 1, ratelimits })).status).toBe(200);
  });
});

describe('the metadata of a new identity', () => {
  test('comes back as it was sent', async () => {
    const meta = { nested: { a: [1, null, 'x'] }, "quote'": 'back\\slash', empty: {}, '': '🦀 é' };
    await ws.identity('with.meta', { meta });
    expect((await ws.read('with.meta')).meta).toEqual(meta);
  });

  const ofBytes = (bytes: number) => ({ k: 'x'.repeat(bytes - '{"k":""}'.length) });

  test('may be as large as 1 MiB and no larger', async () => {
    await ws.identity('large', { meta: ofBytes(1_048_576) });
    expect((await ws.read('large')).meta).toEqual(ofBytes(1_048_576));

    const { status, body } = await ws.call(CREATE, { externalId: 'larger', meta: ofBytes(1_048_577) });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      type: errorType('unkey/application/invalid_input'),
      detail: expect.stringMatching(/metadata.* 1\.05 MB \(1048576 bytes\).* 1\.05 MB \(1048577 bytes\)/),
      errors: [],
    });
    expect(await ws.rows('larger')).toEqual([]);
  });

  const nested = (levels: number): object => (levels === 1 ? { x: 1 } : { x: nested(levels - 1) });

  test('may be nested as deep as every store can hold, and no deeper', async () => {
    await ws.identity('deep', { meta: nested(100) });
    expect((await ws.read('deep')).meta).toEqual(nested(100));
    const { status, body } = await ws.call(CREATE, { externalId: 'deeper', meta: nested(101) });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ detail: expect.stringContaining('100 levels'), errors: [] });
  });
});

describe('the limits of a new identity', () => {
  test('are stored, and each is told to the audit log with the same correlation id', async () => {
    const mark = await ws.mark();
    const id = await ws.identity('limited', { ratelimits: [limitOf('req', 10, 1000)] });
    const [row, ...others] = await ws.limitRows(id);
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      id: expect.stringMatching(/^rl_/),
      workspace_id: ws.id,
      key_id: null,
      name: 'req',
      limit: 10,
      duration: 1000,
      auto_apply: 1,
      created_at: api.clock.now(),
    });
    const events = await ws.eventsSince(mark);
    expect(events.map(({ event, targets }) => [event, targets])).toEqual([
      ['identity.create', [{ type: 'identity', id, name: 'limited' }]],
      [
        'ratelimit.create',
        [
          { type: 'identity', id, name: 'limited' },
          { type: 'ratelimit', id: row?.id, name: 'req' },
        ],
      ],
    ]);
    expect(events[0]?.correlation_id).toMatch(/^cor_/);
    expect(events[1]?.correlation_id).toBe(events[0]?.correlation_id);
  });

  test('of a repeated name are one, with the last bounds, and only that one is audited', async () => {
    const mark = await ws.mark();
    const id = await ws.identity('repeated', {
      ratelimits: [limitOf('req', 1), limitOf('other', 5), limitOf('req', 2, 3000, false)],
    });
    expect(await ws.limitRows(id)).toMatchObject([
      { name: 'req', limit: 2, duration: 3000, auto_apply: 0 },
      { name: 'other', limit: 5 },
    ]);
    expect((await ws.eventsSince(mark)).map(({ event }) => event)).toEqual([
      'identity.create',
      'ratelimit.create',
      'ratelimit.create',
    ]);
  });

  test('may be as large as JSON carries exactly, and differ in letter case alone', async () => {
    const ratelimits = [
      limitOf('Req', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
      limitOf('req', 1, 1000, false),
    ];
    await ws.identity('huge', { ratelimits });
    expect((await ws.read('huge')).ratelimits).toMatchObject(ratelimits);
    const tooLarge =
      '{"externalId":"huger","ratelimits":[{"name":"req","limit":9007199254740992,"duration":1000,"autoApply":true}]}';
    expect((await ws.call(CREATE, tooLarge)).status).toBe(400);
  });
});

describe('createIdentity asks', () => {
  let created = 0;
  const create = (permissions: string[]) => ws.as(permissions, CREATE, { externalId: `by_${created++}` });

  test.each([
    ['identity.*.create_identity'],
    ['unkey:v1:<ws>:projects/*/identities/*#create_identity'],
    ['unkey:v1:<ws>:projects/**#create_identity'],
    ['unkey:v1:<ws>:**#*'],
  ])('for a grant such as %s', async (permission) => {
    expect((await create([permission.replace('<ws>', ws.id)])).status).toBe(200);
  });

  test.each([
    ['test.none.nothing'],
    ['identity.id_A.create_identity'],
    ['identity.*.read_identity'],
    ['unkey:v1:<ws>:projects/proj_1/identities/*#create_identity'],
    ['unkey:v1:ws_other:projects/*/identities/*#create_identity'],
  ])('for more than %s', async (permission) => {
    const { status, body } = await create([permission.replace('<ws>', ws.id)]);
    expect(status).toBe(403);
    expect(body.error.detail).toContain('identity.*.create_identity');
    expect(body.error.detail).not.toContain(permission.replace('<ws>', ws.id));
  });

  test('for permission before it looks at the size of the metadata', async () => {
    const meta = { k: 'x'.repeat(1_048_576) };
    const answer = await ws.as(['identity.*.read_identity'], CREATE, { externalId: 'x1', meta });
    expect(answer.status).toBe(403);
  });

  test.each([
    [undefined, 400, 'unkey/application/invalid_input'],
    ['xyz', 400, 'unkey/authentication/malformed'],
    ['Bearer nope', 401, 'unkey/authentication/key_not_found'],
  ])('for a credential: with %s it answers %i', async (authorization, status, type) => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const answer = await api.call(CREATE, { externalId: 'x1' }, undefined, headers as Record<string, string>);
    expect(answer.status).toBe(status);
    expect(answer.body.error.type).toBe(errorType(type));
  });
});
