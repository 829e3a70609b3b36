import { describe, expect, it } from 'vitest';
import { fakeOrigin, hit, keyAt, nodeOn, request, settled, W } from './engine-fixture.ts';

const strictReads = 'unkey_ratelimit_origin_operations_total{op="fetch_strict"}';

describe('after a denial', () => {
  it('every check of the next duration reads the current cell, then none does', async () => {
    const origin = fakeOrigin();
    const { clock, engine, metrics } = nodeOn(origin);
    await hit(engine, 2, { limit: 1, time: W + 100 });
    expect(origin.reads).toHaveLength(1);

    for (let i = 0; i < 3; i++) await engine.limit(request({ cost: 0, time: W + 200 }));
    expect(origin.reads.slice(1)).toEqual([[keyAt(0)], [keyAt(0)], [keyAt(0)]]);
    expect(metrics.values.get(strictReads)).toBe(3);

    clock.set(W + 60_099);
    await hit(engine, 1, { cost: 0, time: W + 60_099 });
    expect(metrics.values.get(strictReads)).toBe(4);
    await hit(engine, 1, { cost: 0, time: W + 60_100 });
    expect(metrics.values.get(strictReads)).toBe(4);
  });

  it('sees what other nodes did since', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    await hit(engine, 10);
    await hit(engine, 1);
    await engine.limit(request({ limit: 100, cost: 0, time: W + 1 }));
    origin.values.set(keyAt(0), 50);
    expect(await engine.limit(request({ limit: 100, cost: 0, time: W + 2 }))).toMatchObject({
      remaining: 50,
    });
  });

  it('the deadline is raised by later denials and never lowered by earlier ones', async () => {
    const origin = fakeOrigin();
    const { engine, metrics } = nodeOn(origin);
    await hit(engine, 1, { cost: 11, time: W + 30_000 });
    await hit(engine, 1, { cost: 11, time: W });
    expect(metrics.values.get('unkey_ratelimit_strict_mode_activations_total{workspace_id="ws_1"}')).toBe(2);
    const before = metrics.values.get(strictReads) ?? 0;
    await hit(engine, 1, { cost: 0, time: W + 89_999 });
    expect(metrics.values.get(strictReads)).toBe(before + 1);
    await hit(engine, 1, { cost: 0, time: W + 90_000 });
    expect(metrics.values.get(strictReads)).toBe(before + 1);
  });

  it('belongs to one identifier and duration', async () => {
    const origin = fakeOrigin();
    const { engine, metrics } = nodeOn(origin);
    await hit(engine, 1, { cost: 11 });
    await hit(engine, 1, { identifier: 'other' });
    await hit(engine, 1, { duration: 120_000 });
    expect(metrics.values.get(strictReads)).toBeUndefined();
  });

  it('strictness outlives the window, and the sweep that takes it away', async () => {
    const origin = fakeOrigin();
    const { clock, engine, metrics } = nodeOn(origin);
    await hit(engine, 1, { cost: 11, time: W + 59_999 });
    clock.set(W + 119_998);
    await engine.sweep();
    await hit(engine, 1, { cost: 0, time: W + 119_998 });
    expect(metrics.values.get(strictReads)).toBe(1);
  });

  it('a read that fails changes nothing', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    await hit(engine, 10);
    await hit(engine, 1);
    origin.beforeRead = () => Promise.reject(new Error('gone'));
    expect(await engine.limit(request({ time: W + 4999, cost: 0 }))).toMatchObject({ remaining: 0 });
    await settled();
    origin.beforeRead = async () => undefined;
    const before = origin.reads.length;
    await engine.limit(request({ time: W + 4999, cost: 0 }));
    expect(origin.reads.slice(before)).toEqual([[keyAt(0)]]);
  });

  it('asks nobody when there is nobody to ask', async () => {
    const { engine, metrics } = nodeOn(undefined);
    await hit(engine, 12);
    expect(
      metrics.values.get(
        'unkey_ratelimit_decisions_total{workspace_id="ws_1",source="local",outcome="denied"}',
      ),
    ).toBe(2);
    expect(metrics.values.get(strictReads)).toBeUndefined();
  });
});
