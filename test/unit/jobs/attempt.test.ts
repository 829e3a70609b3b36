import { beforeEach, describe, expect, it } from 'vitest';
import type { ManualClock } from '../../../src/lib/clock.ts';
import { attemptJob } from '../../../src/services/jobs/attempt.ts';
import type { Job } from '../../../src/services/jobs/job.ts';
import { readHistory } from '../../../src/services/jobs/job-history.ts';
import { keyRefill } from '../../../src/services/jobs/key-refill.ts';
import type { Database } from '../../../src/storage/sql/database.ts';
import { emptyInstallation, type Installation, STORES } from '../root-keys/stores.ts';
import { balances, failingWrites, insertKey, nightly, type Runner, runnerOn } from './workbench.ts';

const FOREVER = new AbortController().signal;
const MIDNIGHT = Date.UTC(2026, 10, 22);
const MINUTE = 60_000;

/** A job whose run goes on until `end` is called. */
function heldUp(): { job: Job; begun: Promise<void>; end(): void } {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<number>();
  const job = nightly(() => {
    begun.resolve();
    return ended.promise;
  });
  return { job, begun: begun.promise, end: () => ended.resolve(1) };
}

describe.each(STORES)('an attempt at a job on %s', (store) => {
  let site: Installation;
  let db: Database;
  let clock: ManualClock;
  beforeEach(async () => {
    site = await emptyInstallation(store);
    ({ db, clock } = site);
    clock.set(MIDNIGHT);
  });
  const node = (owner: string): Runner => runnerOn(db, owner, clock);

  it('runs what is due once for all nodes, and again at the next due time', async () => {
    const runs: string[] = [];
    const job = nightly(async ({ dueAt }) => runs.push(new Date(dueAt).toISOString()));
    const [a, b] = [node('a'), node('b')];
    expect(await attemptJob(a, job, FOREVER)).toBeUndefined();
    clock.advance(1);
    expect(await attemptJob(b, job, FOREVER)).toBeUndefined();
    clock.set(MIDNIGHT + 24 * 60 * MINUTE);
    await attemptJob(b, job, FOREVER);
    await attemptJob(a, job, FOREVER);
    expect(runs).toEqual(['2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z']);
  });

  it('counts and dates a success', async () => {
    clock.advance(1_500);
    const a = node('a');
    await attemptJob(
      a,
      nightly(async () => 3),
      FOREVER,
    );
    expect([...a.values]).toEqual([
      ['unkey_job_runs_total{job="nightly",status="success"}', 1],
      ['unkey_job_last_success_timestamp_seconds{job="nightly"}', clock.now() / 1000],
    ]);
    expect(
      await readHistory(
        db.primary,
        nightly(async () => 0),
      ),
    ).toEqual({
      finished: { dueAt: MIDNIGHT, at: clock.now() },
      failed: undefined,
    });
  });

  it('shows the success of another node as well', async () => {
    await attemptJob(
      node('a'),
      nightly(async () => 1),
      FOREVER,
    );
    const b = node('b');
    clock.advance(60_000);
    await attemptJob(
      b,
      nightly(async () => 1),
      FOREVER,
    );
    expect([...b.values]).toEqual([
      ['unkey_job_last_success_timestamp_seconds{job="nightly"}', MIDNIGHT / 1000],
    ]);
  });

  it('looks again every 10 seconds while another node is at it, until that is done', async () => {
    const { job, begun, end } = heldUp();
    const running = attemptJob(node('a'), job, FOREVER);
    await begun;
    const b = node('b');
    expect(await attemptJob(b, job, FOREVER)).toBe(clock.now() + 10_000);
    end();
    await running;
    expect(await attemptJob(b, job, FOREVER)).toBeUndefined();
    expect([...b.values.keys()]).not.toContain('unkey_job_runs_total{job="nightly",status="success"}');
  });

  it('takes over within 40 seconds from a runner that died, and neither refills nor audits a key twice', async () => {
    const started = MIDNIGHT;
    for (let n = 0; n < 150; n++) await insertKey(db, `n${n}`);
    // Dies behind its first batch: it neither renews nor releases.
    const died = Promise.withResolvers<never>();
    const halted = Promise.withResolvers<void>();
    const a = { ...node('a'), renewalMs: 3_600_000 };
    const usage = {
      ...a.usage,
      settle: async (keyIds: readonly string[]) => {
        if (keyIds.includes('key_n100')) {
          halted.resolve();
          await died.promise;
        }
      },
    };
    const dead = attemptJob({ ...a, usage }, keyRefill, FOREVER);
    await halted.promise;

    const b = node('b');
    for (let at = await attemptJob(b, keyRefill, FOREVER); at !== undefined; ) {
      clock.set(at);
      at = await attemptJob(b, keyRefill, FOREVER);
    }
    expect(clock.now() - started).toBeLessThanOrEqual(40_000);
    expect(b.values.get('unkey_job_runs_total{job="key-refill",status="success"}')).toBe(1);
    expect(Object.values(await balances(db))).toEqual(Array.from({ length: 150 }, () => 100));
    expect(await site.auditEvents()).toHaveLength(150);
    died.reject(new Error('gone'));
    await dead;
  });

  it('logs and counts a failure, and tries a job that says so again after 5 minutes, on whichever node', async () => {
    let failures = 1;
    const job = nightly(async () => {
      if (failures-- > 0) throw new Error('no luck');
      return 1;
    });
    const [a, b] = [node('a'), node('b')];
    expect(await attemptJob(a, job, FOREVER)).toBe(MIDNIGHT + 5 * MINUTE);
    expect(a.lines).toMatchObject([
      { level: 'error', fields: { err: new Error('no luck'), job: 'nightly' } },
    ]);
    expect([...a.values]).toEqual([['unkey_job_runs_total{job="nightly",status="error"}', 1]]);

    clock.set(MIDNIGHT + 5 * MINUTE - 1);
    expect(await attemptJob(b, job, FOREVER)).toBe(MIDNIGHT + 5 * MINUTE);
    clock.advance(1);
    expect(await attemptJob(b, job, FOREVER)).toBeUndefined();
    expect([...b.values.keys()]).toContain('unkey_job_runs_total{job="nightly",status="success"}');
  });

  it('leaves the failure of any other job to its next due time', async () => {
    const { retryAfterMs: _, ...job } = nightly(() => Promise.reject(new Error('no luck')));
    expect(await attemptJob(node('a'), job, FOREVER)).toBeUndefined();
    expect(await attemptJob(node('b'), job, FOREVER)).toBeUndefined();
    clock.set(MIDNIGHT + 24 * 60 * MINUTE);
    const b = node('b');
    await attemptJob(b, job, FOREVER);
    expect(b.values.get('unkey_job_runs_total{job="nightly",status="error"}')).toBe(1);
  });

  it('counts it as a failure when the store cannot be asked, and keeps that to itself', async () => {
    const a = node('a');
    const job = nightly(async () => 1);
    const down = failingWrites(db, ({ operation }) => operation === 'extendJobLease');
    expect(await attemptJob({ ...a, db: down }, job, FOREVER)).toBe(MIDNIGHT + 5 * MINUTE);
    expect([...a.values]).toEqual([['unkey_job_runs_total{job="nightly",status="error"}', 1]]);
    const b = node('b');
    await attemptJob(b, job, FOREVER);
    expect(b.values.get('unkey_job_runs_total{job="nightly",status="success"}')).toBe(1);
  });

  it('reports the failure of the job when that cannot be recorded either', async () => {
    const a = node('a');
    const down = failingWrites(db, ({ operation }) => operation === 'putJobState');
    const job = nightly(() => Promise.reject(new Error('no luck')));
    expect(await attemptJob({ ...a, db: down }, job, FOREVER)).toBe(MIDNIGHT + 5 * MINUTE);
    expect(a.lines.map(({ level, fields }) => [level, fields])).toMatchObject([
      ['warn', { job: 'nightly' }],
      ['error', { err: new Error('no luck') }],
    ]);
  });

  it('looks again when the lease of the other node ends, if that is sooner', async () => {
    const { job, begun, end } = heldUp();
    const running = attemptJob({ ...node('a'), leaseMs: 4_000 }, job, FOREVER);
    await begun;
    expect(await attemptJob(node('b'), job, FOREVER)).toBe(MIDNIGHT + 4_000);
    end();
    await running;
  });

  it('counts a run that was told to stop as aborted and leaves it to the next node at once', async () => {
    const stop = new AbortController();
    const a = node('a');
    const job = nightly(async ({ signal }) => {
      stop.abort(new Error('told to stop'));
      signal.throwIfAborted();
      return 1;
    });
    expect(await attemptJob(a, job, stop.signal)).toBeUndefined();
    expect([...a.values]).toEqual([['unkey_job_runs_total{job="nightly",status="aborted"}', 1]]);
    const runs: string[] = [];
    await attemptJob(
      node('b'),
      nightly(async () => runs.push('b')),
      FOREVER,
    );
    expect(runs).toEqual(['b']);
  });

  it('does not take a run that ended early because it was told to for a finished one', async () => {
    const stop = new AbortController();
    const job = nightly(async () => {
      stop.abort(new Error('told to stop'));
      return 0;
    });
    await attemptJob(node('a'), job, stop.signal);
    expect(await readHistory(db.primary, job)).toEqual({ finished: undefined, failed: undefined });
  });

  it('records the date that a refill was for', async () => {
    clock.set(MIDNIGHT + 13 * 60 * MINUTE);
    await attemptJob(node('a'), keyRefill, FOREVER);
    expect(await site.rows('SELECT job, name, value FROM job_state')).toEqual([
      { job: 'key-refill', name: 'last_finished', value: '"2026-11-22"' },
    ]);
  });
});
