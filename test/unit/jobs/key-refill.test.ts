import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ManualClock } from '../../../src/lib/clock.ts';
import { keyRefill, refillDay } from '../../../src/services/jobs/key-refill.ts';
import type { Database } from '../../../src/storage/sql/database.ts';
import { emptyInstallation, type Installation, STORES } from '../root-keys/stores.ts';
import { balances, contextOf, insertKey, type Runner, runnerOn } from './workbench.ts';

describe('the days of a refill', () => {
  it.each([
    ['2026-11-22', 22, 22],
    ['2026-02-28', 28, 31],
    ['2028-02-28', 28, 28],
    ['2028-02-29', 29, 31],
    ['2026-04-30', 30, 31],
    ['2026-01-31', 31, 31],
    ['2026-01-01', 1, 1],
  ])('on %s are %d to %d', (date, firstDay, lastDay) => {
    const day = refillDay(Date.parse(`${date}T13:37:00Z`));
    expect(day).toEqual({ firstDay, lastDay, start: `${date} 00:00:00.000` });
  });

  it('give every refill day exactly one turn a month', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2000, max: 2400 }),
        fc.integer({ min: 0, max: 11 }),
        fc.integer({ min: 1, max: 31 }),
        (year, month, wanted) => {
          const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
          const turns = Array.from({ length: days }, (_, index) =>
            refillDay(Date.UTC(year, month, index + 1)),
          ).filter(({ firstDay, lastDay }) => firstDay <= wanted && wanted <= lastDay);
          expect(turns).toHaveLength(1);
        },
      ),
    );
  });
});

