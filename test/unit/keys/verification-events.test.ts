import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKey } from '../../../src/server/routes/keys/create-key.ts';
import { verifyKey } from '../../../src/server/routes/keys/verify-key.ts';
import { noEventSink, type VerificationEvent } from '../../../src/services/analytics/writing/event-sink.ts';
import { API, KEYSPACE, openWorkbench, WORKSPACE, type Workbench } from './workbench.ts';

let bench: Workbench;
let events: VerificationEvent[];
let balance: number;

beforeEach(async () => {
  events = [];
  balance = 3;
  bench = await openWorkbench({
    events: { ...noEventSink, verification: (event) => events.push(event) },
    usage: {
      async spend({ cost }) {
        if (balance < cost) return { allowed: false, remaining: balance };
        balance -= cost;
        return { allowed: true, remaining: balance };
      },
    },
  });
});
afterEach(() => bench.close());

const create = (body = {}): Promise<{ keyId: string; key: string }> =>
  bench.run(createKey, { apiId: API, ...body });

test('tells who used which key, where, with what outcome and at what cost', async () => {
  const { keyId, key } = await create({ externalId: 'user_1', credits: { remaining: 3 } });
  const [identity] = await bench.rows<{ id: string }>('SELECT id FROM identities');
  await bench.run(verifyKey, { key, tags: ['b', 'a', 'b'], credits: { cost: 2 } });
  expect(events).toEqual([
    {
      requestId: 'req_test',
      timeMs: bench.clock.now(),
      workspaceId: WORKSPACE,
      keyspaceId: KEYSPACE,
      keyId,
      identityId: identity?.id,
      externalId: 'user_1',
      region: 'test',
      source: 'api',
      outcome: 'VALID',
      tags: ['b', 'a', 'b'],
      spentCredits: 2,
      latencyMs: expect.any(Number),
    },
  ]);
  expect(events[0]?.latencyMs).toSatisfy(Number.isInteger);
});

describe('a key that is refused', () => {
  const limit = { name: 'auto', limit: 1, duration: 60_000, autoApply: true };

  test.each([
    ['DISABLED', { enabled: false }, {}],
    ['EXPIRED', { expires: 1 }, {}],
    ['INSUFFICIENT_PERMISSIONS', {}, { permissions: 'a.b' }],
    ['USAGE_EXCEEDED', { credits: { remaining: 3 } }, { credits: { cost: 4 } }],
    ['RATE_LIMITED', { ratelimits: [limit] }, { ratelimits: [{ name: 'auto', cost: 2 }] }],
  ])('is recorded as %s with its tags and nothing spent', async (outcome, settings, request) => {
    const { key } = await create(settings);
    await bench.run(verifyKey, { key, tags: ['t'], ...request });
    expect(events).toMatchObject([{ outcome, tags: ['t'], spentCredits: 0, identityId: '', externalId: '' }]);
  });

  test('for its address is recorded as FORBIDDEN, for its workspace as WORKSPACE_DISABLED', async () => {
    const { key } = await create();
    await bench.db.primary.run('test', "UPDATE apis SET ip_whitelist = '192.0.2.1'");
    expect(await bench.run(verifyKey, { key })).toMatchObject({ code: 'FORBIDDEN' });
    await bench.db.primary.run('test', 'UPDATE workspaces SET enabled = 0');
    bench.keyCache.remove(
      ...(await bench.rows<{ hash: string }>('SELECT hash FROM `keys`')).map(({ hash }) => hash),
    );
    expect(await bench.run(verifyKey, { key })).toMatchObject({ code: 'FORBIDDEN' });
    expect(events.map(({ outcome }) => outcome)).toEqual(['FORBIDDEN', 'WORKSPACE_DISABLED']);
  });
});

test('an unlimited key spends nothing', async () => {
  const { key } = await create();
  await bench.run(verifyKey, { key, credits: { cost: 7 } });
  expect(events).toMatchObject([{ outcome: 'VALID', spentCredits: 0 }]);
});

test('what is answered as NOT_FOUND or with an error leaves no event', async () => {
  const { key } = await create();
  await bench.run(verifyKey, { key: 'unknown' });
  await bench.run(verifyKey, { key }, []);
  await expect(bench.run(verifyKey, { key, permissions: 'a AND' })).rejects.toThrowError();
  await expect(bench.run(verifyKey, { key, ratelimits: [{ name: 'ghost' }] })).rejects.toThrowError();
  expect(events).toEqual([]);
});
