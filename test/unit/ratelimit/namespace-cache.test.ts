// Where the cache of namespaces reads from: a replica that lags must not bring back what was just changed.
import { beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { NamespaceCache } from '../../../src/services/ratelimit/namespace-cache.ts';
import { RecentWrites } from '../../../src/services/ratelimit/recent-writes.ts';
import type { Database, Queryable } from '../../../src/storage/sql/database.ts';
import { insert, migratedStore } from '../support/store.ts';

const MINUTE = 60_000;

let db: Database;
let clock: ManualClock;
let cache: NamespaceCache;
/** Which side was read, statement by statement. */
let reads: string[];
/** Keys of which other nodes were told. */
let told: string[];

beforeEach(async () => {
  reads = [];
  told = [];
  clock = new ManualClock(1_700_000_000_000);
  db = await migratedStore();
  await insert(db, 'ratelimit_namespaces', {
    id: 'rlns_1',
    workspace_id: 'ws_1',
    project_id: 'proj_1',
    name: 'api',
  });
  const watched = (side: 'primary' | 'replica'): Queryable => ({
    ...db[side],
    all: (operation, sql, params) => {
      reads.push(side);
      return db[side].all(operation, sql, params);
    },
  });
  cache = new NamespaceCache({
    db: { ...db, primary: watched('primary'), replica: watched('replica') },
    clock,
    log: silentLogger,
    metrics: silentMetrics,
    invalidations: {
      join: () => ({ removed: (keys) => void told.push(...keys), cleared: () => undefined }),
    },
  });
});

it('reads from the replica', async () => {
  expect(await cache.find('ws_1', 'api')).toMatchObject({ id: 'rlns_1' });
  expect(await cache.findMany('ws_1', ['api', 'rlns_1', 'none'])).toMatchObject(
    new Map([
      ['api', { id: 'rlns_1' }],
      ['rlns_1', { id: 'rlns_1' }],
      ['none', null],
    ]),
  );
  expect(reads).toEqual(['replica', 'replica']);
});

it('reads from the primary for a while after a write', async () => {
  await cache.find('ws_1', 'api');
  cache.forget('ws_1', ['rlns_1', 'api']);
  await cache.find('ws_1', 'api');
  await cache.findMany('ws_1', ['rlns_1', 'none']);
  expect(reads).toEqual(['replica', 'primary', 'primary']);

  clock.advance(24 * 60 * MINUTE);
  await cache.find('ws_1', 'api');
  expect(reads.at(-1)).toBe('replica');
});

it('tells other nodes what was changed, and nothing else', async () => {
  await cache.find('ws_1', 'api');
  await cache.findMany('ws_1', ['api', 'none']);
  expect(told).toEqual([]);
  cache.forget('ws_1', ['rlns_1', 'api']);
  expect(told).toEqual(['ws_1:rlns_1', 'ws_1:api']);
});

it('remembers a write for as long as it was told to, from the last one', () => {
  const writes = new RecentWrites(clock, 100);
  writes.add(['a', 'b']);
  clock.advance(60);
  writes.add(['a']);
  clock.advance(40);
  expect([writes.has('a'), writes.has('b'), writes.has('c')]).toEqual([true, false, false]);
  clock.advance(60);
  expect(writes.has('a')).toBe(false);
});
