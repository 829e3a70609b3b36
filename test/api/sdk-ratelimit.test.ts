// Every operation on rate limits and credits through the official SDK, whose own parsing refuses what does not fit.
import { Unkey } from '@unkey/api';
import * as errors from '@unkey/api/models/errors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { RATELIMIT_ADMIN } from '../support/ratelimit.ts';
import { KEY_ADMIN } from '../support/workspace.ts';

let api: TestApi;
let unkey: Unkey;

beforeAll(async () => {
  api = await startApi();
  unkey = new Unkey({
    serverURL: api.url,
    rootKey: await api.rootKey([...RATELIMIT_ADMIN, ...KEY_ADMIN], await api.workspace()),
    retryConfig: { strategy: 'none' },
  });
});
afterAll(() => api.stop());

const check = { namespace: 'sdk', identifier: 'user_1', limit: 10, duration: 60_000 };

test('limits, one check and several', async () => {
  const single = await unkey.ratelimit.limit(check);
  expect(single.data).toMatchObject({ success: true, limit: 10, remaining: 9 });
  const several = await unkey.ratelimit.multiLimit([check, { ...check, identifier: 'user_2', cost: 11 }]);
  expect(several.data).toMatchObject({
    passed: false,
    limits: [
      { namespace: 'sdk', identifier: 'user_1', passed: true, remaining: 9 },
      { namespace: 'sdk', identifier: 'user_2', passed: false, remaining: 0 },
    ],
  });
});

test('sets, gets, lists and deletes overrides', async () => {
  await unkey.ratelimit.limit({ ...check, namespace: 'overridden' });
  const of = { namespace: 'overridden', identifier: 'vip_*' };
  const { data } = await unkey.ratelimit.setOverride({ ...of, limit: 1000, duration: 1000 });
  const override = { overrideId: data.overrideId, identifier: 'vip_*', limit: 1000, duration: 1000 };

  const found = await unkey.ratelimit.getOverride({ ...of, identifier: 'vip_7' });
  expect(found.data).toEqual(override);
  const limited = await unkey.ratelimit.limit({ ...check, namespace: 'overridden', identifier: 'vip_7' });
  expect(limited.data).toMatchObject({ limit: 1000, overrideId: data.overrideId });

  await unkey.ratelimit.setOverride({ ...of, identifier: 'other', limit: 0, duration: 1000 });
  const listed: string[] = [];
  for await (const page of await unkey.ratelimit.listOverrides({ namespace: 'overridden', limit: 1 })) {
    listed.push(...page.result.data.map(({ identifier }) => identifier));
  }
  expect(listed.sort()).toEqual(['other', 'vip_*']);

  await unkey.ratelimit.deleteOverride(of);
  const refusal = await unkey.ratelimit.getOverride(of).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(errors.NotFoundErrorResponse);
});

test('is told that a namespace is gone', async () => {
  await unkey.ratelimit.limit({ ...check, namespace: 'leaving' });
  await api.db.primary.run('test', "UPDATE ratelimit_namespaces SET deleted_at_m = 1 WHERE name = 'leaving'");
  // Longer than any cache keeps what it knew.
  api.clock.advance(48 * 60 * 60_000);
  const refusal = await unkey.ratelimit
    .limit({ ...check, namespace: 'leaving' })
    .catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(errors.GoneErrorResponse);
});

test('changes the credits of a key', async () => {
  const { apiId } = (await unkey.apis.createApi({ name: 'sdk credits' })).data;
  const created = await unkey.keys.createKey({
    apiId,
    credits: { remaining: 10, refill: { interval: 'monthly', amount: 100, refillDay: 15 } },
  });
  const { keyId } = created.data;
  const more = await unkey.keys.updateCredits({ keyId, operation: 'increment', value: 5 });
  expect(more.data).toEqual({ remaining: 15, refill: { interval: 'monthly', amount: 100, refillDay: 15 } });
  const unlimited = await unkey.keys.updateCredits({ keyId, operation: 'set', value: null });
  expect(unlimited.data).toEqual({ remaining: null });
});
