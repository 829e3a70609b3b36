// What growth costs: the same requests, jobs and starts on a database of a million keys and on one of a hundredth of that,
// what each remembered item takes in memory, and how much disk it is.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../src/lib/logger.ts';
import { silentMetrics } from '../src/lib/metrics.ts';
import type { Database } from '../src/storage/sql/database.ts';
import { openDatabase } from '../src/storage/sql/open-database.ts';
import { buildProgram } from '../test/support/compiled-program.ts';
import { freshMysqlDatabase, requireOrSkip } from '../test/support/servers.ts';
import { untilStarted } from '../test/support/unkey-process.ts';
import { unkey } from './installation.ts';
import { measureLimiterMemory } from './limiter-memory.ts';
import { memoryOf } from './processes.ts';
import { addKnownKeys, fillIdentities, fillKeys } from './scale/fill.ts';
import { makeApi, measureLatencies, type Target } from './scale/latency.ts';
import { rounded } from './statistics.ts';
import { callOperation, launchSubject } from './subject.ts';

/** One measurement, at a hundredth of the size and at the full one. */
export interface Row {
  readonly store: 'sqlite' | 'mysql' | 'memory';
  /** With its unit. */
  readonly measure: string;
  readonly small?: number;
  readonly full: number;
  /** Full by small: 1 = growth costs nothing. */
  readonly growth?: number;
}

interface Size {
  readonly keys: number;
  readonly identities: number;
}

interface Store {
  readonly name: 'sqlite' | 'mysql';
  readonly address: string;
  /** Bytes on disk. */
  size(database: Database): Promise<number>;
  remove(): Promise<void>;
}

/** What is measured at one size, by name. */
type Figures = Map<string, number>;

const FULL: Size = { keys: 1_000_000, identities: 100_000 };
const QUICK: Size = { keys: 100_000, identities: 10_000 };
const SHARE = 100;
const LIMITER_IDENTIFIERS = 1_000_000;
/** Verified cold at each size. */
const COLD_KEYS = 300;
/** Verified once each, in order to be remembered. */
const WARM_KEYS = 100_000;
const CONNECTIONS = 16;

/** @param quick a tenth of everything */
export async function measureScale(quick: boolean): Promise<readonly Row[]> {
  buildProgram();
  const full = quick ? QUICK : FULL;
  const rows: Row[] = [];
  rows.push(...(await measureStore(await sqliteStore(), full, quick ? WARM_KEYS / 10 : WARM_KEYS)));
  if (requireOrSkip('mysql')) rows.push(...(await measureStore(await mysqlStore(), full, undefined)));
  for (const memory of await measureLimiterMemory(quick ? LIMITER_IDENTIFIERS / 10 : LIMITER_IDENTIFIERS)) {
    rows.push({
      store: 'memory',
      measure: `bytes a limiter identifier, ${memory.stores}`,
      full: memory.bytesEach,
    });
  }
  return rows;
}

