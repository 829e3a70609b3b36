// Three API servers on one database, joined by gossip. Their clocks stand still, so that no cached entry ever ages: what
// another node knows of a change, it was told.
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { gossipSecret } from '../support/gossip.ts';
import { freshMysqlDatabase, type MysqlDatabase, requireOrSkip } from '../support/servers.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

const SOON = { timeout: 20_000, interval: 5 };
const ROUNDS = 5;

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

describe.runIf(requireOrSkip('mysql'))('API servers joined by gossip', () => {
  let database: MysqlDatabase;
  let apis: TestApi[];
  let ws: TestWorkspace;

  beforeAll(async () => {
    database = await freshMysqlDatabase();
    const ports = await freePorts(6);
    const secretKey = gossipSecret();
    const startMs = Date.now();
    apis = [];
    for (const [i, lanPort] of ports.slice(0, 3).entries()) {
      const api = await startApi({
        startMs,
        config: {
          instanceId: `node-${i}`,
          database: { primary: database.url, readonlyReplica: undefined },
          gossip: {
            bindAddr: '127.0.0.1',
            lanPort,
            wanPort: ports[3 + i] ?? 0,
            lanSeeds: [`127.0.0.1:${ports[0]}`],
            wanSeeds: [],
            wanAdvertiseAddr: '',
            secretKey,
          },
        },
      });
      apis.push(api);
    }
    ws = await testWorkspace(apis[0] as TestApi);
  });
  afterAll(async () => {
    await Promise.all(apis.map((api) => api.stop()));
    await database.drop();
  });

  const codeOn = async (api: TestApi, key: string): Promise<string> =>
    (await api.call('keys.verifyKey', { key }, ws.rootKey)).body.data.code;

  test('a key that is disabled on one is refused on the others', async () => {
    const [first, ...others] = apis as [TestApi, ...TestApi[]];
    for (let round = 0; round < ROUNDS; round++) {
      const { key, keyId } = await ws.createKey();
      for (const api of apis) expect(await codeOn(api, key)).toBe('VALID');
      expect((await first.call('keys.updateKey', { keyId, enabled: false }, ws.rootKey)).status).toBe(200);
      for (const api of others) await expect.poll(() => codeOn(api, key), SOON).toBe('DISABLED');
    }
  });

  test('an API that is deleted on one is unknown to the others', async () => {
    const [first, ...others] = apis as [TestApi, ...TestApi[]];
    const { apiId } = (await first.call('apis.createApi', { name: 'short-lived' }, ws.rootKey)).body.data;
    const statusOn = async (api: TestApi) => (await api.call('apis.getApi', { apiId }, ws.rootKey)).status;
    for (const api of apis) expect(await statusOn(api)).toBe(200);
    expect((await first.call('apis.deleteApi', { apiId }, ws.rootKey)).status).toBe(200);
    for (const api of others) await expect.poll(() => statusOn(api), SOON).toBe(404);
  });

  test('an override that is set on one decides on the others', async () => {
    const [first, ...others] = apis as [TestApi, ...TestApi[]];
    const rootKey = await first.rootKey(
      ['limit', 'create_namespace', 'set_override', 'delete_override'].map(
        (action) => `ratelimit.*.${action}`,
      ),
      ws.id,
    );
    const limitOn = async (api: TestApi): Promise<number> => {
      const check = { namespace: 'shared', identifier: 'user', limit: 100, duration: 60_000, cost: 0 };
      return (await api.call('ratelimit.limit', check, rootKey)).body.data.limit;
    };
    for (const api of apis) expect(await limitOn(api)).toBe(100);
    const override = { namespace: 'shared', identifier: 'user' };
    const set = { ...override, limit: 7, duration: 60_000 };
    expect((await first.call('ratelimit.setOverride', set, rootKey)).status).toBe(200);
    for (const api of others) await expect.poll(() => limitOn(api), SOON).toBe(7);
    expect((await first.call('ratelimit.deleteOverride', override, rootKey)).status).toBe(200);
    for (const api of others) await expect.poll(() => limitOn(api), SOON).toBe(100);
  });
});
