import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type IdentityWorkspace, identityWorkspace, limitOf } from '../support/identities.ts';

let api: TestApi;
let ws: IdentityWorkspace;
let acme: string;

beforeAll(async () => {
  api = await startApi();
  ws = await identityWorkspace(api);
  acme = await ws.identity('acme', { meta: { plan: 'pro' }, ratelimits: [limitOf('requests', 100)] });
});
afterAll(() => api.stop());

const GET = 'identities.getIdentity';
const errorType = (path: string) => `https://unkey.com/docs/errors/${path}`;

describe('identities.getIdentity', () => {
  test('finds an identity by its id and by its external id', async () => {
    const expected = {
      id: acme,
      externalId: 'acme',
      meta: { plan: 'pro' },
      ratelimits: [{ id: expect.stringMatching(/^rl_/), ...limitOf('requests', 100) }],
    };
    for (const identity of ['acme', acme]) {
      const { status, body } = await ws.call(GET, { identity });
      expect(status).toBe(200);
      expect(body.data).toEqual(expected);
    }
  });

  test('prefers the one whose id it is to the one whose external id it is', async () => {
    await ws.identity(acme, { meta: { impostor: true } });
    expect(await ws.read(acme)).toMatchObject({ id: acme, externalId: 'acme' });
  });

  test('costs two statements', async () => {
    await ws.read('acme');
    api.statements.length = 0;
    await ws.read('acme');
    expect(api.statements).toEqual(['findLiveIdentities', 'listIdentityRatelimits']);
  });

  test('leaves out what says nothing', async () => {
    const id = await ws.identity('bare');
    expect(await ws.read('bare')).toEqual({ id, externalId: 'bare' });
  });

  test('lists limits by name', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `limit_${9 - i}`);
    await ws.identity('ten', { ratelimits: names.map((name) => limitOf(name)) });
    const { ratelimits } = (await ws.read('ten')) as { ratelimits: { id: string; name: string }[] };
    expect(ratelimits.map(({ name }) => name)).toEqual(names.toSorted());
    for (const { id } of ratelimits) expect(id).toMatch(/^rl_[a-zA-Z0-9]{9}$/);
  });

  test('leaves out metadata that cannot be read', async () => {
    const id = await ws.identity('corrupt');
    await api.db.primary.run('test', 'UPDATE identities SET meta = :meta WHERE id = :id', {
      id,
      meta: '"no object"',
    });
    expect(await ws.read('corrupt')).toEqual({ id, externalId: 'corrupt' });
  });

  test('answers alike for absent, deleted and foreign identities', async () => {
    await ws.identity('gone');
    await ws.call('identities.deleteIdentity', { identity: 'gone' });
    const other = await identityWorkspace(api);
    const foreign = await other.identity('foreign');
    const answers = await Promise.all(
      ['unknown', 'ACME', acme.toUpperCase(), 'gone', foreign, 'foreign', 'x'.repeat(1000), '@#$%', ' '].map(
        (identity) => ws.call(GET, { identity }),
      ),
    );
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect(body.error).toEqual(answers[0]?.body.error);
    }
    expect(answers[0]?.body.error.type).toBe(errorType('unkey/data/identity_not_found'));
  });

  test.each([
    [{}],
    [{ identity: '' }],
    [{ identity: null }],
    [{ externalId: 'acme' }],
    [{ identity: 'acme', x: 1 }],
  ])('refuses %j', async (body) => {
    const answer = await ws.call(GET, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors).not.toEqual([]);
  });
});

describe('getIdentity asks', () => {
  test.each([
    ['identity.*.read_identity'],
    ['identity.<id>.read_identity'],
    ['unkey:v1:<ws>:projects/*/identities/*#read_identity'],
    ['unkey:v1:<ws>:**#*'],
  ])('for a grant such as %s', async (pattern) => {
    const permission = pattern.replace('<id>', acme).replace('<ws>', ws.id);
    for (const identity of ['acme', acme]) {
      expect((await ws.as([permission], GET, { identity })).status).toBe(200);
    }
  });

  test.each([
    ['test.none.nothing'],
    ['identity.acme.read_identity'],
    ['identity.*.update_identity'],
    ['unkey:v1:<ws>:projects/*/identities/<id>#read_identity'],
    ['unkey:v1:<ws>:projects/proj_1/identities/*#read_identity'],
  ])('for more than %s', async (pattern) => {
    const permission = pattern.replace('<id>', acme).replace('<ws>', ws.id);
    const { status, body } = await ws.as([permission], GET, { identity: 'acme' });
    expect(status).toBe(403);
    expect(body.error.detail).toContain('identity.*.read_identity');
  });

  test('for it only where there is an identity', async () => {
    expect((await ws.as([], GET, { identity: 'unknown' })).status).toBe(404);
    expect((await ws.as([], GET, { identity: 'acme' })).status).toBe(403);
  });

  test('without telling an id that the caller did not know', async () => {
    const byExternalId = await ws.as([], GET, { identity: 'acme' });
    expect(byExternalId.body.error.detail).not.toContain(acme);
    const byId = await ws.as([], GET, { identity: acme });
    expect(byId.body.error.detail).toContain(`identity.${acme}.read_identity`);
  });
});
