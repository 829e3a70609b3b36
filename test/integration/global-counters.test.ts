// Rate-limit counts across regions on a real MySQL: nodes of a region share counters, regions share the table.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { createRateLimiter, type RateLimitEngine } from '../../src/services/ratelimit/engine.ts';
import { createGlobalCounters, type GlobalCounters } from '../../src/services/ratelimit/global-counters.ts';
import { cleanUpGlobalCounters } from '../../src/services/ratelimit/global-counters-cleanup.ts';
import type { RateLimitRequest } from '../../src/services/ratelimit/limiter.ts';
import { createMemoryCounters, type MemoryCounters } from '../../src/storage/counters/memory-counters.ts';
import type { MigratableDatabase } from '../../src/storage/sql/database.ts';
import { createMigrator } from '../../src/storage/sql/migrator.ts';
import { openDatabase } from '../../src/storage/sql/open-database.ts';
import { freshMysqlDatabase, type MysqlDatabase, requireOrSkip } from '../support/servers.ts';
import { recordingMetrics } from '../unit/support/recorders.ts';

/** The start of a window of 60 s. */
const W = 1_700_000_040_000;

interface Node {
  readonly engine: RateLimitEngine;
  readonly globals: GlobalCounters;
  /** One after another, each known to the region before the next. */
  hit(times: number, over?: Partial<RateLimitRequest>): Promise<number>;
}

