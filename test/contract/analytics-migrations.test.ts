// The suite of the migrator on the analytics store, and what is different there: its locks.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import type { AnalyticsStore } from '../../src/storage/analytics/analytics-store.ts';
import { createAnalyticsMigrator } from '../../src/storage/analytics/migrate.ts';
import { readHistory, recordEntry } from '../../src/storage/analytics/migrations/history.ts';
import { leaseLock } from '../../src/storage/analytics/migrations/lease-lock.ts';
import { AnalyticsStoreError } from '../../src/storage/analytics/store-error.ts';
import { CLICKHOUSE_MIGRATIONS } from '../../src/storage/migrations/migration-files.ts';
import { HISTORY_TABLE } from '../../src/storage/migrations/migration-history.ts';
import { freshName, openClickHouse, openEmptyChdb, trueClickHouseUrl } from '../support/analytics.ts';
import { describeAnalytics } from '../support/analytics-schema.ts';
import { type ClickHouseFront, startClickHouseFront } from '../support/clickhouse-front.ts';
import { describeMigrations, type MigrationSite } from './migrations.contract.ts';

let store: AnalyticsStore;

beforeAll(async () => {
  store = await openEmptyChdb();
});

afterAll(() => store.close());

afterEach(() => clear(store));

/** Drops every table and view of the database. */
async function clear(used: AnalyticsStore): Promise<void> {
  const tables = await used.query(
    "SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY engine = 'MaterializedView' DESC",
  );
  for (const { name } of tables) await used.execute(`DROP TABLE \`${String(name)}\` SYNC`);
}

function site(used: AnalyticsStore): MigrationSite {
  return {
    migrator: (settings) => createAnalyticsMigrator({ store: used, ...settings }),
    history: () => readHistory(used),
    tables: async () => (await describeAnalytics(used)).map(({ name }) => name),
    schema: () => describeAnalytics(used),
    committedSchema: join(CLICKHOUSE_MIGRATIONS, 'schema.json'),
    rollsBack: false,
    close: () => clear(used),
  };
}

describeMigrations('the embedded engine', async () => site(store));

describe('over HTTP', () => {
  let front: ClickHouseFront;
  let server: AnalyticsStore;

  beforeAll(async () => {
    front = await startClickHouseFront();
    server = await openClickHouse(front.url);
  });

  afterAll(async () => {
    await server.close();
    await front.stop();
  });

  describeMigrations('a stand-in for a server', async () => site(server));
});

const trueServer = trueClickHouseUrl();

describe.runIf(trueServer !== undefined)('on a true server', () => {
  const database = freshName('unkey_test');
  let server: AnalyticsStore;

  beforeAll(async () => {
    const url = new URL(trueServer ?? '');
    const admin = await openClickHouse(url.href);
    await admin.execute(`CREATE DATABASE ${database}`);
    await admin.close();
    url.pathname = database;
    server = await openClickHouse(url.href);
  });

  afterAll(async () => {
    await server.execute(`DROP DATABASE ${database}`);
    await server.close();
  });

  describeMigrations('ClickHouse', async () => site(server));
});

describe('what the server asks at its start', () => {
  const settings = { clock: new ManualClock(0), toolVersion: 'test' };
  const migrator = () => createAnalyticsMigrator({ store, ...settings });
  const state = () => migrator().schemaState();

  test('is behind before migrating and up to date after it', async () => {
    expect((await state()).state).toBe('behind');
    await migrator().up();
    expect(await state()).toEqual({ state: 'up-to-date' });
  });

  test('finds a version failed whose migrator died half-way', async () => {
    const { up, status, repair } = migrator();
    await up({ steps: 1 });
    const [first] = await readHistory(store);
    if (first === undefined) throw new Error('nothing was recorded');
    await recordEntry(store, { ...first, state: 'running', finishedAt: null });

    expect((await status())[0]?.state).toBe('failed');
    await expect(up()).rejects.toThrow('repair');
    await repair(first.version, 'pending');
    await up();
    expect(await state()).toEqual({ state: 'up-to-date' });
  });

  test('applies everything again over the tables that are there, and changes none', async () => {
    await migrator().up();
    const schema = await describeAnalytics(store);
    await store.execute(`TRUNCATE TABLE ${HISTORY_TABLE}`);
    expect((await state()).state).toBe('behind');

    await migrator().up();
    expect(await state()).toEqual({ state: 'up-to-date' });
    expect(await describeAnalytics(store)).toEqual(schema);
  });
});

