import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type IdentityWorkspace, identityWorkspace, limitOf } from '../support/identities.ts';

let api: TestApi;
let ws: IdentityWorkspace;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(async () => {
  ws = await identityWorkspace(api);
});

const DELETE = 'identities.deleteIdentity';
const errorType = (path: string) => `https://unkey.com/docs/errors/${path}`;
const remove = (identity: string) => ws.call(DELETE, { identity });

describe('identities.deleteIdentity', () => {
  test('answers nothing but the request id', async () => {
    await ws.identity('acme');
    const { status, body } = await remove('acme');
    expect(status).toBe(200);
    expect(body).toEqual({ meta: { requestId: expect.stringMatching(/^req_/) } });
  });

  test('takes the id as well as the external id', async () => {
    expect((await remove(await ws.identity('acme'))).status).toBe(200);
    expect((await remove('acme')).status).toBe(404);
  });

  test('marks the row, keeps its limits, and tells the audit log of both', async () => {
    const id = await ws.identity('acme', { ratelimits: [limitOf('bbb'), limitOf('aaa')] });
    const [row] = await ws.rows('acme');
    const limits = await ws.limitRows(id);
    api.clock.advance(1000);
    const mark = await ws.mark();
    await remove('acme');

    expect(await ws.rows('acme')).toEqual([{ ...row, deleted: 1, updated_at: api.clock.now() }]);
    expect(await ws.limitRows(id)).toEqual(limits);
    const events = await ws.eventsSince(mark);
    const identity = { type: 'identity', id, name: 'acme' };
    expect(events.map(({ event, targets }) => [event, ...targets])).toEqual([
      ['identity.delete', identity],
      ['ratelimit.delete', identity, { type: 'ratelimit', id: limits[1]?.id, name: 'aaa' }],
      ['ratelimit.delete', identity, { type: 'ratelimit', id: limits[0]?.id, name: 'bbb' }],
    ]);
    expect(new Set(events.map((event) => event.correlation_id)).size).toBe(1);
    expect(events[0]?.correlation_id).toMatch(/^cor_/);
  });

  test('has a correlation id also when there is one event only', async () => {
    await ws.identity('acme');
    const mark = await ws.mark();
    await remove('acme');
    expect(await ws.eventsSince(mark)).toMatchObject([
      { event: 'identity.delete', correlation_id: expect.stringMatching(/^cor_/) },
    ]);
  });

  test('frees the external id; of the deleted the last stays, the others go with their limits', async () => {
    const first = await ws.identity('acme', { ratelimits: [limitOf('old')] });
    await remove('acme');
    const second = await ws.identity('acme', { ratelimits: [limitOf('new')] });
    const mark = await ws.mark();
    expect((await remove('acme')).status).toBe(200);

    expect(await ws.rows('acme')).toMatchObject([{ id: second, deleted: 1 }]);
    expect(await ws.limitRows(first)).toEqual([]);
    expect(await ws.limitRows(second)).toHaveLength(1);
    expect((await ws.eventsSince(mark)).map(({ event }) => event)).toEqual([
      'identity.delete',
      'ratelimit.delete',
    ]);
    expect((await remove('acme')).status).toBe(404);
  });

  test('answers alike for absent, deleted and foreign identities, and leaves those alone', async () => {
    await ws.identity('gone');
    await remove('gone');
    const other = await identityWorkspace(api);
    const foreign = await other.identity('foreign');
    const answers = await Promise.all(
      ['unknown', 'gone', foreign, 'foreign', '@#$%', 'x'.repeat(1000)].map(remove),
    );
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect(body.error).toEqual(answers[0]?.body.error);
    }
    expect(answers[0]?.body.error.type).toBe(errorType('unkey/data/identity_not_found'));
    expect(await other.read('foreign')).toMatchObject({ id: foreign });
  });

  test.each([[{}], [{ identity: '' }], [{ identity: null }], [{ identity: 'acme', x: 1 }]])(
    'refuses %j',
    async (body) => {
      const answer = await ws.call(DELETE, body);
      expect(answer.status).toBe(400);
      expect(answer.body.error.errors).not.toEqual([]);
    },
  );

  test('asks for permission on all identities, known or not', async () => {
    const id = await ws.identity('acme');
    for (const permission of [
      'test.none.nothing',
      `identity.${id}.delete_identity`,
      'identity.delete_identity',
      'key.*.delete_key',
      'identity.*.read_identity',
    ]) {
      for (const identity of ['acme', 'unknown']) {
        const { status, body } = await ws.as([permission], DELETE, { identity });
        expect(status).toBe(403);
        expect(body.error.detail).toContain('identity.*.delete_identity');
      }
    }
    for (const permission of [
      'identity.*.delete_identity',
      `unkey:v1:${ws.id}:projects/*/identities/*#delete_identity`,
    ]) {
      await ws.call('identities.createIdentity', { externalId: 'acme' });
      expect((await ws.as([permission], DELETE, { identity: 'acme' })).status).toBe(200);
    }
  });
});

describe('the keys of a deleted identity', () => {
  test('stay valid without it, and are not linked to one that takes its external id', async () => {
    await ws.identity('acme', { meta: { plan: 'pro' }, ratelimits: [limitOf('shared', 5)] });
    const { apiId } = (await ws.call('apis.createApi', { name: 'orphaned' })).body.data;
    const { key, keyId } = (await ws.call('keys.createKey', { apiId, externalId: 'acme' })).body.data;
    const verify = (body = {}) => ws.call('keys.verifyKey', { key, ...body });
    expect((await verify()).body.data).toMatchObject({
      code: 'VALID',
      identity: { externalId: 'acme' },
      ratelimits: [{ name: 'shared' }],
    });

    await remove('acme');
    await ws.identity('acme', { ratelimits: [limitOf('shared', 1)] });
    // Past every age of a cached key.
    api.clock.advance(11 * 60_000);

    const verified = await verify();
    expect(verified.body.data).toMatchObject({ valid: true, code: 'VALID' });
    expect(verified.body.data).not.toHaveProperty('identity');
    expect(verified.body.data).not.toHaveProperty('ratelimits');
    expect((await ws.call('keys.getKey', { keyId })).body.data).not.toHaveProperty('identity');
    expect((await ws.call('apis.listKeys', { apiId })).body.data).toEqual([
      expect.not.objectContaining({ identity: expect.anything() }),
    ]);

    const named = await verify({ ratelimits: [{ name: 'shared' }] });
    expect(named.status).toBe(412);
    expect(named.body.error.type).toBe(errorType('unkey/application/precondition_failed'));
  });
});
