// `unkey jobs` as a process, beside the servers that run the same jobs.
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { randomAlphanumeric, randomIds } from '../../src/lib/uid.ts';
import { jobs } from '../../src/services/jobs/jobs.ts';
import { startJobs } from '../../src/services/jobs/start-jobs.ts';
import { createRedisUsageLimiter } from '../../src/services/usage/redis-usage-limiter.ts';
import { createSqlUsageLimiter } from '../../src/services/usage/sql-usage-limiter.ts';
import { createRedisCreditCounters } from '../../src/storage/counters/credit-counters-redis.ts';
import { openRedis } from '../../src/storage/counters/redis-connection.ts';
import type { MigratableDatabase } from '../../src/storage/sql/database.ts';
import { insertRows } from '../../src/storage/sql/dialect.ts';
import { redisUrl, requireOrSkip } from '../support/servers.ts';
import { type AdminSite, migratedSite, STORES } from './admin-support.ts';

const TODAY = (): string => new Date().toISOString().slice(0, 10);

/** A key whose credits are spent; it gets 100 a day. */
async function insertSpentKey(site: AdminSite, id: string, refillDay: number | null = null): Promise<void> {
  await site.inspect((db) =>
    insertRows(db.primary, 'arrange', 'keys', [
      {
        id,
        key_auth_id: 'ks_a',
        hash: id,
        start: 'sk',
        workspace_id: 'ws_a',
        remaining_requests: 0,
        refill_amount: 100,
        refill_day: refillDay,
      },
    ]),
  );
}

async function remaining(site: AdminSite, id: string): Promise<number | undefined> {
  const rows = await site.inspect((db) =>
    db.primary.all<{ remaining: number }>(
      'inspect',
      'SELECT remaining_requests AS remaining FROM `keys` WHERE id = :id',
      { id },
    ),
  );
  return rows[0]?.remaining;
}

function holdLease(site: AdminSite, name: string): Promise<void> {
  const now = Date.now();
  return site.inspect((db) =>
    insertRows(db.primary, 'arrange', 'job_leases', [
      { name, owner: 'node-7', expires_at: now + 600_000, updated_at: now },
    ]),
  );
}

