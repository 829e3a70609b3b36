import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { fakeOrigin, hit, keyAt, nodeOn, request, settled, W } from './engine-fixture.ts';

describe('the arithmetic', () => {
  it.each([
    { cur: 0, prev: 0, elapsed: 0, cost: 1, limit: 10, success: true, remaining: 9 },
    { cur: 9, prev: 0, elapsed: 0, cost: 1, limit: 10, success: true, remaining: 0 },
    { cur: 10, prev: 0, elapsed: 0, cost: 0, limit: 10, success: true, remaining: 0 },
    { cur: 10, prev: 0, elapsed: 0, cost: 1, limit: 10, success: false, remaining: 0 },
    { cur: 5, prev: 10, elapsed: 0.5, cost: 1, limit: 10, success: false, remaining: 0 },
    { cur: 5, prev: 10, elapsed: 0.99, cost: 1, limit: 10, success: true, remaining: 4 },
    { cur: 0, prev: 0, elapsed: 0, cost: 100, limit: 10, success: false, remaining: 0 },
    { cur: 0, prev: 10, elapsed: 0.9, cost: 0, limit: 10, success: true, remaining: 10 },
    { cur: 0, prev: 10, elapsed: 0.8, cost: 0, limit: 10, success: true, remaining: 9 },
  ])('$cur and $prev at $elapsed, cost $cost of $limit: $success', async (row) => {
    const origin = fakeOrigin();
    origin.values.set(keyAt(0), row.cur).set(keyAt(-1), row.prev);
    const { engine } = nodeOn(origin);
    const { limit, cost, elapsed, success, remaining } = row;
    expect(await engine.limit(request({ limit, cost, time: W + elapsed * 60_000 }))).toMatchObject({
      success,
      remaining,
      limit,
      reset: W + 60_000,
    });
  });
});

describe('what is asked of the origin', () => {
  it('both cells at first in one round trip, none while they are fresh', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    await hit(engine, 1);
    expect(origin.reads).toEqual([[keyAt(0), keyAt(-1)]]);
    expect(await engine.limit(request({ time: W + 1 }))).toMatchObject({ remaining: 8 });
    expect(origin.reads).toHaveLength(1);
  });

  it('a cell again from 5 s after its last read on, by the time of the request', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    await engine.limit(request({ cost: 0, time: W + 10 }));
    await engine.limit(request({ cost: 0, time: W + 5009 }));
    await settled();
    expect(origin.reads).toHaveLength(1);
    // The replays have kept the current cell fresh by the engine's clock, which stands at W: not beyond W + 5010.
    await engine.limit(request({ cost: 0, time: W + 5010 }));
    expect(origin.reads).toEqual([
      [keyAt(0), keyAt(-1)],
      [keyAt(0), keyAt(-1)],
    ]);
  });

  it('nothing of a cell that a replay has told about meanwhile', async () => {
    const origin = fakeOrigin();
    const { clock, engine } = nodeOn(origin);
    await hit(engine, 1);
    clock.advance(4000);
    await hit(engine, 1);
    clock.advance(1000);
    await hit(engine, 1);
    expect(origin.reads.slice(1)).toEqual([[keyAt(-1)]]);
  });

  it('one cell when the window moves on, the other is known', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    await hit(engine, 1, { time: W + 59_000 });
    await hit(engine, 1, { time: W + 60_000 });
    expect(origin.reads.slice(1)).toEqual([[keyAt(1)]]);
  });

  it('once for all that ask at the same time', async () => {
    const origin = fakeOrigin();
    const answer = Promise.withResolvers<void>();
    origin.beforeRead = () => answer.promise;
    const { engine } = nodeOn(origin);
    const cold = Array.from({ length: 20 }, () => engine.limit(request({ cost: 0 })));
    await settled();
    answer.resolve();
    await Promise.all(cold);
    await Promise.all(Array.from({ length: 20 }, () => engine.limit(request({ cost: 0, time: W + 5000 }))));
    expect(origin.reads).toHaveLength(2);
  });

  it('again by one who shared a read that is too old for it', async () => {
    const origin = fakeOrigin();
    const answer = Promise.withResolvers<void>();
    origin.beforeRead = () => answer.promise;
    const { engine } = nodeOn(origin);
    const early = engine.limit(request({ cost: 0, time: W }));
    const late = engine.limit(request({ cost: 0, time: W + 6000 }));
    await settled();
    expect(origin.reads).toHaveLength(1);
    answer.resolve();
    await Promise.all([early, late]);
    expect(origin.reads).toHaveLength(2);
  });

  it('the counts of identifiers as they are, however long', async () => {
    const origin = fakeOrigin();
    const identifier = 'ü'.repeat(512);
    await nodeOn(origin).engine.limit(request({ identifier }));
    expect(origin.reads[0]?.[0]).toBe(`ws_1-rlns_A-${identifier}-60000:${W / 60_000}`);
  });

  it('tells the source of decisions and counts what was asked', async () => {
    const { engine, metrics } = nodeOn(fakeOrigin());
    await hit(engine, 1);
    await hit(engine, 1, { time: W + 1 });
    await hit(engine, 1, { time: W + 5001 });
    const value = (series: string): number | undefined => metrics.values.get(series);
    expect(
      value('unkey_ratelimit_decisions_total{workspace_id="ws_1",source="origin",outcome="passed"}'),
    ).toBe(1);
    expect(
      value('unkey_ratelimit_decisions_total{workspace_id="ws_1",source="local",outcome="passed"}'),
    ).toBe(2);
    expect(value('unkey_ratelimit_origin_operations_total{op="fetch_cold"}')).toBe(2);
    expect(value('unkey_ratelimit_origin_operations_total{op="fetch_stale"}')).toBe(2);
    expect(value('unkey_ratelimit_origin_operations_total{op="sync"}')).toBe(3);
    expect(value('unkey_ratelimit_windows_created_total{}')).toBe(2);
  });
});

