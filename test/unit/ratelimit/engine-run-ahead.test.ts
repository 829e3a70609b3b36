// How far a node goes before the origin has confirmed what it gave out: ADR 10.
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RateLimitEngine } from '../../../src/services/ratelimit/engine.ts';
import type { RateLimitDecision } from '../../../src/services/ratelimit/limiter.ts';
import { type FakeOrigin, fakeOrigin, keyAt, nodeOn, request, settled, theEnd } from './engine-fixture.ts';

/** A node whose origin takes additions when told to, in order. */
function slowNode(): {
  engine: RateLimitEngine;
  origin: FakeOrigin;
  confirm(additions: number): Promise<void>;
} {
  const origin = fakeOrigin();
  const held: (() => void)[] = [];
  origin.beforeAdd = () => new Promise<void>((resolve) => held.push(resolve));
  const { engine } = nodeOn(origin);
  onTestFinished(() => {
    origin.beforeAdd = async () => undefined;
    for (const release of held) release();
  });
  return {
    engine,
    origin,
    async confirm(additions) {
      for (let i = 0; i < additions; i++) {
        held.shift()?.();
        await settled();
      }
    },
  };
}

/** Sends requests at once; `done` fills up as they are decided. */
function burst(decide: () => Promise<RateLimitDecision>, times: number): RateLimitDecision[] {
  const done: RateLimitDecision[] = [];
  for (let i = 0; i < times; i++) void decide().then((decision) => done.push(decision));
  return done;
}

const passed = (decisions: readonly RateLimitDecision[]): number =>
  decisions.filter(({ success }) => success).length;

describe('tokens that the origin has not confirmed', () => {
  it('may be a small part of what is left; more decisions wait, in order, for what is confirmed', async () => {
    const { engine, confirm } = slowNode();
    const done = burst(async () => engine.limit(request({ limit: 100 })), 20);
    await settled();
    expect(done.map(({ remaining }) => remaining)).toEqual([99, 98, 97, 96]);
    await confirm(1);
    expect(done.map(({ remaining }) => remaining)).toEqual([99, 98, 97, 96, 95]);
    await confirm(16);
    expect(done).toHaveLength(20);
    expect(passed(done)).toBe(20);
  });

  it('that were none let any cost pass, and the next wait', async () => {
    const { engine, confirm } = slowNode();
    const done = burst(async () => engine.limit(request({ cost: 4 })), 3);
    await settled();
    expect(done).toHaveLength(1);
    await confirm(1);
    // The second has gone, and leaves the third nothing that could pass.
    expect(done.map(({ success }) => success)).toEqual([true, true, false]);
  });

  it('hold up neither looks nor what is denied in any case', async () => {
    const { engine } = slowNode();
    await engine.limit(request());
    expect(await engine.limit(request({ cost: 0 }))).toMatchObject({ remaining: 9 });
    expect(await engine.limit(request({ cost: 10 }))).toMatchObject({ success: false });
  });

  it('of other identifiers do not matter', async () => {
    const { engine } = slowNode();
    await engine.limit(request());
    expect(await engine.limit(request({ identifier: 'u2' }))).toMatchObject({ success: true });
  });

  it('bring news of others before the next decision', async () => {
    const { engine, origin, confirm } = slowNode();
    const done = burst(async () => engine.limit(request()), 3);
    await settled();
    origin.values.set(keyAt(0), 9);
    await confirm(1);
    expect(done.map(({ success }) => success)).toEqual([true, false, false]);
  });

  it('hold back a batch as a whole, from one cell to the next', async () => {
    const { engine, confirm } = slowNode();
    await engine.limit(request({ identifier: 'a' }));
    await engine.limit(request({ identifier: 'b' }));
    let batch: RateLimitDecision[] | undefined;
    const identifiers = ['a', 'b', 'c'];
    void Promise.resolve(engine.limitMany(identifiers.map((identifier) => request({ identifier })))).then(
      (decisions) => {
        batch = decisions;
      },
    );
    await confirm(1);
    expect(batch).toBeUndefined();
    await confirm(1);
    expect(batch?.map(({ remaining }) => remaining)).toEqual([8, 8, 9]);
  });

  it('are given up when the origin fails to take them', async () => {
    const origin = fakeOrigin();
    origin.beforeAdd = () => Promise.reject(new Error('gone'));
    const { engine } = nodeOn(origin);
    const done = burst(async () => engine.limit(request()), 12);
    await settled();
    expect(passed(done)).toBe(10);
    expect(done).toHaveLength(12);
  });

  it('hold nothing up while the breaker is open, even behind replays that hang', async () => {
    const origin = fakeOrigin();
    const { engine } = nodeOn(origin);
    await engine.limit(request({ limit: 100 }));
    await settled();
    const end = theEnd();
    origin.beforeAdd = () => end;
    for (let i = 0; i < 8; i++) await engine.limit(request({ identifier: `hanging${i}` }));
    origin.beforeRead = () => Promise.reject(new Error('gone'));
    for (let i = 0; i < 40; i++) await engine.limit(request({ identifier: `u${i}`, cost: 0 }));
    const done = burst(async () => engine.limit(request({ limit: 100 })), 50);
    await settled();
    expect(passed(done)).toBe(50);
  });
});

describe('patience', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends after 300 ms: then the node decides by what it knows', async () => {
    const { engine, origin, confirm } = slowNode();
    const done = burst(async () => engine.limit(request()), 12);
    await vi.advanceTimersByTimeAsync(299);
    expect(done).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(passed(done)).toBe(10);
    expect(done).toHaveLength(12);
    await confirm(10);
    expect(origin.values.get(keyAt(0))).toBe(10);
    expect(await engine.limit(request({ cost: 0 }))).toMatchObject({ current: 10 });
  });
});

describe('a burst on five nodes', () => {
  it('passes one costly request more a node, not the limit of each', async () => {
    const origin = fakeOrigin();
    origin.beforeRead = origin.beforeAdd = () => new Promise((resolve) => setTimeout(resolve, 1));
    const engines = Array.from({ length: 5 }, () => nodeOn(origin).engine);
    const limit = 162_000;
    const cost = 1500;
    const decisions = await Promise.all(
      engines.flatMap((engine) => Array.from({ length: 200 }, () => engine.limit(request({ limit, cost })))),
    );
    const tokens = passed(decisions) * cost;
    expect(tokens).toBeGreaterThanOrEqual(limit);
    expect(tokens).toBeLessThanOrEqual(limit + 4 * cost);
  });
});