/** Longer than a few statements take on a busy machine, shorter than anybody wants to wait. */
const LEASE_MS = 3000;
const lockTables = () =>
  store.query(`SELECT name, comment FROM system.tables WHERE startsWith(name, '${HISTORY_TABLE}_lock_')`);

describe('the lock of a server', () => {
  const nothing = async () => undefined;

  test('keeps others out until it is left', async () => {
    const lock = leaseLock(store);
    await lock.hold(1000, async () => {
      expect(await lock.isHeld()).toBe(true);
      await expect(leaseLock(store).hold(50, nothing)).rejects.toMatchObject({ problem: 'lock-timeout' });
    });
    expect(await lock.isHeld()).toBe(false);
  });

  test('goes to one of many that want it at once', async () => {
    let inside = 0;
    let most = 0;
    const turns = Array.from({ length: 8 }, () =>
      leaseLock(store).hold(20_000, async () => {
        most = Math.max(most, ++inside);
        await store.query('SELECT 1');
        inside--;
      }),
    );
    await Promise.all(turns);
    expect(most).toBe(1);
    expect(await lockTables()).toHaveLength(1);
  });

  test('goes to the next migrator when its holder has died, and not before', async () => {
    await store.execute(
      `CREATE TABLE ${HISTORY_TABLE}_lock_7 (nothing UInt8) ENGINE = Null COMMENT '${Date.now() + LEASE_MS}'`,
    );
    await expect(leaseLock(store).hold(0, nothing)).rejects.toMatchObject({ problem: 'lock-timeout' });

    await leaseLock(store).hold(30_000, nothing);
    expect(await lockTables()).toEqual([{ name: `${HISTORY_TABLE}_lock_8`, comment: 'free' }]);
  });

  test('is prolonged for as long as its holder works', async () => {
    const lock = leaseLock(store, LEASE_MS);
    const until = async () => Number((await lockTables())[0]?.comment);
    await lock.hold(1000, async (held) => {
      const first = await until();
      await expect.poll(until, { timeout: 20_000 }).toBeGreaterThan(first);
      held.assert();
    });
  });

  test('tells its holder when it was lost, who then writes nothing more', async () => {
    await leaseLock(store, LEASE_MS).hold(1000, async (held) => {
      await store.execute(
        `CREATE TABLE ${HISTORY_TABLE}_lock_99 (nothing UInt8) ENGINE = Null COMMENT 'free'`,
      );
      const lost = () => {
        try {
          held.assert();
          return false;
        } catch {
          return true;
        }
      };
      await expect.poll(lost, { timeout: 20_000 }).toBe(true);
    });
  });

  test('runs out by itself when the server cannot be reached to prolong or free it', async () => {
    let down = false;
    const flaky: AnalyticsStore = {
      ...store,
      engine: 'clickhouse',
      query: (...args) =>
        down ? Promise.reject(new AnalyticsStoreError('network', 'gone')) : store.query(...args),
      execute: (...args) =>
        down ? Promise.reject(new AnalyticsStoreError('network', 'gone')) : store.execute(...args),
    };
    await leaseLock(flaky, LEASE_MS).hold(1000, async () => {
      down = true;
    });
    expect(await leaseLock(store).isHeld()).toBe(true);
    await expect.poll(() => leaseLock(store).isHeld(), { timeout: 20_000 }).toBe(false);
  });
});
