// Credits on real servers: several limiters share one Redis and one MySQL, as the nodes of a region do.
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { createRedisUsageLimiter } from '../../src/services/usage/redis-usage-limiter.ts';
import type { CreditDecision, UsageLimiter } from '../../src/services/usage/usage-limiter.ts';
import { createRedisCreditCounters } from '../../src/storage/counters/credit-counters-redis.ts';
import { openRedis, type RedisConnection } from '../../src/storage/counters/redis-connection.ts';
import type { Database } from '../../src/storage/sql/database.ts';
import { insertRows } from '../../src/storage/sql/dialect.ts';
import { createMigrator } from '../../src/storage/sql/migrator.ts';
import { openDatabase } from '../../src/storage/sql/open-database.ts';
import { freshMysqlDatabase, type MysqlDatabase, redisUrl, requireOrSkip } from '../support/servers.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { recordingMetrics } from '../unit/support/recorders.ts';

const hasServers = requireOrSkip('mysql') && requireOrSkip('redis');
/** A database of Redis that no other suite uses: what one loses here, the others keep. */
const REDIS_DATABASE = 11;
/** How long balances may take to converge: they are written back after 100 ms, and breakers open for 5 s at most. */
const CONVERGES = { timeout: 25_000, interval: 100 };

interface Node {
  readonly usage: UsageLimiter;
  readonly redis: RedisConnection;
  readonly store: Database;
  /** Decisions that it made by the counter. */
  readonly counted: () => number;
}

