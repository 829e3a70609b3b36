import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeOrigin, hit, keyAt, nodeOn, request, settled, theEnd, W } from './engine-fixture.ts';

const errors = (op: string, reason: string): string =>
  `unkey_ratelimit_origin_errors_total{op="${op}",reason="${reason}"}`;

describe('an origin that fails', () => {
  it('never shows: decisions are local and as exact as one process can be', async () => {
    const origin = fakeOrigin();
    origin.beforeRead = () => Promise.reject(new Error('gone'));
    origin.beforeAdd = () => Promise.reject(new Error('gone'));
    const { engine } = nodeOn(origin);
    expect((await hit(engine, 12)).filter(Boolean)).toHaveLength(10);
  });

  it('is left alone for 300 ms after a read, not for 5 s', async () => {
    const origin = fakeOrigin();
    origin.values.set(keyAt(0), 4);
    origin.beforeRead = () => Promise.reject(new Error('gone'));
    const { engine, metrics } = nodeOn(origin);
    const look = (time: number) => engine.limit(request({ cost: 0, identifier: 'u1', time }));
    origin.beforeAdd = () => Promise.reject(new Error('gone'));
    expect(await look(W)).toMatchObject({ remaining: 10 });
    expect(metrics.values.get(errors('fetch_cold', 'other'))).toBe(2);
    origin.beforeRead = async () => undefined;
    expect(await look(W + 299)).toMatchObject({ remaining: 10 });
    expect(origin.reads).toHaveLength(1);
    expect(await look(W + 300)).toMatchObject({ remaining: 6 });
    expect(metrics.values.get('unkey_ratelimit_origin_operations_total{op="fetch_stale"}')).toBe(2);
  });

  it('that is out of reach counts as a timeout', async () => {
    const origin = fakeOrigin();
    origin.beforeRead = () => Promise.reject(Object.assign(new Error('connect'), { code: 'ETIMEDOUT' }));
    const { engine, metrics } = nodeOn(origin);
    await engine.limit(request());
    expect(metrics.values.get(errors('fetch_cold', 'timeout'))).toBe(2);
  });

  it('trips the breaker, which keeps most reads from it and tells nobody each time', async () => {
    const origin = fakeOrigin();
    origin.beforeRead = () => Promise.reject(new Error('gone'));
    origin.beforeAdd = () => Promise.reject(new Error('gone'));
    const { clock, engine, log, metrics } = nodeOn(origin);
    for (let i = 0; i < 100; i++) {
      expect(await engine.limit(request({ identifier: `u${i}` }))).toMatchObject({ remaining: 9 });
      await settled();
    }
    expect(origin.reads.length).toBeLessThan(50);
    expect(origin.reads.length + origin.added.length).toBe(20);
    expect(metrics.values.get(errors('sync', 'circuit_open'))).toBe(90);
    expect(log.lines.filter(({ fields }) => 'reason' in fields)).toMatchObject([
      { level: 'warn', fields: { reason: 'other', unlogged: 0 } },
    ]);

    origin.beforeRead = async () => undefined;
    origin.beforeAdd = async () => undefined;
    origin.values.set(keyAt(0), 3);
    clock.advance(5000);
    expect(await engine.limit(request({ cost: 0 }))).toMatchObject({ remaining: 7 });
  });

  it('is told of in one line every five seconds, however many calls fail', async () => {
    const origin = fakeOrigin();
    // Every third one, which is not enough for the breaker.
    let additions = 0;
    origin.beforeAdd = async () => {
      if (additions++ % 3 === 0) throw new Error('gone');
    };
    const { clock, engine, log } = nodeOn(origin);
    const hits = async (): Promise<void> => {
      for (let i = 0; i < 12; i++) {
        await engine.limit(request({ limit: 1000 }));
        await settled();
      }
    };
    await hits();
    clock.advance(4_999);
    await hits();
    expect(log.lines).toHaveLength(1);
    clock.advance(1);
    await hits();
    expect(log.lines).toMatchObject([{ fields: { unlogged: 0 } }, { fields: { unlogged: 7 } }]);
  });
});

describe('an origin that hangs', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('costs a read 300 ms', async () => {
    const origin = fakeOrigin();
    const { engine, metrics } = nodeOn(origin);
    const end = theEnd();
    origin.beforeRead = () => end;
    let remaining: number | undefined;
    void Promise.resolve(engine.limit(request({ cost: 0 }))).then((decision) => {
      remaining = decision.remaining;
    });
    await vi.advanceTimersByTimeAsync(299);
    expect(remaining).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(remaining).toBe(10);
    expect(metrics.values.get(errors('fetch_cold', 'timeout'))).toBe(2);
  });

  it('costs a replay 2 s of a worker', async () => {
    const origin = fakeOrigin();
    const { engine, metrics } = nodeOn(origin);
    const end = theEnd();
    origin.beforeAdd = () => end;
    await engine.limit(request());
    await vi.advanceTimersByTimeAsync(1999);
    expect(metrics.values.get(errors('sync', 'timeout'))).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(metrics.values.get(errors('sync', 'timeout'))).toBe(1);
  });
});
