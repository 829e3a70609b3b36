import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualClock, systemClock } from '../../../src/lib/clock.ts';
import type { Job } from '../../../src/services/jobs/job.ts';
import { type JobScheduler, runnerName, startJobs } from '../../../src/services/jobs/start-jobs.ts';
import type { Database } from '../../../src/storage/sql/database.ts';
import { migratedStore } from '../support/store.ts';
import { nightly, runnerOn, until } from './workbench.ts';

const EVERY_SECOND = '* * * * * *';

function start(db: Database, owner: string, jobs: readonly Job[]): JobScheduler {
  const runner = runnerOn(db, owner, new ManualClock(0));
  const scheduler = startJobs({ ...runner, clock: systemClock }, jobs);
  onTestFinished(() => scheduler.stop());
  return scheduler;
}

describe('the scheduler', () => {
  it('runs each due time on one of several nodes', async () => {
    const db = await migratedStore();
    const runs: number[] = [];
    const job = nightly(async ({ dueAt }) => runs.push(dueAt), { schedule: EVERY_SECOND });
    for (const owner of ['a', 'b', 'c']) start(db, owner, [job]);
    await until(() => runs.length >= 3);
    expect(new Set(runs).size).toBe(runs.length);
  });

  it('makes up at start for a run that nobody did, where the job says so', async () => {
    const db = await migratedStore();
    const runs: string[] = [];
    start(db, 'a', [
      nightly(async () => runs.push('left'), { name: 'left' }),
      nightly(async () => runs.push('made up for'), { runAtStart: true }),
    ]);
    await until(() => runs.length > 0);
    expect(runs).toEqual(['made up for']);
  });

  it('passes over jobs that need an analytics store where there is none', async () => {
    const db = await migratedStore();
    const runs: string[] = [];
    start(db, 'a', [
      nightly(async () => runs.push('analytics'), { runAtStart: true, needs: 'analytics', name: 'other' }),
      nightly(async () => runs.push('free'), { runAtStart: true }),
    ]);
    await until(() => runs.length > 0);
    expect(runs).toEqual(['free']);
  });

  it('passes over jobs for another kind of store', async () => {
    const db = await migratedStore();
    const runs: string[] = [];
    start(db, 'a', [
      nightly(async () => runs.push('mysql'), { runAtStart: true, store: 'mysql', name: 'other' }),
      nightly(async () => runs.push('sqlite'), { runAtStart: true, store: 'sqlite' }),
    ]);
    await until(() => runs.length > 0);
    expect(runs).toEqual(['sqlite']);
  });

  it('comes back when a run is put off', async () => {
    const db = await migratedStore();
    const runs: string[] = [];
    const job = nightly(
      async () => {
        if (runs.push('run') === 1) throw new Error('no luck');
        return 1;
      },
      { runAtStart: true, retryAfterMs: 20 },
    );
    start(db, 'a', [job]);
    await until(() => runs.length === 2);
  });

  it('waits for the batch that is under way when it stops, and starts nothing afterwards', async () => {
    const db = await migratedStore();
    const batch = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const seen: string[] = [];
    const job = nightly(
      async ({ signal }) => {
        begun.resolve();
        await batch.promise;
        seen.push('batch ended');
        signal.throwIfAborted();
        seen.push('next batch');
        return 1;
      },
      { runAtStart: true, schedule: EVERY_SECOND },
    );
    const scheduler = start(db, 'a', [job]);
    await begun.promise;
    const stopped = scheduler.stop().then(() => seen.push('stopped'));
    batch.resolve();
    await stopped;
    expect(seen).toEqual(['batch ended', 'stopped']);
  });
});

describe('the name of a runner', () => {
  it('tells two processes of one instance apart and fits its column', () => {
    const names = [runnerName('x'.repeat(100)), runnerName('x'.repeat(100))];
    expect(new Set(names).size).toBe(2);
    expect(names.map((name) => name.length <= 64)).toEqual([true, true]);
  });
});