describe.runIf(requireOrSkip('mysql'))('counts across regions', () => {
  let database: MysqlDatabase;
  let db: MigratableDatabase;
  let clock: ManualClock;
  const metrics = recordingMetrics();
  const open: Array<{ close(): Promise<void> }> = [];

  beforeAll(async () => {
    database = await freshMysqlDatabase();
    db = openDatabase({
      primary: database.url,
      metrics,
      log: silentLogger,
      tags: { region: 'test' },
    });
    await createMigrator({ database: db, clock: new ManualClock(W), toolVersion: 'test' }).up();
  });
  afterAll(async () => {
    await db.close();
    await database.drop();
  });
  beforeEach(() => {
    clock = new ManualClock(W);
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    await database.execute('DELETE FROM ratelimit_global_counters');
  });

  function region(): MemoryCounters {
    const counters = createMemoryCounters({ clock });
    open.push(counters);
    return counters;
  }

  function nodeIn(name: string, origin: MemoryCounters): Node {
    const deps = { clock, metrics: silentMetrics, log: silentLogger };
    const engine = createRateLimiter({ ...deps, origin });
    const globals = createGlobalCounters({ ...deps, cells: engine.cells, db, region: name });
    open.unshift(engine);
    return {
      engine,
      globals,
      async hit(times, over) {
        let passed = 0;
        for (let i = 0; i < times; i++) {
          if ((await engine.limit(request(over))).success) passed++;
          await nextTurn();
        }
        return passed;
      },
    };
  }

  const request = (over: Partial<RateLimitRequest> = {}): RateLimitRequest => ({
    workspaceId: 'ws_1',
    namespace: 'rlns_A',
    identifier: 'u1',
    limit: 10,
    duration: 60_000,
    cost: 1,
    ...over,
  });

  const rows = (): Promise<Record<string, unknown>[]> =>
    db.primary.all(
      'testRows',
      `SELECT workspace_id, namespace, identifier, duration_ms, sequence, region, \`count\`, expires_at, updated_at
         FROM ratelimit_global_counters ORDER BY pk`,
    );

  test('a row appears with the second hit of ten, and is written again only when the count has grown', async () => {
    const node = nodeIn('eu', region());
    await node.hit(1);
    await node.globals.push();
    expect(await rows()).toEqual([]);

    await node.hit(1);
    await node.globals.push();
    const row = {
      workspace_id: 'ws_1',
      namespace: 'rlns_A',
      identifier: 'u1',
      duration_ms: 60_000,
      sequence: W / 60_000,
      region: 'eu',
      count: 2,
      expires_at: W + 120_000,
      updated_at: W,
    };
    expect(await rows()).toEqual([row]);

    clock.advance(100);
    await node.globals.push();
    expect(await rows()).toEqual([row]);
    await node.hit(1);
    await node.globals.push();
    expect(await rows()).toEqual([{ ...row, count: 3, updated_at: W + 100 }]);
  });

  test('nodes of one region that publish one after another never lower the count', async () => {
    const origin = region();
    const [first, second] = [nodeIn('eu', origin), nodeIn('eu', origin)];
    await first.hit(2);
    await second.hit(3);
    await second.globals.push();
    await first.globals.push();
    expect(await rows()).toMatchObject([{ region: 'eu', count: 5 }]);
  });

  test('what one region published, the other counts', async () => {
    const [a, b] = [nodeIn('eu', region()), nodeIn('us', region())];
    await a.hit(6);
    await a.globals.push();
    await b.globals.pull();
    expect(await b.hit(1)).toBe(1);
    expect(await b.hit(1, { cost: 4 })).toBe(0);
  });

  test('two regions of two nodes share a limit', async () => {
    const [eu, us] = [region(), region()];
    const [a1, a2] = [nodeIn('eu', eu), nodeIn('eu', eu)];
    const [b1, b2] = [nodeIn('us', us), nodeIn('us', us)];
    expect((await a1.hit(3)) + (await a2.hit(3))).toBe(6);
    await a1.globals.push();
    await a2.globals.push();
    await b1.globals.pull();
    await b2.globals.pull();
    expect((await b1.hit(2)) + (await b2.hit(2))).toBe(4);
    clock.advance(5000);
    expect((await b1.hit(1)) + (await b2.hit(1))).toBe(0);
  });

  test('sums regions, but not one region with itself', async () => {
    const [a, b, c] = [nodeIn('eu', region()), nodeIn('us', region()), nodeIn('ap', region())];
    await a.hit(12, { limit: 20 });
    await b.hit(11, { limit: 20 });
    await a.globals.push();
    await b.globals.push();
    for (const node of [a, b, c]) await node.globals.pull();
    const cells = [a, b, c].map(({ engine }) => [...engine.cells.bucket(request()).cells()][0]);
    expect(cells.map((cell) => [cell?.val, cell?.imported])).toEqual([
      [12, 11],
      [11, 12],
      [0, 23],
    ]);
    expect(await c.hit(1, { limit: 20 })).toBe(0);
    await c.globals.push();
    expect(await rows()).toHaveLength(2);
  });

  test('more rows than one page holds arrive, each once, whatever window they belong to', async () => {
    const [a, b, c] = [nodeIn('eu', region()), nodeIn('us', region()), nodeIn('ap', region())];
    for (const duration of [60_000, 90_000]) {
      for (let i = 0; i < 2_600; i++) {
        const over = { identifier: `u${i}`, duration, limit: 1 };
        await a.engine.limit(request(over));
        await b.engine.limit(request(over));
      }
    }
    await nextTurn();
    await a.globals.push();
    await b.globals.push();
    expect(await rows()).toHaveLength(4 * 2_600);

    await c.globals.pull();
    const imported = new Map<number, number>();
    await c.engine.cells.forEach((bucket) => {
      for (const cell of bucket.cells()) imported.set(cell.imported, (imported.get(cell.imported) ?? 0) + 1);
    });
    expect(imported).toEqual(new Map([[2, 2 * 2_600]]));
  });

  test('a node that starts anew learns what its own region had published', async () => {
    const before = nodeIn('eu', region());
    await before.hit(4);
    await before.globals.push();
    const after = nodeIn('eu', region());
    await after.globals.pull();
    expect(await after.engine.limit(request({ cost: 0 }))).toMatchObject({ remaining: 6 });
  });

  test('windows that are over are not imported, and removed by the clean-up', async () => {
    const [a, b] = [nodeIn('eu', region()), nodeIn('us', region())];
    await a.hit(5);
    await a.hit(5, { duration: 600_000 });
    await a.globals.push();
    clock.set(W + 120_000);
    await b.globals.pull();
    expect(b.engine.cells.size).toBe(1);
    expect(await cleanUpGlobalCounters({ db, clock })).toBe(0);
    clock.advance(1);
    expect(await cleanUpGlobalCounters({ db, clock })).toBe(1);
    expect(await rows()).toMatchObject([{ duration_ms: 600_000 }]);
  });

  test('names of every kind and length travel, and none keeps others from travelling', async () => {
    const [a, b] = [nodeIn('eu', region()), nodeIn('us', region())];
    const names = [
      'x'.repeat(512),
      '\u{1F680}'.repeat(255),
      '\u{1F680}'.repeat(512),
      "o'\\neil",
      '\u0000',
      '\uD800',
      ' ',
      ':row0',
    ];
    for (const identifier of names) await a.hit(10, { identifier });
    await a.hit(10, { namespace: 'n'.repeat(256) });
    await a.globals.push();
    expect(await rows()).toHaveLength(names.length + 1);
    await b.globals.pull();
    // A lone surrogate is no character and travels as U+FFFD: it counts within its region only.
    for (const identifier of names.filter((name) => name.isWellFormed())) {
      expect([identifier, await b.hit(1, { identifier })]).toEqual([identifier, 0]);
    }
    expect(await b.hit(1, { namespace: 'n'.repeat(256) })).toBe(0);
  });

  test('nodes that publish the same cells at the same time, met in any order, never lock each other out', async () => {
    const [eu, us] = [region(), region()];
    const nodes = [nodeIn('eu', eu), nodeIn('eu', eu), nodeIn('us', us), nodeIn('us', us)];
    const identifiers = Array.from({ length: 500 }, (_, index) => `u${index}`);
    for (let round = 0; round < 5; round++) {
      for (const [index, { engine }] of nodes.entries()) {
        for (const identifier of index % 2 === 0 ? identifiers : identifiers.toReversed()) {
          await engine.limit(request({ identifier, limit: 50, cost: 2 }));
        }
      }
      await nextTurn();
      await Promise.all(nodes.map(({ globals }) => globals.push()));
    }
    const stored = await rows();
    expect(stored).toHaveLength(2 * identifiers.length);
    expect(new Set(stored.map(({ count }) => count))).toEqual(new Set([2 * 2 * 5]));
    expect(
      metrics.values.get('unkey_database_operations_errors_total{replica="rw",operation="exec"}'),
    ).toBeUndefined();
  });
});
