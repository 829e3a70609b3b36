import type { Counters } from './counters.ts';
import { type RedisConnection, RedisError } from './redis-connection.ts';
import { defineScript } from './redis-script.ts';

/**
 * Yields the new value. The end of life is looked at each time and not only for a new key, so that a key that lost or
 * never had one, whatever wrote it, does not live for ever.
 */
const INCREMENT = `
local value = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('TTL', KEYS[1]) == -1 then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return value
`;

/** Counters in Redis. The connection is shared and stays open on close. Rejects as RedisConnection.run does. */
export function createRedisCounters({ redis }: { readonly redis: RedisConnection }): Counters {
  const increment = defineScript(redis, { name: 'unkeyIncrement', lua: INCREMENT });
  return {
    // Single reads instead of one MGET: they travel in one write all the same, and find their own way on a cluster.
    get: (keys) =>
      redis.run(async (client) => (await Promise.all(keys.map((key) => client.get(key)))).map(toCount)),
    increment: async (key, by, ttlMs) => toCount(await increment(key, by, Math.ceil(ttlMs / 1_000))),
    close: () => Promise.resolve(),
  };
}

function toCount(reply: unknown): number {
  const count = Number(reply ?? 0);
  if (Number.isNaN(count)) throw new RedisError('a counter in Redis holds no number');
  return count;
}
