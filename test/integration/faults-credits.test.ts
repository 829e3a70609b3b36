// What becomes of credits when Redis, MySQL or the way to them breaks while a key is spent empty by several nodes. What is
// promised in each fault: docs/credits.md.

import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { UsageLimiter } from '../../src/services/usage/usage-limiter.ts';
import { type CreditFleet, openCreditFleet, spendAtOnce } from '../support/credit-fleet.ts';
import { type OwnServer, ownServer, ownServerOrSkip } from '../support/own-server.ts';

const NODES = 9;
const CREDITS = 1_000;
const WAVE = 100;
const DATABASE = 'unkey_faults';
/** How soon MySQL has the exact balance once everything is well. */
const SETTLED = { timeout: 20_000 };

const possible = (await ownServerOrSkip('redis')) && (await ownServerOrSkip('mysql'));

describe.runIf(possible)('credits of a key that nine nodes spend empty', { timeout: 60_000 }, () => {
  let redis: OwnServer;
  let mysql: OwnServer;
  let database: string;
  let fleet: CreditFleet;

  beforeAll(async () => {
    [redis, mysql] = await Promise.all([ownServer('redis'), ownServer('mysql')]);
    const connection = await createConnection({ uri: mysql.directUrl() });
    await connection.query(`CREATE DATABASE ${DATABASE}`);
    await connection.end();
    database = new URL(DATABASE, mysql.url).href;
  });
  afterAll(() => Promise.all([redis.stop(), mysql.stop()]));
  beforeEach(async () => {
    fleet = await openCreditFleet(NODES, { redis: redis.url, mysql: database });
  });
  afterEach(() => fleet.close());

  /** Spends the key empty in waves; the fault strikes with half of the credits left, and heals two waves later. */
  async function spendEmpty(
    nodes: readonly UsageLimiter[],
    keyId: string,
    fault: { readonly strike: () => unknown; readonly heal?: () => unknown },
  ): Promise<{ allowed: number; failed: number }> {
    const total = { allowed: 0, failed: 0 };
    const wave = async (): Promise<void> => {
      const outcome = await spendAtOnce(nodes, { keyId, cost: 1, requests: WAVE });
      total.allowed += outcome.allowed;
      total.failed += outcome.failed;
    };
    for (let sent = 0; sent < CREDITS / 2; sent += WAVE) await wave();
    await Promise.all([wave(), fault.strike()]);
    await wave();
    await Promise.all([wave(), fault.heal?.()]);
    for (let more = 0; more < CREDITS / WAVE; more++) await wave();
    return total;
  }

  test.each([
    { name: 'Redis is emptied', strike: () => emptyRedis() },
    {
      name: 'Redis dies and comes back empty',
      strike: () => redis.kill(),
      heal: () => redis.restart(),
    },
    {
      name: 'Redis is parted from all nodes',
      strike: () => redis.proxy.slow(Number.POSITIVE_INFINITY),
      heal: () => redis.proxy.restore(),
    },
    {
      name: 'MySQL dies and comes back',
      strike: () => mysql.kill(),
      heal: () => mysql.restart(),
    },
  ])('are exact when $name', async (fault) => {
    const keyId = await fleet.key(CREDITS);
    expect(await spendEmpty(fleet.nodes, keyId, fault)).toEqual({ allowed: CREDITS, failed: 0 });
    await expect.poll(() => fleet.stored(keyId), SETTLED).toBe(0);
  });

  test('may be exceeded by what a node that is parted from Redis alone gives out meanwhile, and by no more', async () => {
    const some = await openCreditFleet(NODES, {
      redis: redis.directUrl(),
      redisOfFirst: redis.url,
      mysql: database,
    });
    try {
      const keyId = await some.key(CREDITS);
      let givenOut = 0;
      const [first, ...others] = some.nodes;
      if (first === undefined) throw new Error('the fleet is empty');
      const counted: UsageLimiter = {
        ...first,
        spend: async (request) => {
          const decision = await first.spend(request);
          if (decision.allowed) givenOut++;
          return decision;
        },
      };
      const { allowed, failed } = await spendEmpty([counted, ...others], keyId, {
        strike: () => {
          givenOut = 0;
          redis.proxy.slow(Number.POSITIVE_INFINITY);
        },
        heal: () => redis.proxy.restore(),
      });
      expect(failed).toBe(0);
      expect(allowed).toBeGreaterThanOrEqual(CREDITS);
      expect(allowed).toBeLessThanOrEqual(CREDITS + givenOut);
      await expect.poll(() => fleet.stored(keyId), SETTLED).toBe(0);
    } finally {
      redis.proxy.restore();
      await some.close();
    }
  });

  async function emptyRedis(): Promise<void> {
    const client = new Redis(redis.directUrl());
    await client.flushall();
    await client.quit();
  }
});
