import { describe, expect, it } from 'vitest';
import { auditCleanup } from '../../../src/services/jobs/audit-cleanup.ts';
import { insertRows } from '../../../src/storage/sql/dialect.ts';
import { emptyInstallation, STORES } from '../root-keys/stores.ts';
import { contextOf, runnerOn } from './workbench.ts';

const DAY = 24 * 60 * 60_000;

describe.each(STORES)('audit-cleanup on %s', (store) => {
  it('deletes what was exported more than 30 days ago and never what is pending', async () => {
    const { db, clock, rows } = await emptyInstallation(store);
    const now = clock.now();
    const row = (id: string, deletedAt: number | null) => ({
      version: 'audit_log.v1',
      workspace_id: 'ws_a',
      event_id: id,
      payload: '{}',
      created_at: 1,
      deleted_at: deletedAt,
    });
    await insertRows(db.primary, 'arrange', 'clickhouse_outbox', [
      row('pending', null),
      row('old', now - 30 * DAY - 1),
      row('older', now - 300 * DAY),
      row('young', now - 30 * DAY),
    ]);
    const runner = runnerOn(db, 'a', clock);
    expect(await auditCleanup.pending?.({ ...runner, dueAt: now })).toBe(2);
    expect(await auditCleanup.run(contextOf(runner, now))).toBe(2);
    expect(await rows('SELECT event_id FROM clickhouse_outbox ORDER BY pk')).toEqual([
      { event_id: 'pending' },
      { event_id: 'young' },
    ]);
  });

  it('goes on until a batch is short', async () => {
    const { db, clock, rows } = await emptyInstallation(store);
    const exported = Array.from({ length: 10_001 }, (_, n) => ({
      version: 'audit_log.v1',
      workspace_id: 'ws_a',
      event_id: `log_${n}`,
      payload: '{}',
      created_at: 1,
      deleted_at: 1,
    }));
    await insertRows(db.primary, 'arrange', 'clickhouse_outbox', exported);
    const progress: number[] = [];
    const context = contextOf(runnerOn(db, 'a', clock), clock.now());
    await auditCleanup.run({ ...context, progress: (done) => progress.push(done) });
    expect(progress).toEqual([10_000, 10_001]);
    expect(await rows('SELECT pk FROM clickhouse_outbox')).toEqual([]);
  });
});
