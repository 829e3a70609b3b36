import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ManualClock } from '../../../src/lib/clock.ts';
import { auditExport } from '../../../src/services/jobs/audit-export.ts';
import type { AnalyticsRecord, AnalyticsStore } from '../../../src/storage/analytics/analytics-store.ts';
import { AnalyticsStoreError } from '../../../src/storage/analytics/store-error.ts';
import type { Database } from '../../../src/storage/sql/database.ts';
import { insertRows } from '../../../src/storage/sql/dialect.ts';
import { openTestAnalytics } from '../../support/analytics.ts';
import { emptyInstallation, type Installation, STORES } from '../root-keys/stores.ts';
import { contextOf, type Runner, runnerOn } from './workbench.ts';

let analytics: AnalyticsStore;
/** Ids are never used again, and the analytics store remembers batches that it had. */
let series = 0;
beforeAll(async () => {
  analytics = await openTestAnalytics();
});
afterAll(() => analytics.close());

describe.each(STORES)('audit-export on %s', (kind) => {
  let site: Installation;
  let db: Database;
  let clock: ManualClock;
  let runner: Runner;
  beforeEach(async () => {
    series++;
    await analytics.execute('TRUNCATE TABLE audit_logs_raw_v1');
    site = await emptyInstallation(kind);
    ({ db, clock } = site);
    // The analytics store drops what was exported long ago by its own clock.
    clock.set(Date.now());
    runner = runnerOn(db, 'node-1', clock);
  });

  /** Puts events into the outbox as mutations do; `payload` overrides what an event has. */
  async function addEvents(
    ids: readonly string[],
    payload: Readonly<Record<string, unknown>> | string = {},
    version = 'audit_log.v1',
  ): Promise<void> {
    await insertRows(
      db.primary,
      'arrange',
      'clickhouse_outbox',
      ids.map((id) => ({
        version,
        workspace_id: 'ws_a',
        event_id: `${series}_${id}`,
        payload:
          typeof payload === 'string'
            ? payload
            : JSON.stringify({
                event_id: `${series}_${id}`,
                time: 1_700_000_000_000,
                workspace_id: 'ws_a',
                bucket: 'unkey_mutations',
                source: 'platform',
                event: 'key.create',
                description: 'Created a key',
                actor: { type: 'rootkey', id: 'key_root' },
                ...payload,
              }),
        created_at: 1_700_000_000_000,
      })),
    );
  }

  const run = (store: AnalyticsStore = analytics): Promise<number> =>
    auditExport.run({ ...contextOf(runner, clock.now()), analytics: store });
  const exported = (): Promise<readonly AnalyticsRecord[]> =>
    analytics.query('SELECT * FROM audit_logs_raw_v1 FINAL ORDER BY event_id');
  const nameOf = (row: AnalyticsRecord): string => String(row.event_id).replace(`${series}_`, '');
  const exportedIds = async (): Promise<string[]> => (await exported()).map(nameOf);
  const pending = async (): Promise<string[]> =>
    (await site.rows('SELECT event_id FROM clickhouse_outbox WHERE deleted_at IS NULL ORDER BY pk')).map(
      nameOf,
    );

  it('copies every member of an event', async () => {
    await addEvents(['log_1'], {
      event: 'role.create',
      description: 'Created role "ü"',
      actor: { type: 'user', id: 'user_1', name: 'Ada', meta: { plan: 'pro' } },
      remote_ip: '192.0.2.1',
      user_agent: 'curl/8',
      meta: { a: { b: 1 } },
      correlation_id: 'cor_1',
      targets: [
        { type: 'role', id: 'role_1', name: 'admin', meta: { description: 'd' } },
        { type: 'key', id: 'key_1' },
      ],
    });
    clock.set(1_800_000_000_123);
    expect(await run()).toBe(1);
    expect(await exported()).toEqual([
      {
        event_id: `${series}_log_1`,
        time: 1_700_000_000_000,
        inserted_at: 1_800_000_000_123,
        workspace_id: 'ws_a',
        bucket: 'unkey_mutations',
        source: 'platform',
        event: 'role.create',
        description: 'Created role "ü"',
        actor_type: 'user',
        actor_id: 'user_1',
        actor_name: 'Ada',
        actor_meta: { plan: 'pro' },
        remote_ip: '192.0.2.1',
        user_agent: 'curl/8',
        meta: { a: { b: 1 } },
        'targets.type': ['role', 'key'],
        'targets.id': ['role_1', 'key_1'],
        'targets.name': ['admin', ''],
        'targets.meta': [{ description: 'd' }, {}],
        correlation_id: 'cor_1',
      },
    ]);
    expect(await site.rows('SELECT deleted_at AS at FROM clickhouse_outbox')).toEqual([
      { at: 1_800_000_000_123 },
    ]);
  });

  it('fills in what an event may leave out', async () => {
    await addEvents(['log_1'], { source: '' });
    await run();
    expect(await exported()).toMatchObject([
      {
        source: 'platform',
        actor_name: '',
        actor_meta: {},
        meta: {},
        'targets.type': [],
        correlation_id: '',
      },
    ]);
  });

  it('goes on until nothing waits, a thousand at a time, and does nothing the second time', async () => {
    const ids = Array.from({ length: 2_500 }, (_, number) => `log_${String(number).padStart(5, '0')}`);
    await addEvents(ids);
    const progress: number[] = [];
    const context = {
      ...contextOf(runner, clock.now()),
      analytics,
      progress: (done: number) => progress.push(done),
    };
    expect(await auditExport.pending?.(context)).toBe(2_500);
    expect(await auditExport.run(context)).toBe(2_500);
    expect(progress).toEqual([1_000, 2_000, 2_500]);
    expect(await exportedIds()).toEqual(ids);
    expect(await auditExport.pending?.(context)).toBe(0);
    expect(await run()).toBe(0);
    expect(await exportedIds()).toEqual(ids);
  });

  it('leaves events waiting while the analytics store is down, and exports them with the next run', async () => {
    await addEvents(['log_1', 'log_2']);
    const down: AnalyticsStore = {
      ...analytics,
      insert: () => Promise.reject(new AnalyticsStoreError('network', 'connection refused')),
    };
    await expect(run(down)).rejects.toThrow('connection refused');
    expect(await pending()).toEqual(['log_1', 'log_2']);
    expect(await exportedIds()).toEqual([]);

    expect(await run()).toBe(2);
    expect(await exportedIds()).toEqual(['log_1', 'log_2']);
    expect(await pending()).toEqual([]);
  });

  it('stores an event once when the answer to its export was lost, also within another batch', async () => {
    await addEvents(['log_1', 'log_2']);
    const forgetful: AnalyticsStore = {
      ...analytics,
      async insert(batch) {
        await analytics.insert(batch);
        throw new AnalyticsStoreError('network', 'the answer was lost');
      },
    };
    await expect(run(forgetful)).rejects.toThrow('the answer was lost');
    expect(await pending()).toEqual(['log_1', 'log_2']);
    await addEvents(['log_3']);
    expect(await run()).toBe(3);
    expect(await exportedIds()).toEqual(['log_1', 'log_2', 'log_3']);
  });

  it.each([
    ['is no JSON object', '"text"'],
    ['lacks what every event has', '{"event_id":"log_bad","time":1}'],
  ])('leaves an event that %s, tells, and exports the others', async (_what, payload) => {
    await addEvents(['log_1']);
    await addEvents(['log_bad'], payload);
    await addEvents(['log_2']);
    expect(await run()).toBe(2);
    expect(await exportedIds()).toEqual(['log_1', 'log_2']);
    expect(await pending()).toEqual(['log_bad']);
    expect(runner.values.get('unkey_audit_export_undecodable_total{}')).toBe(1);
    expect(runner.lines).toMatchObject([{ level: 'error', fields: { rows: 1 } }]);
  });

  it('leaves an event that the analytics store cannot take, and exports those around it', async () => {
    await addEvents(['log_1', 'log_2', 'log_3']);
    await addEvents(['log_bad'], { time: 1.5e300 });
    await addEvents(['log_4', 'log_5']);
    expect(await run()).toBe(5);
    expect(await exportedIds()).toEqual(['log_1', 'log_2', 'log_3', 'log_4', 'log_5']);
    expect(await pending()).toEqual(['log_bad']);
    expect(runner.values.get('unkey_audit_export_undecodable_total{}')).toBe(1);
  });

  it('does not get stuck behind a thousand events that cannot be read', async () => {
    await addEvents(
      Array.from({ length: 1_001 }, (_, number) => `log_bad_${number}`),
      '{}',
    );
    await addEvents(['log_1']);
    expect(await run()).toBe(1);
    expect(await exportedIds()).toEqual(['log_1']);
  });

  it('leaves payloads of other versions alone', async () => {
    await addEvents(['log_1'], {}, 'audit_log.v2');
    expect(await run()).toBe(0);
    expect(await pending()).toEqual(['log_1']);
    expect(runner.lines).toEqual([]);
  });

  it('holds up nobody who writes events while the analytics store takes its time', async () => {
    await addEvents(['log_1', 'log_2']);
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const slow: AnalyticsStore = {
      ...analytics,
      async insert(batch) {
        ask();
        await answered;
        await analytics.insert(batch);
      },
    };
    const exporting = run(slow);
    await asked;
    // With a lock in the way this would not come back before the answer.
    await addEvents(['log_3']);
    answer();
    await exporting;
    await run();
    expect(await exportedIds()).toEqual(['log_1', 'log_2', 'log_3']);
  });

  it.runIf(kind === 'mysql')('takes no event that another exporter is at', async () => {
    await addEvents(['log_1', 'log_2']);
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const batches: number[] = [];
    const recording = (before: () => Promise<void>): AnalyticsStore => ({
      ...analytics,
      async insert(batch) {
        batches.push(batch.rows.length);
        await before();
        await analytics.insert(batch);
      },
    });
    const first = run(
      recording(() => {
        ask();
        return answered;
      }),
    );
    await asked;
    expect(await run(recording(async () => undefined))).toBe(0);
    answer();
    expect(await first).toBe(2);
    expect(batches).toEqual([2]);
  });
});
