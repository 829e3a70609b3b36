// A MySQL that is killed under an API that counts in Redis: what is cached or counted goes on, what needs the store says so
// in time, and everything works again once it is back, without a restart of the API.
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { type OwnServer, ownServer, ownServerOrSkip } from '../support/own-server.ts';
import { type RatelimitWorkspace, ratelimitWorkspace } from '../support/ratelimit.ts';
import { redisUrl, requireOrSkip } from '../support/servers.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

/** Beyond what an operation tries to reach the store, with its retries. */
const DEADLINE_MS = 15_000;
const DATABASE = 'unkey_faults';
const CREDITS = 50;

const possible = requireOrSkip('redis') && (await ownServerOrSkip('mysql'));

describe.runIf(possible)('while MySQL is dead', { timeout: 90_000 }, () => {
  let mysql: OwnServer;
  let api: TestApi;
  let keys: TestWorkspace;
  let limits: RatelimitWorkspace;

  beforeAll(async () => {
    mysql = await ownServer('mysql');
    const connection = await createConnection({ uri: mysql.directUrl() });
    await connection.query(`CREATE DATABASE ${DATABASE}`);
    await connection.end();
    const primary = new URL(DATABASE, mysql.url).href;
    api = await startApi({
      redisUrl: redisUrl(),
      config: { database: { primary, readonlyReplica: undefined } },
    });
    keys = await testWorkspace(api);
    limits = await ratelimitWorkspace(api);
  });
  afterAll(async () => {
    await api.stop();
    await mysql.stop();
  });

  async function inTime(calling: Promise<Answer>): Promise<Answer> {
    const late = AbortSignal.timeout(DEADLINE_MS);
    const waiting = new Promise<never>((_resolve, reject) => {
      late.addEventListener('abort', () => reject(new Error(`no answer within ${DEADLINE_MS} ms`)));
    });
    return Promise.race([calling, waiting]);
  }

  test('limits and credits that are known go on, and are written back later', async () => {
    const limit = { namespace: 'known', identifier: 'user', limit: 10, duration: 60_000 };
    const { key, keyId } = await keys.createKey({ credits: { remaining: CREDITS } });
    expect((await limits.call('ratelimit.limit', limit)).status).toBe(200);
    expect(await keys.verify(key)).toMatchObject({ code: 'VALID', credits: CREDITS - 1 });

    await mysql.kill();
    for (let spent = 2; spent <= 10; spent++) {
      const limited = await inTime(limits.call('ratelimit.limit', limit));
      expect([limited.status, limited.body.data?.remaining]).toEqual([200, 10 - spent]);
      const verified = await inTime(keys.call('keys.verifyKey', { key }));
      expect([verified.status, verified.body.data]).toMatchObject([
        200,
        { code: 'VALID', credits: CREDITS - spent },
      ]);
    }
    const unknown = await inTime(limits.call('ratelimit.limit', { ...limit, namespace: 'unknown' }));
    const created = await inTime(keys.call('keys.createKey', { apiId: keys.apiId }));
    for (const { status, body } of [unknown, created]) {
      expect(status).toBe(500);
      expect(JSON.stringify(body)).not.toMatch(/ECONN|mysql|sequelize/i);
    }

    await mysql.restart();
    await expect
      .poll(
        async () => {
          // Breakers go by the API's clock.
          api.clock.advance(1_000);
          return (await keys.call('keys.createKey', { apiId: keys.apiId })).status;
        },
        { timeout: 30_000, interval: 200 },
      )
      .toBe(200);
    expect((await limits.call('ratelimit.limit', { ...limit, namespace: 'unknown' })).status).toBe(200);
    await expect
      .poll(
        async () => {
          api.clock.advance(1_000);
          const answer = await keys.call('keys.getKey', { keyId });
          return answer.body.data?.credits.remaining;
        },
        { timeout: 30_000, interval: 200 },
      )
      .toBe(CREDITS - 10);
  });
});
