import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { currentRequestScope, type RequestScope, runInRequestScope } from '../../../src/lib/request-scope.ts';
import { SwrCache } from '../../../src/services/cache/swr-cache.ts';
import { formatDuration } from '../../../src/services/cache/timing.ts';
import { recordingLogger, recordingMetrics } from '../support/recorders.ts';

const FRESH = 1_000;
const STALE = 10_000;

function setup(maxEntries = 100) {
  const clock = new ManualClock(0);
  const log = recordingLogger();
  const metrics = recordingMetrics();
  const cache = new SwrCache<string>({
    name: 'live_api_by_id',
    freshMs: FRESH,
    staleMs: STALE,
    maxEntries,
    clock,
    log,
    metrics,
  });
  return { cache, clock, log, metric: (series: string) => metrics.values.get(series) };
}

/** A loader whose answers are given by hand, in the order of its calls. */
function heldLoader() {
  const calls: { resolve(value: string | null): void; reject(error: Error): void }[] = [];
  const load = (): Promise<string | null> =>
    new Promise((resolve, reject) => {
      calls.push({ resolve, reject });
    });
  const call = (index: number) => {
    const held = calls[index];
    if (held === undefined) throw new Error(`the loader was not called ${index + 1} times`);
    return held;
  };
  return { load, call, calls };
}

const constant = (value: string | null) => () => Promise.resolve(value);
const never = (): Promise<never> => Promise.reject(new Error('must not load'));

describe('an entry', () => {
  it('is served without a load while fresh', async () => {
    const { cache, clock } = setup();
    await cache.swr('k', constant('v1'));
    clock.advance(FRESH - 1);
    expect(await cache.swr('k', never)).toBe('v1');
    expect(cache.get('k')).toBe('v1');
  });

  it('is served stale at once and refreshed behind', async () => {
    const { cache, clock } = setup();
    await cache.swr('k', constant('v1'));
    clock.advance(FRESH);
    expect(await cache.swr('k', constant('v2'))).toBe('v1');
    await tick();
    expect(await cache.swr('k', never)).toBe('v2');
  });

  it('is loaded inline once it has aged out', async () => {
    const { cache, clock } = setup();
    await cache.swr('k', constant('v1'));
    clock.advance(STALE - 1);
    expect(cache.get('k')).toBe('v1');
    clock.advance(1);
    expect(cache.get('k')).toBeUndefined();
    expect(cache.size).toBe(0);
    expect(await cache.swr('k', constant('v2'))).toBe('v2');
  });

  it('lives anew from every write', async () => {
    const { cache, clock } = setup();
    cache.set('k', 'v1');
    clock.advance(STALE - 1);
    cache.set('k', 'v2');
    clock.advance(FRESH - 1);
    expect(await cache.swr('k', never)).toBe('v2');
  });

  it('get never refreshes', async () => {
    const { cache, clock } = setup();
    cache.set('k', 'v1');
    clock.advance(FRESH);
    expect(cache.get('k')).toBe('v1');
    expect(cache.get('absent')).toBeUndefined();
  });
});

describe('a known absence', () => {
  it('is served like a value', async () => {
    const { cache } = setup();
    expect(await cache.swr('k', constant(null))).toBeNull();
    expect(await cache.swr('k', never)).toBeNull();
    expect(cache.get('k')).toBeNull();
  });

  it('is refreshed behind once stale', async () => {
    const { cache, clock } = setup();
    cache.setNull('k');
    clock.advance(FRESH);
    expect(await cache.swr('k', constant('created'))).toBeNull();
    await tick();
    expect(await cache.swr('k', never)).toBe('created');
  });

  it('replaces a value whose origin is gone', async () => {
    const { cache, clock } = setup();
    cache.set('k', 'v1');
    clock.advance(FRESH);
    await cache.swr('k', constant(null));
    await tick();
    expect(cache.get('k')).toBeNull();
  });

  it('is all that removeNull removes', () => {
    const { cache } = setup();
    cache.setNull('absent');
    cache.set('present', 'v1');
    cache.removeNull('absent');
    cache.removeNull('present');
    expect(cache.get('absent')).toBeUndefined();
    expect(cache.get('present')).toBe('v1');
  });
});

