// What a job that is run by hand works with, beyond the store: the live balances of keys, where servers share them, and
// the analytics store.

import { silentMetrics } from '../../lib/metrics.ts';
import type { Job, JobServices } from '../../services/jobs/job.ts';
import type { UsageLimiter } from '../../services/usage/usage-limiter.ts';
import type { Database } from '../../storage/sql/database.ts';
import { outputLogger, type StoreInvocation } from '../admin/store.ts';
import { withJobAnalytics } from './analytics.ts';

/**
 * Runs `work` with what the job needs. Redis is used when the configuration names one; when it does not answer, a warning
 * tells, and servers see changed balances once their counters have expired.
 * @throws ConfigError when the configuration cannot be read, CliError when an analytics store is needed and cannot be had
 */
export async function withJobServices<T>(
  invocation: StoreInvocation,
  job: Job,
  db: Database,
  work: (services: JobServices) => Promise<T>,
): Promise<T> {
  const [{ systemClock }, { randomIds }] = await Promise.all([
    import('../../lib/clock.ts'),
    import('../../lib/uid.ts'),
  ]);
  const log = outputLogger(invocation.output);
  const shared = { db, clock: systemClock, ids: randomIds, metrics: silentMetrics, log };
  const { config } = await invocation.loadConfig({ profile: 'tool' });
  return withJobAnalytics(job, { url: config.clickhouse.url, log }, async (analytics) => {
    const usage = await openUsage(config, shared);
    try {
      // Cached keys are in the servers, which find out by the age of their entries.
      return await work({ ...shared, usage, analytics, keyCache: { remove: () => undefined } });
    } finally {
      await usage.close();
    }
  });
}

async function openUsage(
  config: { readonly redisUrl: string },
  shared: Pick<JobServices, 'db' | 'clock' | 'log' | 'metrics'>,
): Promise<UsageLimiter> {
  const { openCounters } = await import('../runtime/open-counters.ts');
  // No URL at all is no mistake here: the store alone may be all that the caller named.
  const redis = config.redisUrl === '' ? undefined : openCounters(config, shared.log);
  if (redis === undefined) {
    const { createSqlUsageLimiter } = await import('../../services/usage/sql-usage-limiter.ts');
    return createSqlUsageLimiter(shared);
  }
  const [{ createRedisUsageLimiter }, { createRedisCreditCounters }] = await Promise.all([
    import('../../services/usage/redis-usage-limiter.ts'),
    import('../../storage/counters/credit-counters-redis.ts'),
  ]);
  await redis.firstAttempt();
  const usage = createRedisUsageLimiter({
    ...shared,
    counters: createRedisCreditCounters({ redis }),
  });
  return {
    ...usage,
    async close() {
      try {
        await usage.close();
      } finally {
        redis.close();
      }
    },
  };
}