describe.each(STORES)('unkey jobs on %s', (store) => {
  it('refills by hand, once a day unless forced', async () => {
    const site = await migratedSite(store);
    await insertSpentKey(site, 'key_a');
    const first = await site.run(['jobs', 'run', 'key-refill']);
    expect([first.code, first.stdout], first.stderr).toEqual([0, '1 keys refilled\n']);
    expect(await remaining(site, 'key_a')).toBe(100);

    await insertSpentKey(site, 'key_b');
    const second = await site.json(['jobs', 'run', 'key-refill']);
    expect(second).toEqual({
      code: 0,
      document: { job: 'key-refill', dueAt: `${TODAY()}T00:00:00Z`, ran: false, done: 0 },
    });
    expect(await remaining(site, 'key_b')).toBe(0);
    const forced = await site.json(['jobs', 'run', 'key-refill', '--force']);
    expect(forced.document).toMatchObject({ ran: true, done: 1 });
  });

  it('makes up for the month end that was missed', async () => {
    const site = await migratedSite(store);
    await insertSpentKey(site, 'key_a', 31);
    const { code, document } = await site.json(['jobs', 'run', 'key-refill', '--date', '2026-02-28']);
    expect([code, document.done]).toEqual([0, 1]);
    expect(await remaining(site, 'key_a')).toBe(100);
  });

  it('tells with --dry-run what there is to do and does nothing', async () => {
    const site = await migratedSite(store);
    await insertSpentKey(site, 'key_a');
    const { document } = await site.json(['jobs', 'run', 'key-refill', '--dry-run']);
    expect(document).toMatchObject({ dryRun: true, wouldRun: true, pending: 1 });
    expect(await remaining(site, 'key_a')).toBe(0);
    expect((await site.json(['jobs', 'list'])).document.jobs[0].lastFinished).toBeNull();
  });

  it('does not run beside another runner', async () => {
    const site = await migratedSite(store);
    await insertSpentKey(site, 'key_a');
    await holdLease(site, 'key-refill');
    const { code, stdout, stderr } = await site.run(['jobs', 'run', 'key-refill']);
    expect([code, stdout]).toEqual([6, '']);
    expect(stderr).toContain('node-7');
    expect(await remaining(site, 'key_a')).toBe(0);
  });

  it('lists what was finished and who is running', async () => {
    const site = await migratedSite(store);
    await site.run(['jobs', 'run', 'key-refill']);
    await holdLease(site, 'audit-cleanup');
    const { code, document } = await site.json(['jobs', 'list']);
    expect(code).toBe(0);
    expect(document.jobs).toMatchObject([
      {
        name: 'key-refill',
        schedule: '0 0 * * *',
        scheduled: true,
        lastFinished: { dueAt: `${TODAY()}T00:00:00Z`, finishedAt: expect.stringMatching(/Z$/) },
        leaseHolder: null,
      },
      { name: 'key-last-used', schedule: '* * * * *', needs: 'analytics', scheduled: false },
      { name: 'audit-export', schedule: '* * * * *', needs: 'analytics', scheduled: false },
      { name: 'audit-cleanup', needs: null, leaseHolder: 'node-7', leaseUntil: expect.stringMatching(/Z$/) },
      { name: 'global-counters-cleanup', scheduled: store === 'mysql' },
      { name: 'credit-settlements-cleanup' },
    ]);
    expect((await site.run(['jobs', 'list'])).stdout).toMatch(/^key-refill +0 0 \* \* \* /m);
  });

  it('runs every job of the list that is for this store', async () => {
    const site = await migratedSite(store);
    const { document } = await site.json(['jobs', 'list']);
    for (const { name, scheduled } of document.jobs) {
      const { code, stderr } = await site.run(['jobs', 'run', name]);
      expect(code, stderr).toBe(scheduled ? 0 : 6);
    }
  });

  it('refuses a job that it does not know, in one line', async () => {
    const site = await migratedSite(store);
    const { code, stdout, stderr } = await site.run(['jobs', 'run', 'key-refil']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain("did you mean 'key-refill'?");
  });
});

describe.runIf(requireOrSkip('redis'))('a refill by hand beside servers that count in Redis', () => {
  it('drops the live balances of the keys that it refilled', async () => {
    const site = await migratedSite('sqlite');
    const id = `key_${randomAlphanumeric(12)}`;
    await insertSpentKey(site, id);
    const redis = openRedis(redisUrl(), { log: silentLogger });
    onTestFinished(() => redis.close());
    await redis.firstAttempt();
    const usage = await site.inspect(async (db) => {
      const limiter = createRedisUsageLimiter({
        counters: createRedisCreditCounters({ redis }),
        db,
        clock: systemClock,
        metrics: silentMetrics,
        log: silentLogger,
      });
      const before = await limiter.spend({ keyId: id, cost: 1 });
      const { code, stderr } = await site.run(['jobs', 'run', 'key-refill'], {
        env: { UNKEY_REDIS_URL: redisUrl() },
      });
      const after = await limiter.spend({ keyId: id, cost: 1 });
      await limiter.close();
      return { before, code, stderr, after };
    });
    expect(usage).toEqual({
      before: { allowed: false, remaining: 0 },
      code: 0,
      stderr: 'key-refill: done\n',
      after: { allowed: true, remaining: 99 },
    });
  });

  it('goes through without Redis, and warns', async () => {
    const site = await migratedSite('sqlite');
    await insertSpentKey(site, 'key_a');
    const { code, stdout, stderr } = await site.run(['jobs', 'run', 'key-refill'], {
      env: { UNKEY_REDIS_URL: 'redis://127.0.0.1:1' },
    });
    expect([code, stdout]).toEqual([0, '1 keys refilled\n']);
    expect(stderr).toContain('warning: Redis is unreachable');
    expect(await remaining(site, 'key_a')).toBe(100);
  });
});

describe.runIf(STORES.includes('mysql'))('a runner that is killed', () => {
  const KEYS = 250;

  /** The scheduler of another node, on whose clock the lease of the dead one has run out. */
  function startNode(db: MigratableDatabase): void {
    const node = startJobs(
      {
        db,
        owner: 'node-2',
        clock: { now: () => Date.now() + 30_000 },
        ids: randomIds,
        usage: createSqlUsageLimiter({ db, metrics: silentMetrics }),
        analytics: undefined,
        keyCache: { remove: () => undefined },
        log: silentLogger,
        metrics: silentMetrics,
      },
      jobs,
    );
    onTestFinished(() => node.stop());
  }

  it('is replaced by another node, and no key is refilled or audited twice', async () => {
    const site = await migratedSite('mysql');
    const spent = Array.from({ length: KEYS }, (_, n) => `key_${n}`);
    for (const id of spent) await insertSpentKey(site, id);
    await site.inspect(async (db) => {
      const count = async (sql: string): Promise<number> =>
        (await db.primary.all<{ n: number }>('inspect', sql))[0]?.n ?? 0;
      const refilled = () => count('SELECT COUNT(*) AS n FROM `keys` WHERE remaining_requests = 100');

      // Somebody holds a key of the second batch for as long as the first runner lives.
      await db.transaction(async (tx) => {
        await tx.all('hold', "SELECT id FROM `keys` WHERE id = 'key_150' FOR UPDATE");
        const runner = site.start(['jobs', 'run', 'key-refill']);
        await expect.poll(refilled, { timeout: 20_000 }).toBe(100);
        await runner.end('SIGKILL');
      });
      startNode(db);

      await expect.poll(refilled, { timeout: 20_000 }).toBe(KEYS);
      await expect
        .poll(() => count("SELECT COUNT(*) AS n FROM job_state WHERE job = 'key-refill'"), {
          timeout: 20_000,
        })
        .toBe(1);
      const events = await db.primary.all<{ payload: string }>(
        'inspect',
        'SELECT payload FROM clickhouse_outbox',
      );
      const audited = events.map(({ payload }) => JSON.parse(payload).targets[0].id as string);
      expect(audited.toSorted()).toEqual(spent.toSorted());
    });
  });
});
