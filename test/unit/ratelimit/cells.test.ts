import { describe, expect, it } from 'vitest';
import { type BucketIdentity, Cells } from '../../../src/services/ratelimit/cells.ts';
import { storedName } from '../../../src/services/ratelimit/stored-name.ts';
import { fakeOrigin, nodeOn, request, SEQUENCE, W } from './engine-fixture.ts';

const identity = (over: Partial<BucketIdentity> = {}): BucketIdentity => ({
  workspaceId: 'ws_1',
  namespace: 'rlns_A',
  identifier: 'u1',
  duration: 60_000,
  ...over,
});

describe('cells', () => {
  it('are found again by sequence, in whatever order they were made', () => {
    const cells = new Cells({ origin: true });
    const bucket = cells.bucket(identity());
    const made = [5, 3, 9, 4].map((sequence) => cells.cell(bucket, sequence));
    expect([5, 3, 9, 4].map((sequence) => cells.cell(bucket, sequence))).toEqual(made);
    expect([...bucket.cells()].map(({ sequence }) => sequence)).toEqual([9, 5, 4, 3]);
    expect(cells.size).toBe(4);
  });

  it('have never asked an origin when there is one, and never will when there is none', () => {
    const born = (origin: boolean) => {
      const cells = new Cells({ origin });
      return cells.cell(cells.bucket(identity()), 1);
    };
    expect(born(true)).toMatchObject({ hydrated: false, freshUntil: Number.NEGATIVE_INFINITY });
    expect(born(false)).toMatchObject({ hydrated: true, freshUntil: Number.POSITIVE_INFINITY });
  });

  it('only learn of more', () => {
    const cells = new Cells({ origin: true });
    const cell = cells.cell(cells.bucket(identity()), 1);
    for (const seen of [3, 1]) {
      cell.learn(seen);
      cell.import(seen);
      cell.keepFresh(seen);
    }
    expect(cell).toMatchObject({ val: 3, imported: 3, freshUntil: 3, count: 6 });
  });

  it('of parts that run into each other are kept apart', () => {
    const cells = new Cells({ origin: true });
    const buckets = [
      identity({ namespace: 'a', identifier: 'b-c' }),
      identity({ namespace: 'a-b', identifier: 'c' }),
      identity({ namespace: 'a:1', identifier: 'c' }),
      identity({ namespace: 'a', identifier: '1:c' }),
      identity({ workspaceId: 'ws_1:6', namespace: 'rlns_A' }),
    ].map((one) => cells.bucket(one));
    expect(new Set(buckets).size).toBe(5);
  });
});

describe('the janitor', () => {
  it('takes cells away after three durations and no sooner', async () => {
    const { clock, engine, metrics } = nodeOn(fakeOrigin());
    await engine.limit(request());
    // The previous cell goes one duration earlier.
    clock.set((SEQUENCE + 3) * 60_000);
    await engine.sweep();
    expect(engine.cells.size).toBe(1);
    clock.advance(1);
    await engine.sweep();
    expect(engine.cells.size).toBe(0);
    expect(metrics.values.get('unkey_ratelimit_windows_evicted_total{}')).toBe(2);
    expect(metrics.values.get('unkey_ratelimit_windows{}')).toBe(0);
  });

  it('leaves nothing of many identifiers, and lets other work in between', async () => {
    const { clock, engine } = nodeOn(undefined);
    for (let i = 0; i < 12_000; i++) await engine.limit(request({ identifier: `u${i}` }));
    expect(engine.cells.size).toBe(24_000);
    clock.set(W + 240_000);
    const sweep = engine.sweep();
    expect(await engine.limit(request({ identifier: 'u11999' }))).toMatchObject({ remaining: 9 });
    await sweep;
    expect(engine.cells.size).toBe(2);
    let buckets = 0;
    await engine.cells.forEach(() => {
      buckets++;
    });
    expect(buckets).toBe(1);
  });
});

describe('the name in the shared table', () => {
  it('is the name itself up to 255 characters, else its hash', () => {
    expect(storedName('u1')).toBe('u1');
    expect(storedName('x'.repeat(255))).toBe('x'.repeat(255));
    expect(storedName('🚀'.repeat(255))).toBe('🚀'.repeat(255));
    expect(storedName('x'.repeat(256))).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(storedName('🚀'.repeat(256))).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('of one who chooses the hash of another is not that of the other', () => {
    const long = 'x'.repeat(512);
    expect(storedName(storedName(long))).not.toBe(storedName(long));
  });
});
