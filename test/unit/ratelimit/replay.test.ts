import { describe, expect, it } from 'vitest';
import { fakeOrigin, hit, keyAt, nodeOn, request, settled, W } from './engine-fixture.ts';

describe('a replay', () => {
  it('adds the cost to the cell of the request, for three durations', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    await hit(engine, 1, { cost: 4, time: W - 1 });
    await hit(engine, 1, { cost: 0, time: W });
    expect(origin.added).toEqual([
      { key: keyAt(-1), by: 4, ttlMs: 180_000 },
      { key: keyAt(0), by: 0, ttlMs: 180_000 },
    ]);
  });

  it('that comes late still lands in its window', async () => {
    const origin = fakeOrigin();
    const go = Promise.withResolvers<void>();
    origin.beforeAdd = () => go.promise;
    const { clock, engine } = nodeOn(origin);
    await engine.limit(request());
    clock.advance(61_000);
    go.resolve();
    await settled();
    expect(origin.values).toEqual(new Map([[keyAt(0), 1]]));
  });

  it('is not made of a denied check', async () => {
    const origin = fakeOrigin();
    await hit(nodeOn(origin).engine, 1, { cost: 11 });
    expect(origin.added).toEqual([]);
  });

  it('brings back what other nodes have counted', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    await engine.limit(request({ cost: 0 }));
    await settled();
    origin.values.set(keyAt(0), 6);
    await hit(engine, 1);
    expect(await engine.limit(request({ cost: 0 }))).toMatchObject({ remaining: 3 });
  });

  it('that fails is logged and not tried again', async () => {
    const origin = fakeOrigin();
    origin.beforeAdd = () => Promise.reject(new Error('gone'));
    const { engine, log, metrics } = nodeOn(origin);
    await hit(engine, 1);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { op: 'sync', reason: 'other' } }]);
    expect(metrics.values.get('unkey_ratelimit_origin_errors_total{op="sync",reason="other"}')).toBe(1);
    origin.beforeAdd = async () => undefined;
    await hit(engine, 1);
    expect(origin.values.get(keyAt(0))).toBe(1);
    expect(await engine.limit(request({ cost: 0 }))).toMatchObject({ remaining: 8 });
  });

  it('is dropped when 10 000 are waiting; eight are under way at a time', async () => {
    const origin = fakeOrigin();
    const go = Promise.withResolvers<void>();
    origin.beforeAdd = () => go.promise;
    const { engine, metrics } = nodeOn(origin);
    const many = 10_008 + 5;
    for (let i = 0; i < many; i++) await engine.limit(request({ limit: 1_000_000 }));
    expect(origin.added).toHaveLength(8);
    expect(metrics.values.get('unkey_buffer_state_total{name="ratelimit_replays",state="dropped"}')).toBe(5);
    expect(engine.unreplayed).toBe(many - 5);
    go.resolve();
    await engine.close();
    expect(engine.unreplayed).toBe(0);
    expect(origin.values.get(keyAt(0))).toBe(many - 5);
    expect(engine.cells.bucket(request()).newest?.unconfirmed).toBe(0);
    expect(await engine.limit(request({ limit: 1_000_000, cost: 0 }))).toMatchObject({ current: many });
  });
});
