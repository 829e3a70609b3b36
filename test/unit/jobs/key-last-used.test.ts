import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ManualClock } from '../../../src/lib/clock.ts';
import type { VerificationEvent } from '../../../src/services/analytics/writing/event-sink.ts';
import { verificationTable } from '../../../src/services/analytics/writing/verification-table.ts';
import { keyLastUsed } from '../../../src/services/jobs/key-last-used.ts';
import type { AnalyticsStore } from '../../../src/storage/analytics/analytics-store.ts';
import type { Database } from '../../../src/storage/sql/database.ts';
import { freshName, openTestAnalytics } from '../../support/analytics.ts';
import { emptyInstallation, type Installation, STORES } from '../root-keys/stores.ts';
import { contextOf, insertKey, type Runner, runnerOn } from './workbench.ts';

let analytics: AnalyticsStore;
beforeAll(async () => {
  analytics = await openTestAnalytics();
});
afterAll(() => analytics.close());

const MINUTE = 60_000;

describe.each(STORES)('key-last-used on %s', (kind) => {
  let site: Installation;
  let db: Database;
  let clock: ManualClock;
  let runner: Runner;
  /** The minute in which the test begins. */
  let minute: number;
  beforeEach(async () => {
    await analytics.execute('TRUNCATE TABLE key_last_used_v1');
    site = await emptyInstallation(kind);
    ({ db, clock } = site);
    minute = Math.floor(Date.now() / MINUTE) * MINUTE;
    clock.set(minute + 30_000);
    runner = runnerOn(db, 'node-1', clock);
  });

  /** Verifications of keys, by name and unix ms. */
  async function use(
    ...uses: readonly (readonly [name: string, at: number, outcome?: string])[]
  ): Promise<void> {
    const events = uses.map(
      ([name, timeMs, outcome = 'VALID']): VerificationEvent => ({
        requestId: 'req_1',
        timeMs,
        workspaceId: 'ws_a',
        keyspaceId: 'ks_a',
        keyId: `key_${name}`,
        identityId: '',
        externalId: '',
        region: 'test',
        source: 'api',
        outcome,
        tags: [],
        spentCredits: 0,
        latencyMs: 1,
      }),
    );
    await analytics.insert({
      table: verificationTable.name,
      columns: verificationTable.columns,
      rows: events.map(verificationTable.row),
      deduplicationToken: freshName('uses'),
    });
  }
  const run = (store: AnalyticsStore = analytics): Promise<number> =>
    keyLastUsed.run({ ...contextOf(runner, clock.now()), analytics: store });
  /** Minutes since the test's own, by name of the key; null when it was never used. */
  async function lastUsed(): Promise<Record<string, number | null>> {
    const rows = await site.rows<{ id: string; at: number }>(
      'SELECT id, last_used_at AS at FROM `keys` ORDER BY id',
    );
    return Object.fromEntries(
      rows.map(({ id, at }) => [id.replace('key_', ''), at === 0 ? null : (at - minute) / MINUTE]),
    );
  }

  it('is the minute of the last verification, whatever came of it', async () => {
    for (const name of ['a', 'b', 'c']) await insertKey(db, name);
    await use(
      ['a', minute + 100],
      ['a', minute + 5_000],
      ['b', minute - 1, 'RATE_LIMITED'],
      ['b', minute - 90_000],
    );
    expect(await run()).toBe(2);
    expect(await lastUsed()).toEqual({ a: 0, b: -1, c: null });
  });

  it('goes on where the run before ended, and changes nothing twice', async () => {
    for (const name of ['a', 'b']) await insertKey(db, name);
    await use(['a', minute]);
    expect(await run()).toBe(1);
    expect(await run()).toBe(0);
    clock.advance(2 * MINUTE);
    await use(['a', minute + 2 * MINUTE], ['b', minute + MINUTE]);
    expect(await run()).toBe(2);
    expect(await lastUsed()).toEqual({ a: 2, b: 1 });
  });

  it('never goes back', async () => {
    await insertKey(db, 'a', { last_used_at: minute + 5 * MINUTE });
    await use(['a', minute]);
    expect(await run()).toBe(0);
    expect(await lastUsed()).toEqual({ a: 5 });
  });

  it('sees what another node wrote late', async () => {
    for (const name of ['a', 'b']) await insertKey(db, name);
    await use(['a', minute + 20_000]);
    await run();
    await use(['b', minute - 30_000]);
    await run();
    expect(await lastUsed()).toEqual({ a: 0, b: -1 });
  });

  it('is not led astray by a verification of the future', async () => {
    const [ahead, later] = await ofOnePartition();
    await insertKey(db, ahead);
    await insertKey(db, later);
    await use([ahead, minute + 600 * MINUTE]);
    await run();
    await use([later, minute + 10_000]);
    await run();
    expect(await lastUsed()).toEqual({ [ahead]: 600, [later]: 0 });
  });

  /** Two names whose keys are read together. */
  async function ofOnePartition(): Promise<[string, string]> {
    const [row] = await analytics.query(
      `SELECT groupArray(2)(name) AS names
         FROM (SELECT concat('same', toString(number)) AS name FROM numbers(100))
        WHERE cityHash64(concat('key_', name)) % 8 = 0`,
    );
    return row?.names as [string, string];
  }

  it('reads as many batches as there are', async () => {
    await analytics.execute(
      `INSERT INTO key_last_used_v1 (workspace_id, key_space_id, key_id, time)
       SELECT 'ws_a', 'ks_a', concat('key_n', toString(number)), ${minute} - 300000 + number FROM numbers(220000)`,
    );
    await insertKey(db, 'n0');
    await insertKey(db, 'n219999');
    const pages: number[] = [];
    const counting: AnalyticsStore = {
      ...analytics,
      async query(statement, options) {
        const rows = await analytics.query(statement, options);
        pages.push(rows.length);
        return rows;
      },
    };
    expect(await run(counting)).toBe(2);
    expect(pages.filter((rows) => rows === 25_000)).toHaveLength(8);
    expect(pages).toHaveLength(16);
    expect(pages.reduce((sum, rows) => sum + rows)).toBe(220_000);
    expect(await lastUsed()).toEqual({ n0: -5, n219999: -2 });
  });

  it('does not move on when the analytics store fails', async () => {
    await insertKey(db, 'a');
    await use(['a', minute]);
    const failing: AnalyticsStore = { ...analytics, query: () => Promise.reject(new Error('gone')) };
    await expect(run(failing)).rejects.toThrow('gone');
    expect(await lastUsed()).toEqual({ a: null });
    expect(await run()).toBe(1);
  });
});
