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

const MAX = Number.MAX_SAFE_INTEGER;

const keyWith = (credits?: Record<string, unknown>) => ws.createKey(credits === undefined ? {} : { credits });
const update = (keyId: string, operation: string, value?: unknown) =>
  ws.call('keys.updateCredits', { keyId, operation, ...(value === undefined ? {} : { value }) });
const row = async (keyId: string) => {
  const [found] = await api.db.primary.all<Record<string, unknown>>(
    'test',
    `SELECT remaining_requests AS remaining, refill_amount AS refillAmount, refill_day AS refillDay,
            updated_at_m AS updatedAt, last_refill_at AS lastRefillAt FROM \`keys\` WHERE id = :keyId`,
    { keyId },
  );
  return found;
};

describe('the balance', () => {
  test('is set, increased and decreased, to 0 at the least', async () => {
    const { keyId } = await keyWith({ remaining: 7 });
    expect((await update(keyId, 'set', 12)).body.data).toEqual({ remaining: 12 });
    expect((await update(keyId, 'increment', 5)).body.data).toEqual({ remaining: 17 });
    expect((await update(keyId, 'decrement', 20)).body.data).toEqual({ remaining: 0 });
    expect(await row(keyId)).toMatchObject({ remaining: 0, updatedAt: null, lastRefillAt: null });
    expect((await update(keyId, 'set', 0)).body.data).toEqual({ remaining: 0 });
  });

  test.each([[{ interval: 'daily', amount: 100 }], [{ interval: 'monthly', amount: 100, refillDay: 31 }]])(
    'changes beside the refill %j',
    async (refill) => {
      const { keyId } = await keyWith({ remaining: 10, refill });
      expect((await update(keyId, 'set', 3)).body.data).toEqual({ remaining: 3, refill });
      expect((await update(keyId, 'decrement', 1)).body.data).toEqual({ remaining: 2, refill });
    },
  );

  test.each([[null], [undefined]])('is unlimited, without a refill, when set to %s', async (value) => {
    const { keyId, key } = await keyWith({ remaining: 1, refill: { interval: 'daily', amount: 100 } });
    const answer = await update(keyId, 'set', value);
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({ remaining: null });
    expect(await row(keyId)).toMatchObject({ remaining: null, refillAmount: null, refillDay: null });
    for (let count = 0; count < 3; count++) expect(await ws.verify(key)).toMatchObject({ valid: true });
  });

  test('counts every one of concurrent changes', async () => {
    const { keyId } = await keyWith({ remaining: 0 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => update(keyId, 'increment', 1)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(answers.map(({ body }) => body.data.remaining).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect(await row(keyId)).toMatchObject({ remaining: 20 });
  });

  test('stays within what a number holds exactly', async () => {
    const { keyId } = await keyWith({ remaining: MAX - 1 });
    expect((await update(keyId, 'increment', 1)).body.data).toEqual({ remaining: MAX });
    const refused = await update(keyId, 'increment', 1);
    expect(refused.status).toBe(400);
    expect(refused.body.error).toMatchObject({ type: expect.stringMatching(/invalid_input$/), errors: [] });
    expect(await row(keyId)).toMatchObject({ remaining: MAX });
  });

  test('of an adopted database is decreased exactly, however large', async () => {
    const { keyId } = await keyWith({ remaining: 1 });
    await api.db.primary.run('test', 'UPDATE `keys` SET remaining_requests = :n WHERE id = :keyId', {
      keyId,
      n: 9_007_199_254_740_995n,
    });
    expect((await update(keyId, 'increment', 1)).status).toBe(400);
    const answer = await api.fetch('/v2/keys.updateCredits', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${ws.rootKey}` },
      body: JSON.stringify({ keyId, operation: 'decrement', value: 2 }),
    });
    expect(await answer.text()).toContain('"remaining":9007199254740993');
  });
});

describe('verification', () => {
  test('goes by the new balance at once', async () => {
    const { keyId, key } = await keyWith({ remaining: 100 });
    expect((await ws.verify(key)).credits).toBe(99);
    await update(keyId, 'set', 50);
    expect((await ws.verify(key)).credits).toBe(49);
    expect((await update(keyId, 'increment', 10)).body.data).toEqual({ remaining: 59 });
    expect((await ws.verify(key)).credits).toBe(58);
    await update(keyId, 'set', 0);
    expect(await ws.verify(key)).toMatchObject({ code: 'USAGE_EXCEEDED', credits: 0 });
  });

  test('counts credits of a key that was unlimited, once they are set', async () => {
    const { keyId, key } = await keyWith();
    expect(await ws.verify(key)).not.toHaveProperty('credits');
    await update(keyId, 'set', 1);
    expect((await ws.verify(key)).credits).toBe(0);
    expect((await ws.verify(key)).code).toBe('USAGE_EXCEEDED');
  });
});

describe('refusals', () => {
  test('an unlimited key has nothing to add to or take from', async () => {
    const { keyId } = await keyWith();
    for (const operation of ['increment', 'decrement']) {
      const answer = await update(keyId, operation, 1);
      expect(answer.status).toBe(400);
      expect(answer.body.error.errors).toEqual([]);
    }
  });

  test('to add and take needs a value', async () => {
    const { keyId } = await keyWith({ remaining: 10 });
    for (const operation of ['increment', 'decrement']) {
      for (const value of [undefined, null]) {
        expect((await update(keyId, operation, value)).status).toBe(400);
      }
    }
    expect(await row(keyId)).toMatchObject({ remaining: 10 });
  });

  test.each([
    [{ value: -1 }, '/properties/value/minimum'],
    [{ value: '5' }, '/properties/value/type'],
    [{ value: MAX + 1 }, '/properties/value/maximum'],
    [{ operation: 'add' }, '/properties/operation/enum'],
    [{ keyId: '' }, '/properties/keyId/minLength'],
    [{ keyId: undefined, operation: undefined }, '/required'],
    [{ refill: null }, '/additionalProperties'],
  ])('refuses %j', async (over, location) => {
    const answer = await ws.call('keys.updateCredits', {
      keyId: 'key_any',
      operation: 'set',
      value: 1,
      ...over,
    });
    expect(answer.status).toBe(400);
    expect(answer.body.error.errors).toContainEqual(expect.objectContaining({ location }));
  });

  test('takes a key id of any characters and length, and does not find it', async () => {
    for (const keyId of ['key_unknown', 'a b', 'x'.repeat(300)]) {
      const answer = await update(keyId, 'set', 1);
      expect(answer.status).toBe(404);
      expect(answer.body.error.type).toMatch('data/key_not_found');
    }
  });

  test('does not find deleted keys and those of other workspaces', async () => {
    const foreign = await testWorkspace(api);
    const theirs = await foreign.createKey({ credits: { remaining: 1 } });
    const deleted = await keyWith({ remaining: 1 });
    await ws.call('keys.deleteKey', { keyId: deleted.keyId });
    for (const { keyId } of [theirs, deleted]) {
      expect((await update(keyId, 'increment', 1)).status).toBe(404);
    }
  });

  test('asks for update_key, naming neither API nor keyspace', async () => {
    const { keyId } = await keyWith({ remaining: 1 });
    const body = { keyId, operation: 'increment', value: 1 };
    const as = async (permission: string) =>
      api.call('keys.updateCredits', body, await api.rootKey([permission], ws.id));
    for (const permission of ['api.*.create_key', 'api.api_other.update_key']) {
      const answer = await as(permission);
      expect(answer.status).toBe(403);
      expect(answer.body.error.detail).toContain('api.*.update_key');
      expect(answer.body.error.detail).not.toContain(ws.apiId);
      expect(answer.body.error.detail).not.toContain(ws.keyspaceId);
    }
    for (const permission of [
      `api.${ws.apiId}.update_key`,
      `unkey:v1:${ws.id}:keyspaces/${ws.keyspaceId}/keys/${keyId}#update_key`,
    ]) {
      expect((await as(permission)).status).toBe(200);
    }
  });
});

test('writes one audit event that tells the balance', async () => {
  const { keyId } = await ws.createKey({ name: 'audited', credits: { remaining: 7 } });
  await update(keyId, 'increment', 5);
  await update(keyId, 'set', null);
  const rows = await api.db.primary.all<{ payload: string }>(
    'test',
    'SELECT payload FROM clickhouse_outbox WHERE workspace_id = :id ORDER BY pk',
    { id: ws.id },
  );
  const events = rows
    .map(({ payload }) => JSON.parse(payload))
    .filter(({ event, description }) => event === 'key.update' && description.includes(keyId));
  const targets = [
    { type: 'keySpace', id: ws.keyspaceId },
    { type: 'key', id: keyId, name: 'audited' },
  ];
  expect(events).toMatchObject([
    { description: expect.stringContaining('12'), targets },
    { description: expect.stringContaining('unlimited'), targets },
  ]);
  for (const event of events) expect(event).not.toHaveProperty('correlation_id');
});
