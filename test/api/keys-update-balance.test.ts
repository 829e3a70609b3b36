// keys.updateKey sets the balance that verifications count from, also where they have counted from the old one.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

let api: TestApi;
let ws: TestWorkspace;
beforeAll(async () => {
  api = await startApi();
  ws = await testWorkspace(api);
});
afterAll(() => api.stop());

test('verifications go by a balance that was set, and by one that was taken away', async () => {
  const { keyId, key } = await ws.createKey({
    credits: { remaining: 100, refill: { interval: 'monthly', amount: 50, refillDay: 15 } },
  });
  expect(await ws.verify(key)).toMatchObject({ valid: true, credits: 99 });

  const set = await ws.call('keys.updateKey', { keyId, credits: { remaining: 50 } });
  expect([set.status, set.body.data]).toEqual([200, {}]);
  expect(await ws.verify(key)).toMatchObject({ valid: true, credits: 49 });

  expect((await ws.call('keys.updateKey', { keyId, credits: { remaining: 0 } })).status).toBe(200);
  expect(await ws.verify(key)).toMatchObject({ valid: false, code: 'USAGE_EXCEEDED', credits: 0 });

  expect((await ws.call('keys.updateKey', { keyId, credits: null })).status).toBe(200);
  expect(await ws.verify(key)).not.toHaveProperty('credits');
  const [row] = await api.db.primary.all(
    'test',
    'SELECT remaining_requests, refill_amount, refill_day FROM `keys` WHERE id = :keyId',
    { keyId },
  );
  expect(row).toEqual({ remaining_requests: null, refill_amount: null, refill_day: null });
});
