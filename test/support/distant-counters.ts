// An origin across a simulated network: calls take time in both directions, get lost, or find the server down.
import type { Counters } from '../../src/storage/counters/counters.ts';
import type { Random } from './prng.ts';
import type { SimulatedTime } from './simulated-time.ts';

/** How the network and the server behind it are doing; may be changed at any moment. */
export interface Weather {
  /** `refusing` answers at once with an error, `silent` never. */
  server: 'up' | 'refusing' | 'silent';
  /** Milliseconds of one way, the least and the most. */
  latencyMs: readonly [number, number];
  /** The share of calls of which either the request or the answer is lost, so that the caller never hears of it. */
  lost: number;
}

export interface DistantCounters extends Counters {
  /** Calls that were made, whether or not they arrived. */
  readonly calls: { get: number; increment: number };
  /** What has arrived at the server through this, by key, whether or not its answer made it back. */
  readonly arrived: ReadonlyMap<string, number>;
}

/** @param server what one call reaches once it arrives; every node has its own way to the same. */
export function distantCounters(
  server: Counters,
  { time, random, weather }: { time: SimulatedTime; random: Random; weather: Weather },
): DistantCounters {
  const calls = { get: 0, increment: 0 };
  const arrived = new Map<string, number>();
  const travel = <Value>(arrive: () => Promise<Value>): Promise<Value> =>
    new Promise((resolve, reject) => {
      const oneWay = (): number => random.integer(...weather.latencyMs);
      const lostOnTheWay = random.chance(weather.lost / 2);
      const answerLost = random.chance(weather.lost / 2);
      time.schedule(oneWay(), () => {
        if (lostOnTheWay || weather.server === 'silent') return;
        if (weather.server === 'refusing') {
          reject(new Error('the origin refuses connections'));
          return;
        }
        arrive().then((value) => {
          if (!answerLost) time.schedule(oneWay(), () => resolve(value));
        }, reject);
      });
    });
  return {
    calls,
    arrived,
    get: (keys) => {
      calls.get++;
      return travel(() => server.get(keys));
    },
    increment: (key, by, ttlMs) => {
      calls.increment++;
      return travel(() => {
        arrived.set(key, (arrived.get(key) ?? 0) + by);
        return server.increment(key, by, ttlMs);
      });
    },
    close: () => Promise.resolve(),
  };
}
