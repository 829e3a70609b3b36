// The engine as the only process that counts: exact, and without anybody to ask.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ManualClock } from '../../../src/lib/clock.ts';
import type { RateLimitEngine } from '../../../src/services/ratelimit/engine.ts';
import type { RateLimiter, RateLimitRequest } from '../../../src/services/ratelimit/limiter.ts';
import { nodeOn, request, W } from './engine-fixture.ts';

function limiterAt(): { clock: ManualClock; limiter: RateLimitEngine } {
  const { clock, engine } = nodeOn(undefined);
  return { clock, limiter: engine };
}

async function hit(limiter: RateLimiter, times: number, over: Partial<RateLimitRequest> = {}): Promise<void> {
  for (let i = 0; i < times; i++) await limiter.limit(request(over));
}

describe('a single check', () => {
  it('counts down and resets at the end of the epoch-aligned window', async () => {
    const { limiter } = limiterAt();
    expect(await limiter.limit(request({ limit: 100, time: W }))).toEqual({
      success: true,
      limit: 100,
      remaining: 99,
      reset: 1_700_000_100_000,
      current: 1,
    });
    expect(await limiter.limit(request({ limit: 100, cost: 5, time: W }))).toMatchObject({ remaining: 94 });
  });

  it('denies past the limit without counting the denied one', async () => {
    const { limiter } = limiterAt();
    await limiter.limit(request({ limit: 1 }));
    for (let i = 0; i < 3; i++) {
      expect(await limiter.limit(request({ limit: 1, time: W + 1 }))).toEqual({
        success: false,
        limit: 1,
        remaining: 0,
        reset: 1_700_000_100_000,
        current: 1,
      });
    }
    expect(await limiter.limit(request({ limit: 2 }))).toMatchObject({ success: true, remaining: 0 });
  });

  it('denies a cost above the limit and takes nothing', async () => {
    const { limiter } = limiterAt();
    expect(await limiter.limit(request({ cost: 11 }))).toMatchObject({ success: false, remaining: 0 });
    expect(await limiter.limit(request())).toMatchObject({ success: true, remaining: 9 });
  });

  it('denies a gigantic cost and stays exact', async () => {
    const { limiter } = limiterAt();
    const huge = Number.MAX_SAFE_INTEGER;
    expect(await limiter.limit(request({ limit: 10, cost: huge }))).toMatchObject({ success: false });
    expect(await limiter.limit(request({ limit: huge, cost: huge }))).toMatchObject({
      success: true,
      remaining: 0,
    });
    expect(await limiter.limit(request({ limit: huge, cost: 1 }))).toMatchObject({ success: false });
    expect(await limiter.limit(request({ limit: huge, cost: huge }))).toMatchObject({ success: false });
  });

  it('looks without taking at cost 0', async () => {
    const { limiter } = limiterAt();
    expect(await limiter.limit(request({ limit: 100, cost: 0 }))).toMatchObject({
      success: true,
      remaining: 100,
    });
    await hit(limiter, 10);
    expect(await limiter.limit(request({ cost: 0 }))).toMatchObject({ success: true, remaining: 0 });
    expect(await limiter.limit(request({ limit: 9, cost: 0 }))).toMatchObject({ success: false });
  });

  it.each([
    [90_000, { success: true, remaining: 4, reset: 1_700_000_160_000 }],
    [114_000, { success: true, remaining: 9 }],
    [60_000, { success: false, remaining: 0 }],
    [120_000, { success: true, remaining: 9 }],
  ])('weighs ten hits of the window before at W + %i ms', async (offset, expected) => {
    const { limiter } = limiterAt();
    await hit(limiter, 10, { time: W + 1000 });
    expect(await limiter.limit(request({ time: W + offset }))).toMatchObject(expected);
  });

  it('shares one counter between limits of different height, not of different duration', async () => {
    const { limiter } = limiterAt();
    await hit(limiter, 4, { limit: 10 });
    expect(await limiter.limit(request({ limit: 20 }))).toMatchObject({ remaining: 15 });
    expect(await limiter.limit(request({ duration: 120_000 }))).toMatchObject({ remaining: 9 });
  });

  it('keeps workspaces, namespaces and identifiers apart, however they are spelt', async () => {
    const { limiter } = limiterAt();
    const apart: Partial<RateLimitRequest>[] = [
      { namespace: 'a', identifier: 'b-c' },
      { namespace: 'a-b', identifier: 'c' },
      { workspaceId: 'ws_1a', namespace: 'b', identifier: 'c' },
      { workspaceId: 'ws_1', namespace: 'ab', identifier: 'c' },
      { namespace: 'x1', identifier: '2:3' },
      { namespace: 'x', identifier: '12:3' },
      { namespace: 'x\u00001', identifier: '\u0000' },
    ];
    for (const over of apart) {
      expect(await limiter.limit(request({ limit: 1, ...over }))).toMatchObject({ success: true });
    }
  });

  it('uses its own clock when the request has no time', async () => {
    const { clock, limiter } = limiterAt();
    await hit(limiter, 10);
    expect(await limiter.limit(request())).toMatchObject({ success: false });
    clock.advance(120_000);
    expect(await limiter.limit(request())).toMatchObject({ success: true, remaining: 9, reset: W + 180_000 });
  });

  it.each([
    { limit: 0 },
    { limit: -1 },
    { limit: 1.5 },
    { limit: Number.NaN },
    { duration: 999 },
    { duration: 0 },
    { cost: -1 },
    { cost: 0.5 },
    { identifier: '' },
    { namespace: '' },
    { workspaceId: '' },
    { time: Number.NaN },
  ])('refuses %j as out of bounds', async (over) => {
    const { limiter } = limiterAt();
    await expect(async () => limiter.limit(request(over))).rejects.toThrow(RangeError);
    await expect(async () => limiter.limitMany([request(), request(over)])).rejects.toThrow(RangeError);
    expect(await limiter.limit(request({ cost: 0 }))).toMatchObject({ remaining: 10 });
  });

  it('lets exactly the limit pass of many at once', async () => {
    const { limiter } = limiterAt();
    const decisions = await Promise.all(Array.from({ length: 50 }, () => limiter.limit(request())));
    expect(decisions.filter(({ success }) => success)).toHaveLength(10);
  });
});

