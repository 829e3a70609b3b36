// How exact credits are: nine nodes in this process, each with connections of its own to one real Redis and one real MySQL,
// spend a key empty, undisturbed and while something breaks.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { openCreditFleet, spendAtOnce } from '../test/support/credit-fleet.ts';
import { type OwnServer, ownServer, ownServerOrSkip } from '../test/support/own-server.ts';

export interface CreditsRow {
  readonly disturbance: string;
  readonly credits: number;
  readonly requests: number;
  readonly allowed: number;
  readonly denied: number;
  /** Answered with an error. */
  readonly failed: number;
  /** Allowed beyond the credits. */
  readonly beyond: number;
  /** The balance in MySQL two seconds later. */
  readonly stored: number;
}

interface Servers {
  readonly redis: OwnServer;
  readonly mysql: OwnServer;
}

interface Disturbance {
  readonly name: string;
  /** Whether only the first node has its Redis behind what breaks. */
  readonly onFirstAlone?: boolean;
  /** Happens when half of the credits are spent, while requests are under way. */
  readonly strike: (servers: Servers) => Promise<void> | void;
  /** Happens some requests later. */
  readonly heal?: (servers: Servers) => Promise<void> | void;
}

const NODES = 9;
const CREDITS = 1_000;
/** Requests at once; each wave follows when the one before is answered. */
const WAVE = 100;
/** Between two waves. */
const PAUSE_MS = 10;
const SETTLE_MS = 2_000;
const DATABASE = 'unkey_bench';

const disturbances: readonly Disturbance[] = [
  { name: 'none', strike: () => undefined },
  { name: 'Redis is emptied', strike: ({ redis }) => flush(redis) },
  {
    name: 'Redis dies and comes back empty',
    strike: ({ redis }) => redis.kill(),
    heal: ({ redis }) => redis.restart(),
  },
  {
    name: 'Redis is parted from all nodes, and found again',
    strike: ({ redis }) => redis.proxy.slow(Number.POSITIVE_INFINITY),
    heal: ({ redis }) => redis.proxy.restore(),
  },
  {
    name: 'Redis is parted from one node of nine, and found again',
    onFirstAlone: true,
    strike: ({ redis }) => redis.proxy.slow(Number.POSITIVE_INFINITY),
    heal: ({ redis }) => redis.proxy.restore(),
  },
  {
    name: 'MySQL dies and comes back',
    strike: ({ mysql }) => mysql.kill(),
    heal: ({ mysql }) => mysql.restart(),
  },
];

/** @param quick fewer requests, for a look. @returns nothing where the servers cannot be had. */
export async function measureCredits(quick: boolean): Promise<CreditsRow[]> {
  if (!((await ownServerOrSkip('redis')) && (await ownServerOrSkip('mysql')))) return [];
  const rows: CreditsRow[] = [];
  for (const disturbance of disturbances) {
    const servers = { redis: await ownServer('redis'), mysql: await ownServer('mysql') };
    try {
      rows.push(await measureOne(disturbance, servers, quick ? 2_000 : 10_000));
    } finally {
      await servers.redis.stop();
      await servers.mysql.stop();
    }
  }
  return rows;
}

async function measureOne(
  { name, onFirstAlone = false, strike, heal }: Disturbance,
  servers: Servers,
  requests: number,
): Promise<CreditsRow> {
  const database = await createDatabase(servers.mysql);
  const { redis } = servers;
  const fleet = await openCreditFleet(NODES, {
    mysql: database,
    redis: onFirstAlone ? redis.directUrl() : redis.url,
    redisOfFirst: redis.url,
  });
  const total = { allowed: 0, denied: 0, failed: 0 };
  let sent = 0;
  try {
    const keyId = await fleet.key(CREDITS);
    const wave = async (): Promise<void> => {
      sent += WAVE;
      await sleep(PAUSE_MS);
      const outcome = await spendAtOnce(fleet.nodes, { keyId, cost: 1, requests: WAVE });
      total.allowed += outcome.allowed;
      total.denied += outcome.denied;
      total.failed += outcome.failed;
    };
    while (sent < CREDITS / 2) await wave();
    await Promise.all([wave(), strike(servers)]);
    await wave();
    await Promise.all([wave(), heal?.(servers)]);
    while (sent < requests) await wave();
    await sleep(SETTLE_MS);
    return {
      disturbance: name,
      credits: CREDITS,
      requests,
      ...total,
      beyond: Math.max(0, total.allowed - CREDITS),
      stored: await fleet.stored(keyId),
    };
  } finally {
    await fleet.close();
  }
}

/** Yields its address behind the proxy. */
async function createDatabase(mysql: OwnServer): Promise<string> {
  const connection = await createConnection({ uri: mysql.directUrl() });
  await connection.query(`CREATE DATABASE ${DATABASE}`);
  await connection.end();
  return new URL(DATABASE, mysql.url).href;
}

async function flush(redis: OwnServer): Promise<void> {
  const client = new Redis(redis.directUrl());
  await client.flushall();
  await client.quit();
}