describe.runIf(hasServers)('credits over several nodes', () => {
  let database: MysqlDatabase;
  let store: Database;
  let redis: Redis;
  let redisProxy: TcpProxy;
  let mysqlProxy: TcpProxy;
  let nodes: Node[] = [];
  let keyId: string;

  beforeAll(async () => {
    database = await freshMysqlDatabase();
    const opened = openStore(database.url);
    await createMigrator({ database: opened, clock: systemClock, toolVersion: 'test' }).up();
    store = opened;
    const redisAt = new URL(redisUrl());
    redis = new Redis(redisUrl(), { db: REDIS_DATABASE });
    redisProxy = await startTcpProxy({ host: redisAt.hostname, port: Number(redisAt.port || 6379) });
    const mysqlAt = new URL(database.url);
    mysqlProxy = await startTcpProxy({ host: mysqlAt.hostname, port: Number(mysqlAt.port || 3306) });
  });
  afterAll(async () => {
    await redis?.quit();
    await store?.close();
    await Promise.all([redisProxy?.close(), mysqlProxy?.close()]);
    await database?.drop();
  });

  beforeEach(async () => {
    await redis.flushdb();
    keyId = `key_${crypto.randomUUID().slice(0, 12)}`;
  });
  afterEach(async () => {
    redisProxy.restore();
    mysqlProxy.restore();
    await Promise.all(nodes.map(stop));
    nodes = [];
  });

  const stop = async (node: Node): Promise<void> => {
    await node.usage.close();
    node.redis.close();
    await node.store.close();
  };

  async function startNodes(count: number): Promise<readonly Node[]> {
    for (let i = 0; i < count; i++) nodes.push(startNode());
    await Promise.all(nodes.map((node) => expect.poll(() => answers(node.redis), CONVERGES).toBe(true)));
    return nodes;
  }

  function startNode(): Node {
    const url = new URL(redisUrl());
    url.host = `127.0.0.1:${redisProxy.port}`;
    url.pathname = `/${REDIS_DATABASE}`;
    const connection = openRedis(url.href, { log: silentLogger });
    const mysqlUrl = new URL(database.url);
    mysqlUrl.host = `127.0.0.1:${mysqlProxy.port}`;
    const ownStore = openStore(mysqlUrl.href);
    const metrics = recordingMetrics();
    const usage = createRedisUsageLimiter({
      counters: createRedisCreditCounters({ redis: connection }),
      db: ownStore,
      clock: systemClock,
      metrics,
      log: silentLogger,
    });
    const counted = (): number =>
      metrics.values.get('unkey_usagelimiter_decisions_total{source="redis",outcome="allowed"}') ?? 0;
    return { usage, redis: connection, store: ownStore, counted };
  }

  /** Cuts a node off from everything at once, as kill -9 does: what it has not written back is gone with it. */
  async function kill(node: Node): Promise<void> {
    nodes = nodes.filter((other) => other !== node);
    node.redis.close();
    await node.store.close();
  }

  /** Waits until every node decides by the counter again. */
  async function untilCounting(): Promise<void> {
    await Promise.all(
      nodes.map((node) => {
        const before = node.counted();
        const look = async (): Promise<number> => {
          await node.usage.spend({ keyId, cost: 0 });
          return node.counted();
        };
        return expect.poll(look, CONVERGES).toBeGreaterThan(before);
      }),
    );
  }

  async function sell(credits: number): Promise<void> {
    await insertRows(store.primary, 'arrange', 'keys', [
      {
        id: keyId,
        key_auth_id: 'ks_1',
        hash: keyId,
        start: 'abcd',
        workspace_id: 'ws_1',
        created_at_m: 0,
        remaining_requests: credits,
      },
    ]);
  }

  async function stored(): Promise<unknown> {
    const [row] = await store.primary.all<{ credits: unknown }>(
      'assert',
      'SELECT remaining_requests AS credits FROM `keys` WHERE id = :keyId',
      { keyId },
    );
    return row?.credits;
  }

  const converges = (credits: number) => expect.poll(stored, CONVERGES).toBe(credits);

  /** So many spendings at once, spread evenly over the nodes; tells those that went through. */
  async function spendMany(requests: number, cost = 1): Promise<CreditDecision[]> {
    const decisions = await Promise.all(
      Array.from({ length: requests }, (_, i) =>
        (nodes[i % nodes.length] as Node).usage.spend({ keyId, cost }),
      ),
    );
    return decisions.filter(({ allowed }) => allowed);
  }

  test.each([
    { nodes: 1, credits: 50, cost: 1, requests: 75, passes: 50 },
    { nodes: 3, credits: 100, cost: 5, requests: 50, passes: 20 },
    { nodes: 5, credits: 5, cost: 1, requests: 50, passes: 5 },
    { nodes: 3, credits: 25, cost: 5, requests: 10, passes: 5 },
    { nodes: 3, credits: 1, cost: 1, requests: 1_000, passes: 1 },
    { nodes: 9, credits: 1_000, cost: 1, requests: 10_000, passes: 1_000 },
  ])(
    '$nodes nodes, $credits credits, $requests requests of $cost at once: exactly $passes pass',
    async ({ nodes: count, credits, cost, requests, passes }) => {
      await sell(credits);
      await startNodes(count);
      const passed = await spendMany(requests, cost);
      expect(passed).toHaveLength(passes);
      expect(Math.min(...passed.map(({ remaining }) => Number(remaining)))).toBe(credits - passes * cost);
      await converges(credits - passes * cost);
    },
  );

  test('sequential answers count down by the cost, and the eleventh of ten is denied', async () => {
    await sell(10);
    await startNodes(2);
    for (let i = 0; i < 10; i++) {
      const { usage } = nodes[i % 2] as Node;
      expect(await usage.spend({ keyId, cost: 1 })).toEqual({ allowed: true, remaining: 9 - i });
    }
    expect(await spendMany(1)).toHaveLength(0);
    expect(await redis.ttl(`credits:${keyId}`)).toBeLessThanOrEqual(60);
    await (nodes[0] as Node).usage.invalidate(keyId);
    expect(await redis.exists(`credits:${keyId}`)).toBe(0);
  });

  test('a node that is killed leaves its spendings to the others', async () => {
    await sell(100);
    await startNodes(3);
    const before = await spendMany(30);
    await kill(nodes[0] as Node);
    const after = await spendMany(100);
    expect(before.length + after.length).toBe(100);
    await converges(0);
  });

  test('a Redis that comes back empty grants nothing again', async () => {
    await sell(1_000);
    await startNodes(9);
    const before = await spendMany(600);
    await redis.flushdb();
    const after = await spendMany(600);
    expect(before.length + after.length).toBe(1_000);
    await converges(0);
  });

  test('a Redis that loses everything amid the load grants nothing twice', async () => {
    await sell(3_000);
    await startNodes(9);
    await spendMany(9);
    const load = spendMany(6_000);
    await redis.flushdb();
    const passed = 9 + (await load).length + (await spendMany(3_000)).length;
    expect(passed).toBe(3_000);
    await converges(0);
  });

  test('a Redis that is away from the start leaves the decision to the store', async () => {
    redisProxy.cut();
    await sell(2);
    nodes.push(startNode());
    const decisions = [];
    for (let i = 0; i < 3; i++) decisions.push(await (nodes[0] as Node).usage.spend({ keyId, cost: 1 }));
    expect(decisions).toEqual([
      { allowed: true, remaining: 1 },
      { allowed: true, remaining: 0 },
      { allowed: false, remaining: 0 },
    ]);
    expect(await stored()).toBe(0);
  });

  test('a Redis that goes away and returns costs no credit and grants none', async () => {
    await sell(500);
    await startNodes(3);
    let passed = (await spendMany(100)).length;
    redisProxy.cut();
    passed += (await spendMany(100)).length;
    redisProxy.restore();
    await untilCounting();
    for (let round = 0; round < 4; round++) passed += (await spendMany(100)).length;
    expect(passed).toBe(500);
    await converges(0);
  });

  test('a Redis that keeps silent holds nobody up, and what it does late is charged once', async () => {
    await sell(200);
    await startNodes(2);
    let passed = (await spendMany(20)).length;
    redisProxy.slow(Number.POSITIVE_INFINITY);
    passed += (await spendMany(40)).length;
    expect(passed).toBe(60);
    redisProxy.restore();
    await untilCounting();
    passed += (await spendMany(200)).length;
    // What Redis carries out late may keep credits back until the counter ends; no more is granted, and none is charged.
    expect(passed).toBeLessThanOrEqual(200);
    await converges(200 - passed);
  });

  test('a store that is away stops nobody whose counter lives, and is brought up to date', async () => {
    await sell(100);
    await startNodes(2);
    expect(await spendMany(10)).toHaveLength(10);
    await converges(90);
    mysqlProxy.cut();
    expect(await spendMany(50)).toHaveLength(50);
    mysqlProxy.restore();
    await converges(40);
  });

  test('closing writes everything back and leaves nothing behind', async () => {
    await sell(100);
    await startNodes(2);
    await spendMany(40);
    await Promise.all(nodes.map(({ usage }) => usage.close()));
    expect(await stored()).toBe(60);
    expect(await redis.hgetall(`{credits:${keyId}}:spent`)).toEqual({});
    expect(await redis.zcard('credits:processes')).toBe(0);
  });

  test('a change of the balance is seen by every node at once', async () => {
    await sell(10);
    await startNodes(3);
    await spendMany(5);
    await (nodes[1] as Node).usage.settle([keyId]);
    expect(await stored()).toBe(5);
    await database.execute(`UPDATE \`keys\` SET remaining_requests = 100 WHERE id = '${keyId}'`);
    await (nodes[1] as Node).usage.invalidate([keyId]);
    expect(await (nodes[0] as Node).usage.spend({ keyId, cost: 1 })).toEqual({
      allowed: true,
      remaining: 99,
    });
    await converges(99);
  });
});

function openStore(primary: string) {
  return openDatabase({ primary, metrics: silentMetrics, log: silentLogger, tags: { region: 'test' } });
}

function answers(redis: RedisConnection): Promise<boolean> {
  return redis.ping().then(
    () => true,
    () => false,
  );
}