describe('loads', () => {
  it('of one missing key are shared', async () => {
    const { cache } = setup();
    const { load, call, calls } = heldLoader();
    const answers = [cache.swr('k', load), cache.swr('k', load), cache.swr('k', load)];
    call(0).resolve('v1');
    expect(await Promise.all(answers)).toEqual(['v1', 'v1', 'v1']);
    expect(calls).toHaveLength(1);
  });

  it('that fail reach every waiting caller and are not remembered', async () => {
    const { cache } = setup();
    const { load, call } = heldLoader();
    const answers = [cache.swr('k', load), cache.swr('k', load)];
    call(0).reject(new Error('down'));
    for (const answer of await Promise.allSettled(answers)) expect(answer.status).toBe('rejected');
    expect(await cache.swr('k', constant('v1'))).toBe('v1');
  });

  it.each([
    ['remove', (cache: SwrCache<string>) => cache.remove('k'), undefined],
    ['set', (cache: SwrCache<string>) => cache.set('k', 'newer'), 'newer'],
    ['setNull', (cache: SwrCache<string>) => cache.setNull('k'), null],
    ['removeNull', (cache: SwrCache<string>) => cache.removeNull('k'), undefined],
    ['clear', (cache: SwrCache<string>) => cache.clear(), undefined],
  ])('begun before a %s do not overwrite it', async (_name, change, expected) => {
    const { cache } = setup();
    const { load, call } = heldLoader();
    const answer = cache.swr('k', load);
    change(cache);
    call(0).resolve('older');
    expect(await answer).toBe('older');
    expect(cache.get('k')).toBe(expected);
  });
});

