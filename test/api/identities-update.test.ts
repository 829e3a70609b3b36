import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type IdentityWorkspace, identityWorkspace, type Limit, limitOf } from '../support/identities.ts';

let api: TestApi;
let ws: IdentityWorkspace;
/** An identity `acme` in a workspace of its own, with metadata and one limit. */
let acme: string;
let requests: string;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  ws = await identityWorkspace(api);
  acme = await ws.identity('acme', { meta: { plan: 'pro' }, ratelimits: [limitOf('requests', 100)] });
  requests = String((await ws.limitRows(acme))[0]?.id);
});

const UPDATE = 'identities.updateIdentity';
const errorType = (path: string) => `https://unkey.com/docs/errors/${path}`;
const update = (change: { meta?: object; ratelimits?: Limit[] }) =>
  ws.call(UPDATE, { identity: 'acme', ...change });
const eventNames = async (mark: number) => (await ws.eventsSince(mark)).map(({ event }) => event);

describe('metadata', () => {
  test('is replaced as a whole, limits stay', async () => {
    api.clock.advance(1000);
    const { status, body } = await update({ meta: { a: 1 } });
    expect(status).toBe(200);
    expect(body.data).toEqual({
      id: acme,
      externalId: 'acme',
      meta: { a: 1 },
      ratelimits: [{ id: requests, ...limitOf('requests', 100) }],
    });
    expect(await ws.read('acme')).toEqual(body.data);
    expect((await ws.rows('acme'))[0]?.updated_at).toBe(api.clock.now());
  });

  test('is cleared by an empty object', async () => {
    const { body } = await update({ meta: {} });
    expect(body.data).not.toHaveProperty('meta');
    expect(await ws.read('acme')).not.toHaveProperty('meta');
  });

  test('stays when left out, and is answered', async () => {
    expect((await update({ ratelimits: [] })).body.data).toEqual({
      id: acme,
      externalId: 'acme',
      meta: { plan: 'pro' },
    });
  });

  test('beyond 1 MiB is refused', async () => {
    const { status, body } = await update({ meta: { k: 'x'.repeat(1_048_576) } });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ detail: expect.stringContaining('metadata'), errors: [] });
    expect(await ws.read('acme')).toMatchObject({ meta: { plan: 'pro' } });
  });
});

describe('limits', () => {
  test('are replaced by name: gone, kept with their id, new; answered in the order of the request', async () => {
    await update({ ratelimits: [limitOf('requests', 100), limitOf('leaving', 1)] });
    const before = await ws.limitRows(acme);
    api.clock.advance(1000);
    const mark = await ws.mark();

    const wanted = [limitOf('zebra', 5, 86_400_000, false), limitOf('requests', 200), limitOf('alpha', 1)];
    const { status, body } = await update({ ratelimits: wanted });
    expect(status).toBe(200);
    expect(body.data.ratelimits).toEqual(wanted.map((limit) => ({ id: expect.any(String), ...limit })));
    const idOf = new Map(
      body.data.ratelimits.map(({ name, id }: { name: string; id: string }) => [name, id]),
    );
    expect(idOf.get('requests')).toBe(requests);

    const rows = await ws.limitRows(acme);
    expect(rows.map(({ name, id }) => [name, id])).toEqual([
      ['requests', requests],
      ['zebra', idOf.get('zebra')],
      ['alpha', idOf.get('alpha')],
    ]);
    expect(rows[0]).toEqual({ ...before[0], limit: 200, updated_at: api.clock.now() });
    expect(rows[1]).toMatchObject({ limit: 5, duration: 86_400_000, auto_apply: 0, updated_at: null });

    const leaving = before[1]?.id;
    const identity = { type: 'identity', id: acme, name: 'acme' };
    const events = await ws.eventsSince(mark);
    expect(events.map(({ event, targets }) => [event, ...targets])).toEqual([
      ['identity.update', identity],
      ['ratelimit.delete', identity, { type: 'ratelimit', id: leaving, name: 'leaving' }],
      ['ratelimit.update', identity, { type: 'ratelimit', id: requests, name: 'requests' }],
      ['ratelimit.create', identity, { type: 'ratelimit', id: idOf.get('zebra'), name: 'zebra' }],
      ['ratelimit.create', identity, { type: 'ratelimit', id: idOf.get('alpha'), name: 'alpha' }],
    ]);
    expect(new Set(events.map((event) => event.correlation_id)).size).toBe(1);
    expect(events[0]?.correlation_id).toMatch(/^cor_/);
  });

  test('are all removed by an empty list', async () => {
    const mark = await ws.mark();
    const { body } = await update({ ratelimits: [] });
    expect(body.data).not.toHaveProperty('ratelimits');
    expect(await ws.limitRows(acme)).toEqual([]);
    expect(await eventNames(mark)).toEqual(['identity.update', 'ratelimit.delete']);
  });

  test('that stay as they are count as updated', async () => {
    const mark = await ws.mark();
    expect((await update({ ratelimits: [limitOf('requests', 100)] })).body.data.ratelimits[0].id).toBe(
      requests,
    );
    expect(await eventNames(mark)).toEqual(['identity.update', 'ratelimit.update']);
  });

  test('compare by name with letter case', async () => {
    const { body } = await update({ ratelimits: [limitOf('Req'), limitOf('req')] });
    expect(body.data.ratelimits.map(({ name }: Limit) => name)).toEqual(['Req', 'req']);
    expect(await ws.limitRows(acme)).toHaveLength(2);
  });

  test('of a repeated name are refused, before the identity is looked for', async () => {
    const ratelimits = [limitOf('twice', 1), limitOf('once'), limitOf('twice', 2)];
    for (const identity of ['acme', 'unknown']) {
      const { status, body } = await ws.call(UPDATE, { identity, ratelimits });
      expect(status).toBe(400);
      expect(body.error).toMatchObject({
        type: errorType('unkey/application/invalid_input'),
        detail: expect.stringContaining('twice'),
        errors: [],
      });
    }
  });

  test('ignore members that they do not know', async () => {
    const ratelimits = [{ ...limitOf('requests'), foo: 1 }];
    expect((await ws.call(UPDATE, { identity: 'acme', ratelimits })).status).toBe(200);
  });

  test('apply to verification once the key is loaded anew', async () => {
    const created = await ws.call('apis.createApi', { name: 'limited' });
    const { apiId } = created.body.data;
    const { key } = (await ws.call('keys.createKey', { apiId, externalId: 'acme' })).body.data;
    const verify = async () => (await ws.call('keys.verifyKey', { key })).body.data;
    const shared = { id: requests, name: 'requests', autoApply: true, duration: 60_000 };
    expect((await verify()).ratelimits).toMatchObject([{ ...shared, limit: 100, remaining: 99 }]);
    await update({ meta: { plan: 'free' }, ratelimits: [limitOf('requests', 3)] });
    // Past every age of a cached key.
    api.clock.advance(11 * 60_000);
    expect(await verify()).toMatchObject({
      valid: true,
      identity: { id: acme, externalId: 'acme', meta: { plan: 'free' } },
      ratelimits: [{ ...shared, limit: 3, remaining: 2 }],
    });
  });
});

