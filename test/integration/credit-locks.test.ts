// Write-backs of credits that meet on a real MySQL: each locks the rows of its keys, and none stands in another's way for ever.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { post } from '../../src/services/usage/post.ts';
import type { MigratableDatabase } from '../../src/storage/sql/database.ts';
import { insertRows } from '../../src/storage/sql/dialect.ts';
import { createMigrator } from '../../src/storage/sql/migrator.ts';
import { openDatabase } from '../../src/storage/sql/open-database.ts';
import { freshMysqlDatabase, type MysqlDatabase, requireOrSkip } from '../support/servers.ts';
import { recordingMetrics } from '../unit/support/recorders.ts';

const CREDITS = 1_000;
/** Few enough for MySQL to prefer reading the whole table to looking each of them up. */
const KEYS = Array.from({ length: 120 }, (_, index) => `key_${(index * 77) % 120}x${index}`);
const NODES = 4;
const WRITERS = 6;
const ROUNDS = 15;

describe.runIf(requireOrSkip('mysql'))('write-backs of credits', () => {
  let database: MysqlDatabase;
  const metrics = recordingMetrics();
  let dbs: MigratableDatabase[];

  beforeAll(async () => {
    database = await freshMysqlDatabase();
    dbs = Array.from({ length: NODES }, () =>
      openDatabase({ primary: database.url, metrics, log: silentLogger, tags: { region: 'test' } }),
    );
    const [db] = dbs as [MigratableDatabase];
    await createMigrator({ database: db, clock: new ManualClock(1), toolVersion: 'test' }).up();
    const keys = KEYS.map((id) => ({
      id,
      key_auth_id: 'ks_1',
      hash: `hash_${id}`,
      start: 'abcd',
      workspace_id: 'ws_1',
      created_at_m: 0,
      remaining_requests: CREDITS,
    }));
    await insertRows(db.primary, 'arrange', 'keys', keys);
  });
  afterAll(async () => {
    for (const db of dbs) await db.close();
    await database.drop();
  });

  test('of several nodes and overlapping keys, in any order, never end in a deadlock, and each is booked once', async () => {
    const few = (start: number): string[] =>
      Array.from({ length: 5 }, (_, i) => KEYS[(start + i * 31) % KEYS.length] ?? '');
    const writer = async (db: MigratableDatabase, seed: number): Promise<void> => {
      for (let round = 1; round <= ROUNDS; round++) {
        // Now most of the keys, which MySQL would find by reading the table, now a few, which it would look up by their ids.
        const keys = round % 3 === 0 ? few(round + seed) : KEYS.slice(0, 100);
        const postings = keys.map((keyId) => ({
          keyId,
          ledgers: [{ ledgerId: `p${seed}.${round}.${keyId}`, spent: 1, settled: 0 }],
          spends: [],
        }));
        await post(db, postings, round);
      }
    };
    await Promise.all(
      dbs.flatMap((db, node) =>
        Array.from({ length: WRITERS }, (_, index) => writer(db, node * WRITERS + index)),
      ),
    );

    const errors = [...metrics.values].filter(([series]) => series.includes('operations_errors_total'));
    expect(errors).toEqual([]);
    const [db] = dbs as [MigratableDatabase];
    const [sums] = await db.primary.all<{ taken: unknown; settled: unknown }>(
      'assert',
      `SELECT (SELECT SUM(${CREDITS} - remaining_requests) FROM \`keys\`) AS taken,
              (SELECT SUM(settled) FROM credit_settlements) AS settled`,
    );
    expect(Number(sums?.taken)).toBe(Number(sums?.settled));
    expect(Number(sums?.taken)).toBeGreaterThan(0);
  });
});
