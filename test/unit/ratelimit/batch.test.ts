import { describe, expect, it } from 'vitest';
import { fakeOrigin, keyAt, nodeOn, request, settled, W } from './engine-fixture.ts';

const batchOf = (...limits: number[]) =>
  limits.map((limit, index) => request({ identifier: `u${index}`, limit, time: W }));

describe('a batch on an origin', () => {
  it('asks for all its cells in one round trip', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    await engine.limitMany([...batchOf(10, 20, 30), request({ identifier: 'u0', limit: 5, time: W })]);
    expect(origin.reads).toHaveLength(1);
    expect(origin.reads[0]).toHaveLength(6);
  });

  it('tells the origin of every item when it passes', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    await engine.limitMany([request({ cost: 2 }), request({ cost: 0 }), request({ namespace: 'b' })]);
    await settled();
    expect(origin.added.map(({ by }) => by)).toEqual([2, 0, 1]);
    expect(origin.values.get(keyAt(0))).toBe(2);
  });

  it('leaves the origin untouched when it fails, and makes only what failed strict', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    const batch = batchOf(100, 1, 300);
    expect((await engine.limitMany(batch)).map(({ success }) => success)).toEqual([true, true, true]);
    await settled();
    const told = origin.added.length;

    const failed = await engine.limitMany(batch);
    await settled();
    expect(failed.map(({ success, remaining }) => [success, remaining])).toEqual([
      [true, 99],
      [false, 0],
      [true, 299],
    ]);
    expect(origin.added).toHaveLength(told);

    const before = origin.reads.length;
    await engine.limitMany(batch);
    expect(origin.reads.slice(before)).toEqual([[`ws_1-rlns_A-u1-60000:${W / 60_000}`]]);
  });

  it('is never seen half-way: what fails is taken back before anybody looks', async () => {
    const { engine } = nodeOn(fakeOrigin());
    await engine.limitMany([
      request({ cost: 5, limit: 100 }),
      request({ namespace: 'b', cost: 6, limit: 5 }),
    ]);
    const counts: number[] = [];
    await engine.cells.forEach((bucket) => {
      for (const cell of bucket.cells()) counts.push(cell.val);
    });
    expect(counts).toEqual([0, 0, 0, 0]);
  });

  it('sets the push threshold of what passed, from the smallest limit', async () => {
    const { engine } = nodeOn(fakeOrigin());
    await engine.limitMany([request({ cost: 6, limit: 5 })]);
    const threshold = (): number | undefined => engine.cells.bucket(request()).newest?.pushThreshold;
    expect(threshold()).toBe(0);
    for (const [limit, expected] of [
      [101, 21],
      [10, 2],
      [200, 2],
      [3, 1],
    ] as const) {
      await engine.limit(request({ limit, cost: 0 }));
      expect(threshold()).toBe(expected);
    }
  });

  it('decides items without a time at one time', async () => {
    const { engine } = nodeOn(fakeOrigin());
    const decisions = await engine.limitMany([request(), request({ identifier: 'u2' })]);
    expect(decisions.map(({ reset }) => reset)).toEqual([W + 60_000, W + 60_000]);
  });
});