describe('what the origin answers', () => {
  it('raises what is known here and never lowers it', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    await hit(engine, 3);
    origin.values.set(keyAt(0), 7);
    expect(await engine.limit(request({ time: W + 5000, cost: 0 }))).toMatchObject({ remaining: 3 });
    origin.values.set(keyAt(0), 1);
    expect(await engine.limit(request({ time: W + 10_000, cost: 0 }))).toMatchObject({ remaining: 3 });
  });

  it('is what other nodes did, also long before in a long window', async () => {
    const origin = fakeOrigin();
    const clock = new ManualClock(W);
    const [idle, busy] = [nodeOn(origin, clock).engine, nodeOn(origin, clock).engine];
    const daily = { limit: 10, duration: 86_400_000 };
    await hit(idle, 1, { ...daily, cost: 0 });
    await hit(busy, 8, daily);
    clock.advance(600_000);
    expect(await idle.limit(request({ ...daily, cost: 0 }))).toMatchObject({ remaining: 2 });
  });

  it('lets a node with an old view pass one more request at most', async () => {
    const origin = fakeOrigin();
    const clock = new ManualClock(W);
    const { engine } = nodeOn(origin, clock);
    const costly = { limit: 162_000, cost: 1500 };
    await hit(engine, 1, costly);
    origin.values.set(keyAt(0), 160_000);
    clock.advance(30_000);
    const outcomes = await hit(engine, 5, costly);
    expect(outcomes.filter(Boolean).length).toBeLessThanOrEqual(1);
  });
});

describe('its end', () => {
  it('tells the origin what is still waiting, then decides without it', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    for (let i = 0; i < 30; i++) await engine.limit(request({ identifier: `u${i}` }));
    await engine.close();
    expect(origin.added).toHaveLength(30);
    expect([...origin.values.values()]).toEqual(Array.from({ length: 30 }, () => 1));
    expect(await engine.limit(request())).toMatchObject({ success: true });
    await engine.close();
    expect(origin.added).toHaveLength(30);
  });
});