async function measureStore(store: Store, full: Size, warmKeys: number | undefined): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-bench-scale-'));
  const database = openDatabase({
    primary: store.address,
    metrics: silentMetrics,
    log: silentLogger,
    tags: { region: 'bench' },
  });
  try {
    await unkey(['migrate', 'up'], store.address);
    const { rootKey } = await unkey(['bootstrap', '--workspace', 'bench'], store.address);
    if (typeof rootKey !== 'string') throw new Error('bootstrap made no root key');
    const small = { keys: full.keys / SHARE, identities: full.identities / SHARE };
    const atSmall = await measureSize(
      { store, database, folder, rootKey },
      { keys: 0, identities: 0 },
      small,
    );
    const atFull = await measureSize({ store, database, folder, rootKey }, small, full, warmKeys);
    return [...atFull].map(([measure, value]) => rowOf(store.name, measure, atSmall.get(measure), value));
  } finally {
    await database.close();
    await store.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Site {
  readonly store: Store;
  readonly database: Database;
  /** For the server's files. */
  readonly folder: string;
  readonly rootKey: string;
}

/** Grows the database from one size to the next and measures there. @param warmKeys how many to remember, for memory */
async function measureSize(site: Site, from: Size, to: Size, warmKeys?: number): Promise<Figures> {
  const { store, database, folder, rootKey } = site;
  const figures: Figures = new Map();
  const timed = async (measure: string, work: () => Promise<unknown>): Promise<void> => {
    const start = performance.now();
    await work();
    figures.set(measure, performance.now() - start);
  };
  const first = await launchSubject({ database: store.address, redis: 'memory:' }, folder);
  let target: Target;
  try {
    await untilStarted(first.process, first.url);
    target = await makeApi(first.url, rootKey, database.primary);
  } finally {
    await first.process.end('SIGTERM');
  }
  const { owner } = target;
  await timed('filling, ms', async () => {
    await fillIdentities(database.primary, owner, { from: from.identities, to: to.identities });
    await fillKeys(database.primary, owner, { from: from.keys, to: to.keys }, to.identities);
  });
  const known = Math.max(COLD_KEYS, warmKeys ?? 0);
  const texts = await addKnownKeys(database.primary, owner, { from: from.keys, to: from.keys + known });

  const start = performance.now();
  const server = await launchSubject({ database: store.address, redis: 'memory:' }, folder);
  try {
    await untilStarted(server.process, server.url);
    figures.set('start of a server, ms', performance.now() - start);
    const latencies = await measureLatencies({ ...target, url: server.url }, database.primary, texts);
    for (const [name, { p50, p99 }] of latencies) {
      figures.set(`${name}, p50 ms`, p50);
      figures.set(`${name}, p99 ms`, p99);
    }
    if (warmKeys !== undefined) {
      const before = memoryOf(server.process.pid).residentBytes;
      await verifyAll({ url: server.url, rootKey }, texts.slice(COLD_KEYS));
      const { residentBytes } = memoryOf(server.process.pid);
      figures.set(`resident MB with ${warmKeys} warm keys`, residentBytes / 1e6);
      figures.set('resident bytes a warm key', (residentBytes - before) / (texts.length - COLD_KEYS));
    }
  } finally {
    await server.process.end('SIGTERM');
  }
  for (const job of ['key-refill', 'audit-cleanup']) {
    await timed(`job ${job}, ms`, () => unkey(['jobs', 'run', job], store.address));
  }
  figures.set('disk, MB', (await store.size(database)) / 1e6);
  return figures;
}

/** Verifies each key once, a few at a time. */
async function verifyAll(
  { url, rootKey }: Pick<Target, 'url' | 'rootKey'>,
  texts: readonly string[],
): Promise<void> {
  const remaining = texts.values();
  const worker = async (): Promise<void> => {
    for (const key of remaining) {
      await callOperation(url, rootKey, { operation: 'keys.verifyKey', body: { key } });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
}

function rowOf(store: Store['name'], measure: string, small: number | undefined, full: number): Row {
  if (small === undefined) return { store, measure, full: rounded(full) };
  return {
    store,
    measure,
    small: rounded(small),
    full: rounded(full),
    growth: rounded(full / small, 3),
  };
}

async function sqliteStore(): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-bench-sqlite-'));
  const file = join(folder, 'unkey.db');
  return {
    name: 'sqlite',
    address: `sqlite:${file}`,
    size: async () => (await stat(file)).size,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function mysqlStore(): Promise<Store> {
  const fresh = await freshMysqlDatabase();
  return {
    name: 'mysql',
    address: fresh.url,
    size: async ({ primary }) => {
      const [row] = await primary.all<{ bytes: number | string }>(
        'sizeOfTables',
        `SELECT SUM(data_length + index_length) AS bytes FROM information_schema.tables
          WHERE table_schema = DATABASE()`,
      );
      return Number(row?.bytes);
    },
    remove: () => fresh.drop(),
  };
}
