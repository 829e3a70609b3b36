import { ConfigError } from '../../config/problems.ts';
import type { ServerConfig } from '../../config/server-config.ts';
import type { Logger } from '../../lib/logger.ts';
import { openRedis, type RedisConnection, RedisError } from '../../storage/counters/redis-connection.ts';

/**
 * Begins to connect to the Redis that `redis_url` names; undefined for `memory:`, which is this process. A server that does
 * not answer is tried again in the background; the log tells.
 * @throws ConfigError for a URL that cannot be parsed
 */
export function openCounters(
  { redisUrl }: Pick<ServerConfig, 'redisUrl'>,
  log: Logger,
): RedisConnection | undefined {
  if (redisUrl.toLowerCase().startsWith('memory:')) return undefined;
  try {
    return openRedis(redisUrl, { log });
  } catch (error) {
    if (!(error instanceof RedisError)) throw error;
    throw new ConfigError([{ path: 'redis_url', what: error.message }]);
  }
}
