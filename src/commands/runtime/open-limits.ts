// Rate limits and credits, on the counters of the installation.

import type { ServerConfig } from '../../config/server-config.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { createRateLimiter } from '../../services/ratelimit/engine.ts';
import { createGlobalCounters } from '../../services/ratelimit/global-counters.ts';
import type { RateLimiter } from '../../services/ratelimit/limiter.ts';
import { createRedisUsageLimiter } from '../../services/usage/redis-usage-limiter.ts';
import { createSqlUsageLimiter } from '../../services/usage/sql-usage-limiter.ts';
import type { UsageLimiter } from '../../services/usage/usage-limiter.ts';
import { createRedisCreditCounters } from '../../storage/counters/credit-counters-redis.ts';
import type { RedisConnection } from '../../storage/counters/redis-connection.ts';
import { createRedisCounters } from '../../storage/counters/redis-counters.ts';
import type { Database } from '../../storage/sql/database.ts';
import type { Shutdown } from './shutdown.ts';

export interface LimitsDeps {
  readonly config: Pick<ServerConfig, 'region'>;
  readonly db: Database;
  /** undefined = this process is the only one that counts. */
  readonly redis: RedisConnection | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly shutdown: Shutdown;
}

/** Starts both. Where regions may share the store, their rate-limit counts are exchanged through it from now on. */
export function openLimits({ config, db, redis, clock, metrics, log, shutdown }: LimitsDeps): {
  limiter: RateLimiter;
  usage: UsageLimiter;
} {
  const limiter = createRateLimiter({
    origin: redis === undefined ? undefined : createRedisCounters({ redis }),
    clock,
    metrics,
    log,
  });
  shutdown.add(
    'buffers',
    'replay of rate limits',
    () => limiter.close(),
    () => limiter.unreplayed,
  );
  if (db.dialect === 'mysql') {
    const { region } = config;
    const exchange = createGlobalCounters({ cells: limiter.cells, db, region, clock, metrics, log });
    exchange.start();
    shutdown.add('loops', 'exchange of rate limits between regions', () => exchange.close());
  }
  if (redis === undefined) return { limiter, usage: createSqlUsageLimiter({ db, metrics }) };
  const counters = createRedisCreditCounters({ redis });
  const usage = createRedisUsageLimiter({ counters, db, clock, metrics, log });
  shutdown.add(
    'buffers',
    'credit writes',
    () => usage.close(),
    () => usage.unsettledKeys,
  );
  return { limiter, usage };
}
