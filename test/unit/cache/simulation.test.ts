import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { SwrCache } from '../../../src/services/cache/swr-cache.ts';
import type { Random } from '../../support/prng.ts';
import { type Simulation, simulate } from '../../support/simulation.ts';

const RUNS = 10;
/** The caches chapter allows up to a million; this many keep the ten runs within a few seconds. */
const MAX_STEPS = 100_000;
const SECOND = 1_000;
const HOUR = 3_600_000;

interface Written {
  readonly value: number | null;
  readonly at: number;
}

/** A cache beside everything that was ever written to it and not removed since. */
interface World {
  readonly cache: SwrCache<number>;
  readonly clock: ManualClock;
  readonly written: Map<string, Written>;
  readonly keyCount: number;
  readonly staleMs: number;
  readonly capacity: number;
  nextValue: number;
}

function create(random: Random): World {
  const clock = new ManualClock(0);
  const freshMs = random.integer(SECOND, HOUR);
  const staleMs = freshMs + random.integer(0, 24 * HOUR);
  // Small sizes are where entries push each other out; half of the runs get one.
  const capacity = random.integer(1, random.chance(0.5) ? 100 : 1_000_000);
  const cache = new SwrCache<number>({
    name: 'simulated',
    freshMs,
    staleMs,
    maxEntries: capacity,
    clock,
    log: silentLogger,
    metrics: silentMetrics,
  });
  return {
    cache,
    clock,
    written: new Map(),
    keyCount: random.integer(1, 300),
    staleMs,
    capacity,
    nextValue: 0,
  };
}

const anyKey = ({ keyCount }: World, random: Random): string => `key${random.integer(1, keyCount)}`;

function write(world: World, key: string, value: number | null): void {
  world.written.set(key, { value, at: world.clock.now() });
}

/** What the cache may answer for the key: what was last written, unless it is too old. */
function live(world: World, key: string): Written | undefined {
  const written = world.written.get(key);
  return written !== undefined && world.clock.now() < written.at + world.staleMs ? written : undefined;
}

function expectTruth(world: World, key: string, answered: number | null | undefined): void {
  const truth = live(world, key);
  if (answered !== undefined) expect(answered).toBe(truth?.value);
  // Nothing is pushed out of a cache that can hold every key there is.
  else if (world.keyCount <= world.capacity) expect(truth).toBeUndefined();
}

const simulation: Simulation<World> = {
  name: 'cache simulation',
  maxSteps: MAX_STEPS,
  create,
  tick: ({ clock }, ms) => clock.advance(ms),
  events: [
    {
      name: 'set',
      run: (world, random) => {
        const key = anyKey(world, random);
        const value = world.nextValue++;
        world.cache.set(key, value);
        write(world, key, value);
      },
    },
    {
      name: 'get',
      run: (world, random) => {
        const key = anyKey(world, random);
        expectTruth(world, key, world.cache.get(key));
      },
    },
    {
      name: 'swr',
      run: async (world, random) => {
        const key = anyKey(world, random);
        const before = live(world, key);
        const value = random.chance(0.2) ? null : world.nextValue++;
        let loaded = false;
        const answered = await world.cache.swr(key, async () => {
          loaded = true;
          write(world, key, value);
          return value;
        });
        // A load answers a miss; behind an answer that is merely stale it runs for the next one.
        if (before === undefined) expect([loaded, answered]).toEqual([true, value]);
        else if (!loaded || world.keyCount <= world.capacity) expect(answered).toBe(before.value);
        else expect([before.value, value]).toContain(answered);
      },
    },
    {
      name: 'setNull',
      run: (world, random) => {
        const key = anyKey(world, random);
        world.cache.setNull(key);
        write(world, key, null);
      },
    },
    {
      name: 'remove',
      run: (world, random) => {
        const key = anyKey(world, random);
        world.cache.remove(key);
        world.written.delete(key);
        expect(world.cache.get(key)).toBeUndefined();
      },
    },
    { name: 'advance', run: ({ clock }, random) => clock.advance(random.integer(0, HOUR)) },
  ],
  validate: ({ cache, capacity, keyCount }) => {
    expect(cache.size).toBeLessThanOrEqual(Math.min(capacity, keyCount));
  },
  settle: (world) => {
    for (let key = 1; key <= world.keyCount; key++) {
      expectTruth(world, `key${key}`, world.cache.get(`key${key}`));
    }
    world.clock.advance(world.staleMs);
    for (let key = 1; key <= world.keyCount; key++) expect(world.cache.get(`key${key}`)).toBeUndefined();
    expect(world.cache.size).toBe(0);
  },
};

describe('a simulated cache', () => {
  it.each(Array.from({ length: RUNS }, (_, run) => run + 1))(
    'never answers what is overwritten, removed or too old (run %i)',
    () => simulate(simulation),
  );
});