describe('a batch', () => {
  it('answers in request order', async () => {
    const { limiter } = limiterAt();
    const decisions = await limiter.limitMany([
      request({ namespace: 'a', limit: 100 }),
      request({ namespace: 'b', limit: 50, cost: 3 }),
      request({ namespace: 'c', limit: 200, cost: 10 }),
    ]);
    expect(decisions.map(({ remaining }) => remaining)).toEqual([99, 47, 190]);
  });

  it('takes nothing when one item fails, and tells the others what they would have left', async () => {
    const { limiter } = limiterAt();
    const batch = [
      request({ namespace: 'a', limit: 100 }),
      request({ namespace: 'b', limit: 1 }),
      request({ namespace: 'c', limit: 300 }),
    ];
    await limiter.limitMany(batch);
    for (let i = 0; i < 2; i++) {
      const decisions = await limiter.limitMany(batch);
      expect(decisions.map(({ success }) => success)).toEqual([true, false, true]);
      expect(decisions.map(({ remaining }) => remaining)).toEqual([99, 0, 299]);
    }
  });

  it('counts items on one counter one after another', async () => {
    const { limiter } = limiterAt();
    const decisions = await limiter.limitMany([request(), request()]);
    expect(decisions.map(({ remaining }) => remaining)).toEqual([9, 8]);
  });

  it('fails as a whole when items on one counter exceed it together', async () => {
    const { limiter } = limiterAt();
    const decisions = await limiter.limitMany([request({ cost: 6 }), request({ cost: 6 })]);
    expect(decisions.map(({ success }) => success)).toEqual([true, false]);
    expect(await limiter.limit(request({ cost: 0 }))).toMatchObject({ remaining: 10 });
  });

  it('a cost above the limit fails the batch and spoils no counter', async () => {
    const { limiter } = limiterAt();
    const decisions = await limiter.limitMany([request({ cost: Number.MAX_SAFE_INTEGER }), request()]);
    expect(decisions.map(({ success }) => success)).toEqual([false, true]);
    expect(await limiter.limit(request())).toMatchObject({ remaining: 9 });
  });

  it('leaves even the largest counter exactly as it was when it fails', async () => {
    const { limiter } = limiterAt();
    const limit = Number.MAX_SAFE_INTEGER;
    await limiter.limit(request({ limit, cost: limit }));
    await limiter.limitMany([request({ limit, cost: 2 }), request({ limit, cost: 0 })]);
    expect(await limiter.limit(request({ limit, cost: 0 }))).toMatchObject({ success: true, current: limit });
  });

  it('gives one item what a single check gives', async () => {
    const { limiter } = limiterAt();
    const one = limiterAt().limiter;
    for (let i = 0; i < 12; i++) {
      expect(await limiter.limitMany([request()])).toEqual([await one.limit(request())]);
    }
  });

  it('of nothing decides nothing', async () => {
    expect(await limiterAt().limiter.limitMany([])).toEqual([]);
  });
});