describe('refreshes', () => {
  it('run once per key at a time', async () => {
    const { cache, clock } = setup();
    cache.set('k', 'v1');
    clock.advance(FRESH);
    const { load, call, calls } = heldLoader();
    await Promise.all([cache.swr('k', load), cache.swr('k', load)]);
    expect(calls).toHaveLength(1);
    call(0).resolve('v2');
    await tick();
    expect(cache.get('k')).toBe('v2');
  });

  it('that fail are logged, leave the entry and do not extend it', async () => {
    const { cache, clock, log, metric } = setup();
    cache.set('k', 'v1');
    clock.advance(FRESH);
    await cache.swr('k', never);
    await tick();
    expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
    expect(metric('unkey_cache_revalidations_errors_total{resource="live_api_by_id"}')).toBe(1);
    expect(cache.get('k')).toBe('v1');
    clock.set(STALE);
    expect(cache.get('k')).toBeUndefined();
  });

  it('begun before a removal do not bring the entry back', async () => {
    const { cache, clock } = setup();
    cache.set('k', 'v1');
    clock.advance(FRESH);
    const { load, call } = heldLoader();
    await cache.swr('k', load);
    cache.remove('k');
    call(0).resolve('older');
    await tick();
    expect(cache.get('k')).toBeUndefined();
  });

  it('that outlive their entry do not overwrite the load that replaced it', async () => {
    const { cache, clock } = setup();
    cache.set('k', 'v1');
    clock.advance(FRESH);
    const { load, call } = heldLoader();
    await cache.swr('k', load);
    clock.set(STALE);
    expect(await cache.swr('k', constant('v3'))).toBe('v3');
    call(0).resolve('v2');
    await tick();
    expect(cache.get('k')).toBe('v3');
  });

  it('run ten at a time, a thousand wait, and more are dropped without holding anyone up', async () => {
    const { cache, clock } = setup(2_000);
    for (let i = 0; i < 1_100; i++) cache.set(`k${i}`, 'v1');
    clock.advance(FRESH);
    const { load, calls } = heldLoader();
    for (let i = 0; i < 1_100; i++) expect(await cache.swr(`k${i}`, load)).toBe('v1');
    expect(calls).toHaveLength(10);
    for (let done = 0; done < calls.length; done++) {
      calls[done]?.resolve('v2');
      await tick();
    }
    expect(calls).toHaveLength(1_010);
  });

  it('that wait for keys removed meanwhile do not run', async () => {
    const { cache, clock } = setup(2_000);
    const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`);
    for (const key of keys) cache.set(key, 'v1');
    clock.advance(FRESH);
    const { load, calls } = heldLoader();
    for (const key of keys) await cache.swr(key, load);
    cache.clear();
    for (let i = 0; i < 10; i++) calls[i]?.resolve('v2');
    await tick();
    expect(calls).toHaveLength(10);
  });

  it('are not cancelled with the request that set them off', async () => {
    const { cache, clock } = setup();
    cache.set('k', 'v1');
    clock.advance(FRESH);
    const client = new AbortController();
    const seen: (RequestScope | undefined)[] = [];
    await runInRequestScope(scope(client.signal), () =>
      cache.swr('k', async () => {
        client.abort();
        await tick();
        seen.push(currentRequestScope());
        return 'v2';
      }),
    );
    await expect.poll(() => seen.length).toBe(1);
    expect(seen[0]).toMatchObject({ route: 'POST /v2/apis.getApi' });
    expect(seen[0]?.signal.aborted).toBe(false);
  });
});

describe('size', () => {
  it('is bounded, the least recently used entry going first', () => {
    const { cache, metric } = setup(2);
    cache.set('a', '1');
    cache.set('b', '2');
    cache.get('a');
    cache.set('c', '3');
    expect(cache.get('b')).toBeUndefined();
    expect(cache.get('a')).toBe('1');
    expect(cache.size).toBe(2);
    expect(metric('unkey_cache_deleted_total{resource="live_api_by_id",reason="evicted"}')).toBe(1);
  });

  it('does not keep entries that aged out and are asked for no more', () => {
    const { cache, clock } = setup();
    for (let i = 0; i < 20; i++) cache.set(`old${i}`, 'v');
    clock.advance(STALE);
    for (let i = 0; i < 10; i++) cache.set(`new${i}`, 'v');
    expect(cache.size).toBe(10);
  });

  it('is reported together with capacity, writes and reads', async () => {
    const { cache, metric } = setup(50);
    expect(metric('unkey_cache_capacity{resource="live_api_by_id"}')).toBe(50);
    await cache.swr('a', constant('1'));
    await cache.swr('a', never);
    cache.set('b', '2');
    cache.remove('b', 'absent');
    expect(metric('unkey_cache_size{resource="live_api_by_id"}')).toBe(1);
    expect(metric('unkey_cache_writes{resource="live_api_by_id"}')).toBe(2);
    expect(metric('unkey_cache_reads_total{resource="live_api_by_id",hit="true"}')).toBe(1);
    expect(metric('unkey_cache_reads_total{resource="live_api_by_id",hit="false"}')).toBe(1);
    expect(metric('unkey_cache_deleted_total{resource="live_api_by_id",reason="removed"}')).toBe(1);
  });
});

describe('the timing header', () => {
  it('gets one entry per lookup of the request', async () => {
    const { cache, clock } = setup();
    const mine = scope(new AbortController().signal);
    await runInRequestScope(mine, async () => {
      await cache.swr('k', constant('v1'));
      await cache.swr('k', never);
      clock.advance(FRESH);
      cache.get('k');
    });
    const duration = String.raw`(?:0|[1-9]\d*)(\.\d*[1-9])?(s|ms|us|ns)`;
    expect(mine.timings).toHaveLength(3);
    expect(mine.timings[0]).toMatch(new RegExp(`^cache_swr{cache=live_api_by_id,status=miss}=${duration}$`));
    expect(mine.timings[1]).toMatch(new RegExp(`^cache_swr{cache=live_api_by_id,status=fresh}=${duration}$`));
    expect(mine.timings[2]).toMatch(new RegExp(`^cache_get{cache=live_api_by_id,status=stale}=${duration}$`));
  });

  it.each([
    [0, '0ns'],
    [0.000_25, '250ns'],
    [0.001_25, '1.25us'],
    [0.012_5, '12.5us'],
    [1, '1ms'],
    [999.9999999, '1s'],
    [2_500, '2.5s'],
  ])('writes %f ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

function scope(signal: AbortSignal): RequestScope {
  return { requestId: 'req_1', route: 'POST /v2/apis.getApi', signal, timings: [] };
}
