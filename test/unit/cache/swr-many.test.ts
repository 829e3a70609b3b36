import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import type { Invalidations, LocalCache } from '../../../src/services/cache/invalidations.ts';
import { SwrCache } from '../../../src/services/cache/swr-cache.ts';
import { recordingLogger, recordingMetrics } from '../support/recorders.ts';

const FRESH = 1_000;
const STALE = 10_000;

function setup(invalidations?: Invalidations) {
  const clock = new ManualClock(0);
  const cache = new SwrCache<string>({
    name: 'ratelimit_namespace',
    freshMs: FRESH,
    staleMs: STALE,
    maxEntries: 100,
    clock,
    log: recordingLogger(),
    metrics: recordingMetrics(),
    invalidations,
  });
  return { cache, clock };
}

/** A loader over fixed rows that remembers what it was asked for. */
function loaderOf(rows: Readonly<Record<string, string>>) {
  const asked: string[][] = [];
  const load = async (keys: readonly string[]) => {
    asked.push([...keys]);
    return new Map(keys.flatMap((key) => (rows[key] === undefined ? [] : [[key, rows[key]] as const])));
  };
  return { load, asked };
}

describe('swrMany', () => {
  it('asks once, for exactly the missing keys, and remembers what is absent', async () => {
    const { cache } = setup();
    cache.set('a', 'known');
    const { load, asked } = loaderOf({ b: 'loaded' });
    const found = await cache.swrMany(['a', 'b', 'c', 'b'], load);
    expect([...found]).toEqual([
      ['a', 'known'],
      ['b', 'loaded'],
      ['c', null],
    ]);
    expect(asked).toEqual([['b', 'c']]);
    expect((await cache.swrMany(['c', 'b'], load)).get('c')).toBeNull();
    expect(asked).toHaveLength(1);
  });

  it('serves stale entries, absent ones too, and refreshes them together behind', async () => {
    const { cache, clock } = setup();
    await cache.swrMany(['a', 'b'], loaderOf({ a: 'old' }).load);
    clock.advance(FRESH);
    const { load, asked } = loaderOf({ a: 'new', b: 'appeared' });
    expect([...(await cache.swrMany(['a', 'b'], load)).values()]).toEqual(['old', null]);
    await tick();
    expect(asked).toEqual([['a', 'b']]);
    expect([...(await cache.swrMany(['a', 'b'], load)).values()]).toEqual(['new', 'appeared']);
    expect(asked).toHaveLength(1);
  });

  it('joins a load of the same key that is under way', async () => {
    const { cache } = setup();
    const held = Promise.withResolvers<string>();
    const single = cache.swr('a', () => held.promise);
    const { load, asked } = loaderOf({ b: 'loaded' });
    const many = cache.swrMany(['a', 'b'], load);
    held.resolve('shared');
    expect(await single).toBe('shared');
    expect([...(await many).values()].sort()).toEqual(['loaded', 'shared']);
    expect(asked).toEqual([['b']]);
  });

  it('remembers nothing of a load that failed', async () => {
    const { cache } = setup();
    cache.set('a', 'known');
    await expect(cache.swrMany(['a', 'b'], () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    const { load } = loaderOf({ b: 'up again' });
    expect((await cache.swrMany(['a', 'b'], load)).get('b')).toBe('up again');
  });
});

describe('a cache with peers', () => {
  function withPeers() {
    const told: Array<readonly string[] | 'all'> = [];
    let local: LocalCache | undefined;
    const { cache } = setup({
      join(name, joined) {
        expect(name).toBe('ratelimit_namespace');
        local = joined;
        return { removed: (keys) => told.push(keys), cleared: () => told.push('all') };
      },
    });
    if (local === undefined) throw new Error('the cache did not join');
    return { cache, told, local };
  }

  it('tells them what is no longer to be believed', () => {
    const { cache, told } = withPeers();
    cache.remove('a', 'b');
    cache.setNull('c');
    cache.removeNull('d');
    cache.clear();
    expect(told).toEqual([['a', 'b'], ['c'], ['d'], 'all']);
  });

  it('keeps to itself what it has learned', async () => {
    const { cache, told } = withPeers();
    cache.set('a', 'v');
    await cache.swr('b', async () => 'v');
    await cache.swrMany(['c'], loaderOf({}).load);
    expect(told).toEqual([]);
  });

  it('drops what they tell it to, without telling on', () => {
    const { cache, told, local } = withPeers();
    cache.set('a', '1');
    cache.set('b', '2');
    local.removeLocally('a');
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, '2']);
    local.clearLocally();
    expect(cache.get('b')).toBeUndefined();
    expect(told).toEqual([]);
  });

  it('does not let a load that began before the news bring the old value back', async () => {
    const { cache, local } = withPeers();
    const held = Promise.withResolvers<string>();
    const old = cache.swr('a', () => held.promise);
    local.removeLocally('a');
    held.resolve('old');
    expect(await old).toBe('old');
    expect(cache.get('a')).toBeUndefined();
  });
});
