import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { freshMysqlDatabase, type MysqlDatabase, requireOrSkip } from '../support/servers.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

describe.runIf(requireOrSkip('mysql'))('a MySQL server that goes away', () => {
  let database: MysqlDatabase;
  let proxy: TcpProxy;
  let api: TestApi;
  let ws: TestWorkspace;

  beforeAll(async () => {
    database = await freshMysqlDatabase();
    const url = new URL(database.url);
    proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port || 3306) });
    url.host = `127.0.0.1:${proxy.port}`;
    api = await startApi({ config: { database: { primary: url.href, readonlyReplica: undefined } } });
    ws = await testWorkspace(api);
  });
  afterAll(async () => {
    await api.stop();
    await proxy.close();
    await database.drop();
  });

  test('fails what needs it with a request id, keeps verifying what is cached, and heals by itself', async () => {
    const seen = await ws.createKey();
    const unseen = await ws.createKey();
    expect((await ws.verify(seen.key)).code).toBe('VALID');

    proxy.cut();
    for (const [operation, body] of [
      ['keys.createKey', { apiId: ws.apiId }],
      ['keys.getKey', { keyId: seen.keyId }],
      ['keys.updateKey', { keyId: seen.keyId, enabled: false }],
      ['keys.verifyKey', { key: unseen.key }],
    ] as const) {
      const answer = await ws.call(operation, body);
      expect([operation, answer.status]).toEqual([operation, 500]);
      expect(answer.body.error.type).toBe(
        'https://unkey.com/docs/errors/unkey/application/service_unavailable',
      );
      expect(answer.body.meta.requestId).toMatch(/^req_/);
      expect(JSON.stringify(answer.body)).not.toMatch(/ECONN|mysql|sequelize/i);
    }
    for (let i = 0; i < 10; i++) expect((await ws.verify(seen.key)).code).toBe('VALID');
    // Past the fresh time the entry is served while its refresh fails behind.
    api.clock.advance(60_000);
    expect((await ws.verify(seen.key)).code).toBe('VALID');
    const ready = await api.fetch('/health/ready');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ status: 'ok', checks: { database: 'fail' } });

    proxy.restore();
    await expect
      .poll(async () => (await ws.call('keys.getKey', { keyId: seen.keyId })).status, { timeout: 15_000 })
      .toBe(200);
    expect((await ws.verify(unseen.key)).code).toBe('VALID');
    expect((await ws.call('keys.createKey', { apiId: ws.apiId })).status).toBe(200);
  });
});
