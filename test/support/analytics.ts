// Analytics stores for tests. The embedded engine has one data directory a process, and vitest gives each test file a
// process of its own: a file opens one store, and closes it before it opens another.

import { randomBytes } from 'node:crypto';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import type { ChdbStore } from '../../src/storage/analytics/chdb-store.ts';
import type { ClickHouseStore } from '../../src/storage/analytics/clickhouse-store.ts';
import { createAnalyticsMigrator } from '../../src/storage/analytics/migrate.ts';
import { type OpenedAnalyticsStore, openAnalyticsStore } from '../../src/storage/analytics/open-store.ts';
import { type ClickHouseFront, startClickHouseFront } from './clickhouse-front.ts';
import type { FrontUser } from './clickhouse-front-protocol.ts';

/** Opens the embedded engine on an empty directory, or on the one given, without a schema. */
export async function openEmptyChdb(directory = ''): Promise<ChdbStore> {
  const store = await openAnalyticsStore(`chdb:${directory}`, { log: silentLogger });
  if (store?.engine !== 'chdb') throw new Error('the package chdb is not installed: run "npm ci"');
  return store;
}

/** Opens the embedded engine with the whole schema and no rows. */
export async function openTestAnalytics(): Promise<ChdbStore> {
  const store = await openEmptyChdb();
  await migrate(store);
  return store;
}

/** Applies the migrations of the package. */
export async function migrate(store: OpenedAnalyticsStore): Promise<void> {
  await createAnalyticsMigrator({ store, clock: systemClock, toolVersion: 'test' }).up();
}

/** A name that no other test uses, for a table or a deduplication token. */
export function freshName(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString('hex')}`;
}

export interface TestClickHouse {
  readonly store: ClickHouseStore;
  readonly front: ClickHouseFront;
  close(): Promise<void>;
}

/** A store over HTTP on a front of its own, with the whole schema and no rows. */
export async function openTestClickHouse(
  options: { readonly users?: readonly FrontUser[] } = {},
): Promise<TestClickHouse> {
  const front = await startClickHouseFront(options);
  const store = await openClickHouse(front.url);
  await migrate(store);
  return {
    store,
    front,
    async close() {
      await store.close();
      await front.stop();
    },
  };
}

/** A store on the server of that address. */
export async function openClickHouse(url: string): Promise<ClickHouseStore> {
  const store = await openAnalyticsStore(url, { log: silentLogger });
  if (store?.engine !== 'clickhouse') throw new Error('not the address of a ClickHouse server');
  return store;
}

/**
 * The address of a true ClickHouse server for this run, with the right to create tables and users; undefined, and a line
 * on stderr, when there is none.
 */
export function trueClickHouseUrl(): string | undefined {
  const url = process.env.TEST_CLICKHOUSE_URL;
  if (url) return url;
  process.stderr.write(
    'skipped: users, grants, row policies, quotas and profiles need a true ClickHouse server: TEST_CLICKHOUSE_URL is not set\n',
  );
  return undefined;
}