describe.each(STORES)('key-refill on %s', (store) => {
  let site: Installation;
  let db: Database;
  let clock: ManualClock;
  let runner: Runner;
  beforeEach(async () => {
    site = await emptyInstallation(store);
    ({ db, clock } = site);
    runner = runnerOn(db, 'node-1', clock);
  });
  const refill = (date: string): Promise<number> =>
    keyRefill.run(contextOf(runner, Date.parse(`${date}T00:00:00Z`)));
  const at = (text: string): void => clock.set(Date.parse(text));

  it('sets the balance of keys below their amount, whatever else is wrong with them', async () => {
    at('2026-11-22T00:00:01Z');
    await insertKey(db, 'spent', { remaining_requests: 0 });
    await insertKey(db, 'below', { remaining_requests: 99 });
    await insertKey(db, 'unlimited', { remaining_requests: null });
    await insertKey(db, 'disabled', { enabled: false });
    await insertKey(db, 'expired', { expires: '2020-01-01 00:00:00.000' });
    await insertKey(db, 'full', { remaining_requests: 100 });
    await insertKey(db, 'rich', { remaining_requests: 101 });
    await insertKey(db, 'deleted', { deleted_at_m: 1 });
    await insertKey(db, 'plain', { remaining_requests: 3, refill_amount: null });
    expect(await refill('2026-11-22')).toBe(5);
    expect(await balances(db)).toEqual({
      spent: 100,
      below: 100,
      unlimited: 100,
      disabled: 100,
      expired: 100,
      full: 100,
      rich: 101,
      deleted: 0,
      plain: 3,
    });
  });

  it('stamps what it refilled and nothing else', async () => {
    at('2026-11-22T00:00:01Z');
    await insertKey(db, 'spent', { updated_at_m: 5 });
    await insertKey(db, 'full', { remaining_requests: 100, updated_at_m: 5 });
    await refill('2026-11-22');
    expect(await site.rows('SELECT id, last_refill_at, updated_at_m FROM `keys` ORDER BY pk')).toEqual([
      { id: 'key_spent', last_refill_at: '2026-11-22 00:00:01.000', updated_at_m: clock.now() },
      { id: 'key_full', last_refill_at: null, updated_at_m: 5 },
    ]);
  });

  it.each([
    ['2026-02-27', ['daily']],
    ['2026-02-28', ['daily', 'on28', 'on29', 'on31']],
    ['2028-02-28', ['daily', 'on28']],
    ['2028-02-29', ['daily', 'on29', 'on31']],
    ['2026-03-31', ['daily', 'on31']],
  ])('refills on %s the keys of that day: %j', async (date, names) => {
    at(`${date}T00:00:01Z`);
    await insertKey(db, 'daily');
    for (const day of [1, 28, 29, 31]) await insertKey(db, `on${day}`, { refill_day: day });
    expect(await refill(date)).toBe(names.length);
    const refilled = Object.entries(await balances(db)).filter(([, remaining]) => remaining === 100);
    expect(refilled.map(([name]) => name)).toEqual(names);
  });

  it('leaves a key alone that was refilled on the day, and takes it again the day after', async () => {
    at('2026-11-22T00:00:01Z');
    await insertKey(db, 'early', { last_refill_at: '2026-11-22 00:00:00.000' });
    await insertKey(db, 'late', { last_refill_at: '2026-11-21 23:59:59.999' });
    expect(await refill('2026-11-22')).toBe(1);
    await db.primary.run('arrange', 'UPDATE `keys` SET remaining_requests = 7');
    expect(await refill('2026-11-22')).toBe(0);
    expect(await balances(db)).toEqual({ early: 7, late: 7 });
    at('2026-11-23T00:00:01Z');
    expect(await refill('2026-11-23')).toBe(2);
  });

  it('reaches every key, whatever it is refilled to and however many share an amount', async () => {
    at('2026-11-22T00:00:01Z');
    const amounts = [5, 100, 1, 70];
    // More than a batch holds of each of the first two, in turn, so that a batch ends within an amount and at its end.
    for (let n = 0; n < 300; n++) {
      const amount = n < 220 ? amounts[n % 2] : amounts[2 + (n % 2)];
      await insertKey(db, `n${n}`, { refill_amount: amount ?? 0 });
    }
    expect(await refill('2026-11-22')).toBe(300);
    expect(await refill('2026-11-22')).toBe(0);
    const totals = Map.groupBy(Object.values(await balances(db)), (remaining) => remaining);
    expect([...totals].map(([amount, keys]) => [amount, keys.length]).toSorted()).toEqual(
      [
        [5, 110],
        [100, 110],
        [1, 40],
        [70, 40],
      ].toSorted(),
    );
  });

  it('writes one audit event a key into the log of its workspace', async () => {
    at('2026-11-22T00:00:01Z');
    await insertKey(db, 'named', { name: 'Orders', remaining_requests: 12 });
    await insertKey(db, 'nameless', { remaining_requests: null, workspace_id: 'ws_b' });
    await insertKey(db, 'full', { remaining_requests: 100 });
    await refill('2026-11-22');
    expect(await site.auditEvents()).toEqual([
      {
        event_id: expect.stringMatching(/^log_/),
        time: clock.now(),
        workspace_id: 'ws_a',
        bucket: 'unkey_mutations',
        source: 'platform',
        event: 'key.update',
        description: expect.stringContaining('key_named'),
        actor: { type: 'system', id: 'keyrefill', name: 'Key Refill Service' },
        targets: [
          {
            type: 'key',
            id: 'key_named',
            name: 'Orders',
            meta: { refill_amount: 100, previous_remaining: 12, new_remaining: 100 },
          },
        ],
      },
      expect.objectContaining({
        workspace_id: 'ws_b',
        targets: [
          {
            type: 'key',
            id: 'key_nameless',
            name: 'key_nameless',
            meta: { refill_amount: 100, previous_remaining: null, new_remaining: 100 },
          },
        ],
      }),
    ]);
  });

  it('settles what was spent before it refills, and drops counters and cached keys afterwards', async () => {
    at('2026-11-22T00:00:01Z');
    await insertKey(db, 'a');
    const seen: (number | null | undefined)[] = [];
    const look = async (): Promise<void> => void seen.push((await balances(db)).a);
    const usage = {
      settle: async (keyIds: readonly string[]) => {
        await look();
        await runner.usage.settle(keyIds);
      },
      invalidate: async (keyIds: string | readonly string[]) => {
        await look();
        await runner.usage.invalidate(keyIds);
      },
    };
    await keyRefill.run({ ...contextOf(runner, Date.parse('2026-11-22')), usage });
    expect(seen).toEqual([0, 100]);
    expect(runner.told.toSorted()).toEqual(['drop hash_a', 'invalidate key_a', 'settle key_a']);
  });

  it('does not refill a key whose settled balance turns out to be high enough', async () => {
    at('2026-11-22T00:00:01Z');
    await insertKey(db, 'raised');
    await insertKey(db, 'spent');
    const usage = {
      ...runner.usage,
      settle: () =>
        db.primary
          .run('arrange', "UPDATE `keys` SET remaining_requests = 500 WHERE id = 'key_raised'")
          .then(() => undefined),
    };
    expect(await keyRefill.run({ ...contextOf(runner, Date.parse('2026-11-22')), usage })).toBe(1);
    expect(await balances(db)).toEqual({ raised: 500, spent: 100 });
    expect(await site.auditEvents()).toHaveLength(1);
  });

  it('keeps a refill whose live balance cannot be dropped, and says so once', async () => {
    at('2026-11-22T00:00:01Z');
    await insertKey(db, 'a');
    await insertKey(db, 'b');
    const usage = { ...runner.usage, invalidate: () => Promise.reject(new Error('no counters')) };
    expect(await keyRefill.run({ ...contextOf(runner, Date.parse('2026-11-22')), usage })).toBe(2);
    expect(await balances(db)).toEqual({ a: 100, b: 100 });
    expect(runner.lines).toMatchObject([{ level: 'error', fields: { keys: 2 } }]);
  });

  it('works in batches of 100, ends before the next one when aborted, and loses nothing by it', async () => {
    at('2026-11-22T00:00:01Z');
    for (let n = 0; n < 250; n++) await insertKey(db, `n${n}`);
    const aborting = new AbortController();
    const progress: number[] = [];
    const context = contextOf(runner, Date.parse('2026-11-22'), aborting.signal);
    const run = keyRefill.run({
      ...context,
      progress(done) {
        progress.push(done);
        if (done === 200) aborting.abort(new Error('told to stop'));
      },
    });
    await expect(run).rejects.toThrow('told to stop');
    expect(progress).toEqual([100, 200]);
    expect(await refill('2026-11-22')).toBe(50);
    expect(await site.auditEvents()).toHaveLength(250);
  });

  it('never refills or audits a key twice, however many nodes run it at the same time', async () => {
    at('2026-11-22T00:00:01Z');
    for (let n = 0; n < 150; n++) await insertKey(db, `n${n}`);
    const counts = await Promise.all(
      Array.from({ length: 3 }, () => keyRefill.run(contextOf(runner, Date.parse('2026-11-22')))),
    );
    expect(counts.reduce((sum, count) => sum + count)).toBe(150);
    expect(await site.auditEvents()).toHaveLength(150);
  });

  it('rolls a batch back together with its audit rows', async () => {
    at('2026-11-22T00:00:01Z');
    await insertKey(db, 'a');
    const ids = {
      next: () => {
        throw new Error('no ids');
      },
    };
    await expect(keyRefill.run({ ...contextOf(runner, Date.parse('2026-11-22')), ids })).rejects.toThrow(
      'no ids',
    );
    expect(await balances(db)).toEqual({ a: 0 });
    expect(runner.told).toEqual(['settle key_a']);
  });

  it('foretells how many keys are due', async () => {
    at('2026-11-22T00:00:01Z');
    await insertKey(db, 'due');
    await insertKey(db, 'full', { remaining_requests: 100 });
    expect(await keyRefill.pending?.({ ...runner, dueAt: Date.parse('2026-11-22') })).toBe(1);
    expect(await balances(db)).toEqual({ due: 0, full: 100 });
  });

  it('keeps amounts beyond 2^53 exact', async () => {
    at('2026-11-22T00:00:01Z');
    await insertKey(db, 'huge', { refill_amount: 9007199254740993n });
    await refill('2026-11-22');
    const [row] = await site.rows<{ payload: string }>('SELECT payload FROM clickhouse_outbox');
    expect(row?.payload).toMatch(/"new_remaining":\s?9007199254740993\b/);
  });
});
