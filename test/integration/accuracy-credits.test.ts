// Credits over HTTP: what test/integration/credits.test.ts proves of the limiters, seen by callers of several API servers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { freshMysqlDatabase, type MysqlDatabase, redisUrl, requireOrSkip } from '../support/servers.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

/** How soon MySQL has the exact balance. */
const SETTLED = { timeout: 10_000 };

const both = requireOrSkip('redis') && requireOrSkip('mysql');

describe.runIf(both)('credits on three API servers over HTTP', () => {
  let database: MysqlDatabase;
  const apis: TestApi[] = [];
  let ws: TestWorkspace;

  beforeAll(async () => {
    database = await freshMysqlDatabase();
    for (let node = 0; node < 3; node++) {
      const stores = { database: { primary: database.url, readonlyReplica: undefined } };
      apis.push(await startApi({ redisUrl: redisUrl(), config: stores }));
    }
    const [first] = apis;
    if (first === undefined) throw new Error('no server was started');
    ws = await testWorkspace(first);
  });
  afterAll(async () => {
    await Promise.all(apis.map((api) => api.stop()));
    await database.drop();
  });

  test('1500 verifications at once of a key with 200 credits: exactly 200 are valid', async () => {
    const { key, keyId } = await ws.createKey({ credits: { remaining: 200 } });
    const answers = await Promise.all(
      Array.from({ length: 1_500 }, (_, index) =>
        apis[index % apis.length]?.call('keys.verifyKey', { key }, ws.rootKey),
      ),
    );
    const codes = answers.map((answer) => [answer?.status, answer?.body.data?.code]);
    expect(codes.filter(([status, code]) => status === 200 && code === 'VALID')).toHaveLength(200);
    expect(codes.filter(([status, code]) => status === 200 && code === 'USAGE_EXCEEDED')).toHaveLength(1_300);
    await expect
      .poll(async () => {
        const answer = await ws.call('keys.getKey', { keyId });
        return answer.body.data.credits.remaining;
      }, SETTLED)
      .toBe(0);
  });
});