describe('identities.updateIdentity', () => {
  test('changes nothing when nothing is named, and is told to the audit log once', async () => {
    const before = await ws.read('acme');
    const mark = await ws.mark();
    const { status, body } = await update({});
    expect(status).toBe(200);
    expect(body.data).toEqual(before);
    expect(await ws.eventsSince(mark)).toMatchObject([
      { event: 'identity.update', correlation_id: expect.stringMatching(/^cor_/) },
    ]);
  });

  test('takes the id as well as the external id', async () => {
    const { body } = await ws.call(UPDATE, { identity: acme, meta: { by: 'id' } });
    expect(body.data).toMatchObject({ id: acme, externalId: 'acme', meta: { by: 'id' } });
  });

  test('answers alike for absent, deleted and foreign identities', async () => {
    await ws.identity('gone');
    await ws.call('identities.deleteIdentity', { identity: 'gone' });
    const other = await identityWorkspace(api);
    const answers = await Promise.all(
      ['unknown', 'ACME', 'gone', await other.identity('foreign'), 'x'.repeat(1000)].map((identity) =>
        ws.call(UPDATE, { identity, meta: {} }),
      ),
    );
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect(body.error).toEqual(answers[0]?.body.error);
    }
    expect(answers[0]?.body.error.type).toBe(errorType('unkey/data/identity_not_found'));
    expect(await other.read('foreign')).toEqual({ id: expect.any(String), externalId: 'foreign' });
  });

  test.each<[string, object]>([
    ['null for metadata', { meta: null }],
    ['null for limits', { ratelimits: null }],
    ['51 limits', { ratelimits: Array.from({ length: 51 }, (_, i) => limitOf(`limit${i}`)) }],
    ['101 members', { meta: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, i])) }],
    ['an unknown field', { foo: 1 }],
    ['a new external id', { externalId: 'acme2' }],
    ['no identity', { identity: undefined }],
    ['an empty identity', { identity: '' }],
  ])('refuses %s', async (_, body) => {
    const answer = await ws.call(UPDATE, { identity: 'acme', ...body });
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors).not.toEqual([]);
  });

  test('asks for permission on all identities, known or not', async () => {
    for (const permissions of [[], [`identity.${acme}.update_identity`], ['identity.*.read_identity']]) {
      for (const identity of ['acme', 'unknown']) {
        const { status, body } = await ws.as(permissions, UPDATE, { identity });
        expect(status).toBe(403);
        expect(body.error.detail).toContain('identity.*.update_identity');
      }
    }
    for (const permission of [
      'identity.*.update_identity',
      `unkey:v1:${ws.id}:projects/*/identities/*#update_identity`,
    ]) {
      expect((await ws.as([permission], UPDATE, { identity: 'acme' })).status).toBe(200);
    }
  });

  test('asks for permission before it looks for repeated names', async () => {
    const ratelimits = [limitOf('twice'), limitOf('twice')];
    expect((await ws.as([], UPDATE, { identity: 'acme', ratelimits })).status).toBe(403);
  });
});