describe('laws', () => {
  /** The slowest limiter that can be right: it keeps every hit and counts them anew. */
  class ExactModel {
    readonly #hits: { time: number; cost: number; name: string }[] = [];

    counted(item: RateLimitRequest, time: number): number {
      const sequence = Math.floor(time / item.duration);
      const inCell = (cell: number): number =>
        this.#hits
          .filter((one) => one.name === item.identifier && Math.floor(one.time / item.duration) === cell)
          .reduce((sum, one) => sum + one.cost, 0);
      const elapsed = (time - sequence * item.duration) / item.duration;
      return inCell(sequence) + Math.trunc(inCell(sequence - 1) * (1 - elapsed));
    }

    add(item: RateLimitRequest, time: number): void {
      this.#hits.push({ time, cost: item.cost, name: item.identifier });
    }
  }

  const step = fc.record({
    advance: fc.nat({ max: 1500 }),
    items: fc.array(
      fc.record({
        identifier: fc.constantFrom('u1', 'u2'),
        cost: fc.nat({ max: 6 }),
        limit: fc.integer({ min: 1, max: 12 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  });

  it('law: decides like an exact count of all hits, batches all or nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { clock, limiter } = limiterAt();
        const model = new ExactModel();
        for (const { advance, items } of steps) {
          clock.advance(advance);
          const now = clock.now();
          const requests = items.map((item) => request({ ...item, duration: 1000 }));
          const pending = new Map<string, number>();
          const expected = requests.map((item) => {
            const fits = item.cost <= item.limit;
            const before = pending.get(item.identifier) ?? 0;
            if (fits) pending.set(item.identifier, before + item.cost);
            return fits && model.counted(item, now) + before + item.cost <= item.limit;
          });
          const decisions = await limiter.limitMany(requests);
          expect(decisions.map(({ success }) => success)).toEqual(expected);
          if (!expected.includes(false)) for (const item of requests) model.add(item, now);
          for (const item of requests) {
            const look = await limiter.limit({ ...item, cost: 0 });
            expect(look.current).toBe(model.counted(item, now));
          }
        }
      }),
    );
  });
});

describe('housekeeping', () => {
  it('keeps what still weighs', async () => {
    const { clock, limiter } = limiterAt();
    await hit(limiter, 10, { duration: 3_600_000 });
    for (let minute = 0; minute < 5; minute++) {
      clock.advance(60_000);
      await limiter.sweep();
    }
    expect(await limiter.limit(request({ duration: 3_600_000 }))).toMatchObject({ success: false });
  });

  it('counts decisions by workspace and outcome, one for each item', async () => {
    const { engine: limiter, metrics } = nodeOn(undefined);
    await limiter.limit(request({ limit: 1 }));
    await limiter.limitMany([request({ limit: 1 }), request({ identifier: 'u2' })]);
    const decisions = (outcome: string): number | undefined =>
      metrics.values.get(
        `unkey_ratelimit_decisions_total{workspace_id="ws_1",source="local",outcome="${outcome}"}`,
      );
    expect(decisions('passed')).toBe(2);
    expect(decisions('denied')).toBe(1);
  });
});
