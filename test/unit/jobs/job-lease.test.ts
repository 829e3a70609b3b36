import { beforeEach, describe, expect, it } from 'vitest';
import type { ManualClock } from '../../../src/lib/clock.ts';
import { LeaseLostError, withLease } from '../../../src/services/jobs/job-lease.ts';
import type { Database } from '../../../src/storage/sql/database.ts';
import { findJobLease } from '../../../src/storage/sql/queries/job-leases.ts';
import { emptyInstallation, STORES } from '../root-keys/stores.ts';
import { failingWrites, type Runner, runnerOn, until } from './workbench.ts';

const FOREVER = new AbortController().signal;
const SOON_MS = 5;

/** Work that goes on until its signal aborts, and then ends as a job does. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

describe.each(STORES)('a job lease on %s', (store) => {
  let db: Database;
  let clock: ManualClock;
  beforeEach(async () => {
    ({ db, clock } = await emptyInstallation(store));
  });
  const node = (owner: string): Runner => runnerOn(db, owner, clock);
  const row = () => findJobLease(db.primary, 'j');
  const giveTo = (owner: string): Promise<unknown> =>
    db.primary.run('arrange', 'UPDATE job_leases SET owner = :owner, expires_at = :until', {
      owner,
      until: clock.now() + 30_000,
    });

  it('lasts 30 seconds, is renewed while the work goes on, and ends with it', async () => {
    const begun = clock.now();
    await withLease({ ...node('a'), renewalMs: SOON_MS }, 'j', FOREVER, async () => {
      expect(await row()).toEqual({ name: 'j', owner: 'a', expiresAt: begun + 30_000 });
      clock.advance(10_000);
      await until(async () => (await row())?.expiresAt === begun + 40_000);
    });
    expect(await row()).toEqual({ name: 'j', owner: 'a', expiresAt: clock.now() });
  });

  it('lets one of many runners work, and tells the others who does', async () => {
    const done = Promise.withResolvers<void>();
    let refused = 0;
    const attempts = ['a', 'b', 'c', 'd'].map(async (owner) => {
      const outcome = await withLease(node(owner), 'j', FOREVER, async () => {
        await done.promise;
        return owner;
      });
      if ('heldBy' in outcome) refused += 1;
      return outcome;
    });
    await until(() => refused === 3);
    done.resolve();
    const outcomes = await Promise.all(attempts);
    const winner = outcomes.find((outcome) => 'result' in outcome)?.result;
    expect(outcomes.filter((outcome) => 'heldBy' in outcome && outcome.heldBy.owner === winner)).toHaveLength(
      3,
    );
  });

  it('goes to another runner once it has expired, not a moment before', async () => {
    const frozen = Promise.withResolvers<void>();
    const first = withLease({ ...node('a'), renewalMs: 3_600_000 }, 'j', FOREVER, () => frozen.promise);
    await until(async () => (await row()) !== undefined);
    // The renewal at the start of the work has come and gone when the work of another is refused.
    await withLease(node('b'), 'j', FOREVER, async () => 'b');
    const { expiresAt = 0 } = (await row()) ?? {};
    clock.set(expiresAt - 1);
    expect(await withLease(node('b'), 'j', FOREVER, async () => 'b')).toMatchObject({
      heldBy: { owner: 'a' },
    });
    clock.set(expiresAt);
    expect(await withLease(node('b'), 'j', FOREVER, async () => 'b')).toEqual({ result: 'b' });
    frozen.resolve();
    await first;
  });

  it('aborts the work of a runner whose lease another has taken, and leaves that one its lease', async () => {
    const robbed = withLease({ ...node('a'), renewalMs: SOON_MS }, 'j', FOREVER, async (signal) => {
      await giveTo('b');
      return untilAborted(signal);
    });
    await expect(robbed).rejects.toThrow('another runner has taken the lease of j');
    expect(await row()).toEqual({ name: 'j', owner: 'b', expiresAt: clock.now() + 30_000 });
  });

  it('reports the lost lease, whatever the work made of it', async () => {
    const robbed = withLease({ ...node('a'), renewalMs: SOON_MS }, 'j', FOREVER, async (signal) => {
      await giveTo('b');
      await untilAborted(signal).catch(() => undefined);
      throw new Error('a statement was refused');
    });
    await expect(robbed).rejects.toBeInstanceOf(LeaseLostError);
  });

  it('aborts the work of a runner that could not renew in time', async () => {
    const broken = failingWrites(
      db,
      ({ operation, earlier }) => operation === 'extendJobLease' && earlier > 0,
    );
    const deps = { ...node('a'), db: broken, leaseMs: 50, renewalMs: SOON_MS };
    await expect(withLease(deps, 'j', FOREVER, untilAborted)).rejects.toThrow('the lease of j ran out');
  });

  it('survives a renewal that fails and the next one that does not', async () => {
    const begun = clock.now();
    const shaky = failingWrites(
      db,
      ({ operation, earlier }) => operation === 'extendJobLease' && earlier === 1,
    );
    const a = { ...node('a'), db: shaky, renewalMs: SOON_MS };
    await withLease(a, 'j', FOREVER, async () => {
      clock.advance(1_000);
      await until(async () => (await row())?.expiresAt === begun + 31_000);
    });
    expect(a.lines).toMatchObject([{ level: 'warn', fields: { job: 'j' } }]);
  });

  it('is free at once when its holder was told to stop', async () => {
    const stop = new AbortController();
    const work = withLease(node('a'), 'j', stop.signal, (signal) => {
      const stopped = untilAborted(signal);
      stop.abort(new Error('told to stop'));
      return stopped;
    });
    await expect(work).rejects.toThrow('told to stop');
    expect(await withLease(node('b'), 'j', FOREVER, async () => 'b')).toEqual({ result: 'b' });
  });

  it('runs out by itself when it cannot be released', async () => {
    const broken = failingWrites(db, ({ operation }) => operation === 'releaseJobLease');
    const a = { ...node('a'), db: broken };
    expect(await withLease(a, 'j', FOREVER, async () => 'a')).toEqual({ result: 'a' });
    expect(a.lines).toMatchObject([{ level: 'warn', fields: { job: 'j' } }]);
    expect(await withLease(node('b'), 'j', FOREVER, async () => 'b')).toMatchObject({
      heldBy: { owner: 'a' },
    });
  });
});
