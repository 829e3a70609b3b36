// Credit limiters of several nodes in this process, each with connections of its own to one real Redis and one real MySQL.
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { randomAlphanumeric } from '../../src/lib/uid.ts';
import { createRedisUsageLimiter } from '../../src/services/usage/redis-usage-limiter.ts';
import type { UsageLimiter } from '../../src/services/usage/usage-limiter.ts';
import { createRedisCreditCounters } from '../../src/storage/counters/credit-counters-redis.ts';
import { openRedis } from '../../src/storage/counters/redis-connection.ts';
import type { Database } from '../../src/storage/sql/database.ts';
import { insertRows } from '../../src/storage/sql/dialect.ts';
import { createMigrator } from '../../src/storage/sql/migrator.ts';
import { openDatabase } from '../../src/storage/sql/open-database.ts';

export interface CreditFleet {
  readonly nodes: readonly UsageLimiter[];
  /** Stores a key with credits; yields its id. */
  key(credits: number): Promise<string>;
  /** The balance in the relational store. */
  stored(keyId: string): Promise<number>;
  close(): Promise<void>;
}

/** Opens `count` nodes on a database that may be empty, and resolves once each is connected. */
export async function openCreditFleet(
  count: number,
  urls: {
    readonly redis: string;
    readonly mysql: string;
    /** Another way to the same Redis, for the first node alone. */
    readonly redisOfFirst?: string | undefined;
  },
): Promise<CreditFleet> {
  const deps = { clock: systemClock, metrics: silentMetrics, log: silentLogger };
  const database = () => openDatabase({ primary: urls.mysql, tags: { region: 'test' }, ...deps });
  const own = database();
  await createMigrator({ database: own, clock: systemClock, toolVersion: 'test' }).up();
  const closers: (() => Promise<void>)[] = [() => own.close()];
  const openNode = async (redisUrl: string): Promise<UsageLimiter> => {
    const db = database();
    const redis = openRedis(redisUrl, deps);
    await redis.firstAttempt();
    await redis.ping();
    const limiter = createRedisUsageLimiter({ counters: createRedisCreditCounters({ redis }), db, ...deps });
    closers.push(async () => {
      await limiter.close();
      redis.close();
      await db.close();
    });
    return limiter;
  };
  const redisUrls = Array.from(
    { length: count },
    (_, node) => (node === 0 && urls.redisOfFirst) || urls.redis,
  );
  const nodes = await Promise.all(redisUrls.map(openNode));
  return {
    nodes,
    key: (credits) => insertKey(own, credits),
    async stored(keyId) {
      const [row] = await own.primary.all<{ credits: number }>(
        'testCredits',
        'SELECT remaining_requests AS credits FROM `keys` WHERE id = :keyId',
        { keyId },
      );
      if (row === undefined) throw new Error(`key ${keyId} has no row`);
      return Number(row.credits);
    },
    close: async () => void (await Promise.all(closers.map((close) => close()))),
  };
}

async function insertKey(db: Database, credits: number): Promise<string> {
  const id = `key_${randomAlphanumeric(12)}`;
  await insertRows(db.primary, 'testKey', 'keys', [
    {
      id,
      key_auth_id: 'ks_test',
      hash: id,
      start: 'test',
      workspace_id: 'ws_test',
      created_at_m: 0,
      enabled: true,
      remaining_requests: credits,
    },
  ]);
  return id;
}

export interface Spending {
  readonly keyId: string;
  readonly cost: number;
  readonly requests: number;
}

export interface SpendingOutcome {
  readonly allowed: number;
  readonly denied: number;
  /** Requests that were neither. */
  readonly failed: number;
  /** The lowest balance that an answer told. */
  readonly lowest: number;
}

/** Sends all requests at once, to the nodes in turn. */
export async function spendAtOnce(
  nodes: readonly UsageLimiter[],
  { keyId, cost, requests }: Spending,
): Promise<SpendingOutcome> {
  const outcomes = await Promise.allSettled(
    Array.from({ length: requests }, async (_, index) => {
      const node = nodes[index % nodes.length];
      if (node === undefined) throw new RangeError('no nodes to spend on');
      return node.spend({ keyId, cost });
    }),
  );
  const decisions = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const allowed = decisions.filter((decision) => decision.allowed).length;
  return {
    allowed,
    denied: decisions.length - allowed,
    failed: outcomes.length - decisions.length,
    lowest: Math.min(...decisions.map(({ remaining }) => Number(remaining))),
  };
}
