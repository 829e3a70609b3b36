import type { RedisConnection } from './redis-connection.ts';

/**
 * Makes a Lua script callable. It is sent whole once per connection and by its hash from then on; a server that has
 * forgotten it gets it again.
 * @param script a script that touches one key, `KEYS[1]`, so that it runs on a cluster as well; or as many as `keys` says,
 * which then share a slot
 * @returns calls the script with the key (the other keys next) and `ARGV`, and yields what it returns; rejects as
 * RedisConnection.run does
 */
export function defineScript(
  redis: RedisConnection,
  script: { readonly name: string; readonly lua: string; readonly keys?: number },
): (key: string, ...args: readonly (string | number)[]) => Promise<unknown> {
  redis.client.defineCommand(script.name, { lua: script.lua, numberOfKeys: script.keys ?? 1 });
  const call = Reflect.get(redis.client, script.name) as (...args: unknown[]) => Promise<unknown>;
  return (key, ...args) => redis.run((client) => call.call(client, key, ...args));
}
