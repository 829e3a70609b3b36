// Every operation on identities through the official SDK, whose own parsing refuses what does not fit.
import { Unkey } from '@unkey/api';
import * as errors from '@unkey/api/models/errors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { IDENTITY_ADMIN } from '../support/identities.ts';

let api: TestApi;
let unkey: Unkey;

beforeAll(async () => {
  api = await startApi();
  unkey = new Unkey({
    serverURL: api.url,
    rootKey: await api.rootKey(IDENTITY_ADMIN, await api.workspace()),
    retryConfig: { strategy: 'none' },
  });
});
afterAll(() => api.stop());

test('creates, gets, updates and deletes an identity', async () => {
  const { data } = await unkey.identities.createIdentity({
    externalId: 'user_1',
    meta: { plan: 'pro' },
    ratelimits: [{ name: 'requests', limit: 10, duration: 60_000, autoApply: true }],
  });
  const identity = {
    id: data.identityId,
    externalId: 'user_1',
    meta: { plan: 'pro' },
    ratelimits: [{ id: expect.any(String), name: 'requests', limit: 10, duration: 60_000, autoApply: true }],
  };
  expect((await unkey.identities.getIdentity({ identity: 'user_1' })).data).toEqual(identity);

  const updated = await unkey.identities.updateIdentity({ identity: data.identityId, ratelimits: [] });
  expect(updated.data).toEqual({ id: data.identityId, externalId: 'user_1', meta: { plan: 'pro' } });

  const removed = await unkey.identities.deleteIdentity({ identity: 'user_1' });
  expect(removed).toEqual({ meta: { requestId: expect.stringMatching(/^req_/) } });
});

test('walks through the pages of a list', async () => {
  for (const externalId of ['page_1', 'page_2', 'page_3']) {
    await unkey.identities.createIdentity({ externalId });
  }
  const listed: string[] = [];
  for await (const page of await unkey.identities.listIdentities({ search: 'PAGE_', limit: 2 })) {
    listed.push(...page.result.data.map(({ externalId }) => externalId));
  }
  expect(listed.sort()).toEqual(['page_1', 'page_2', 'page_3']);
});

test('recognises a conflict and an absent identity', async () => {
  await unkey.identities.createIdentity({ externalId: 'twice' });
  await expect(unkey.identities.createIdentity({ externalId: 'twice' })).rejects.toBeInstanceOf(
    errors.ConflictErrorResponse,
  );
  const absent = { identity: 'unknown' };
  await expect(unkey.identities.getIdentity(absent)).rejects.toBeInstanceOf(errors.NotFoundErrorResponse);
  await expect(unkey.identities.updateIdentity(absent)).rejects.toBeInstanceOf(errors.NotFoundErrorResponse);
  // Of deleteIdentity's errors the SDK expects another content type than it asks for, so it knows the status alone.
  await expect(unkey.identities.deleteIdentity(absent)).rejects.toMatchObject({ statusCode: 404 });
});
