// `unkey doctor` on real servers.
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, openClickHouse } from '../support/analytics.ts';
import { type ClickHouseFront, startClickHouseFront } from '../support/clickhouse-front.ts';
import { clusterAvailable, type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { freshMysqlDatabase, type MysqlDatabase, redisUrl, requireOrSkip } from '../support/servers.ts';
import { startUnkey } from '../support/unkey-process.ts';

interface CheckResult {
  readonly status: string;
  readonly detail: string;
  readonly latencyMs: number | null;
  readonly version?: string;
  readonly remedy?: string;
}

async function doctor(only: string, env: Record<string, string>) {
  const { code, stdout } = await startUnkey(['doctor', '--json', '--only', only], { env }).ended;
  const { checks } = JSON.parse(stdout) as { checks: (CheckResult & { id: string })[] };
  return { code, checks: new Map<string, CheckResult>(checks.map((check) => [check.id, check])) };
}

describe.runIf(requireOrSkip('redis'))('doctor on Redis', () => {
  it('finds everything in order and leaves no key behind', async () => {
    const client = new Redis(redisUrl());
    const { checks } = await doctor('redis', { UNKEY_REDIS_URL: redisUrl() });
    const left = await client.keys('*unkey:doctor*');
    client.disconnect();
    for (const id of ['redis.connect', 'redis.version', 'redis.commands']) {
      expect([id, checks.get(id)?.status]).toEqual([id, 'ok']);
    }
    expect(checks.get('redis.version')?.version).toMatch(/^\d+\.\d+/);
    expect(checks.get('redis.latency')?.latencyMs).toBeGreaterThan(0);
    expect(left).toEqual([]);
  });
});

describe('doctor on ClickHouse', () => {
  let front: ClickHouseFront;
  beforeAll(async () => {
    front = await startClickHouseFront();
  });
  afterAll(() => front.stop());

  const statuses = (checks: ReadonlyMap<string, CheckResult>) =>
    Object.fromEntries([...checks].map(([id, { status }]) => [id, status]));

  it('ends with 9 when only its migrations are missing, and finds them once they are applied', async () => {
    const env = { UNKEY_CLICKHOUSE_URL: front.url };
    const before = await doctor('clickhouse.connect,clickhouse.version,clickhouse.migrations', env);
    expect(statuses(before.checks)).toEqual({
      'clickhouse.connect': 'ok',
      'clickhouse.version': 'ok',
      'clickhouse.migrations': 'fail',
    });
    expect(before.checks.get('clickhouse.migrations')?.remedy).toBe('unkey migrate up');
    expect(before.code).toBe(9);

    const store = await openClickHouse(front.url);
    await migrate(store);
    await store.close();
    const after = await doctor('clickhouse', env);
    expect(statuses(after.checks)).toEqual({
      'clickhouse.connect': 'ok',
      'clickhouse.version': 'ok',
      'clickhouse.migrations': 'ok',
      'clickhouse.grants': 'ok',
      'clickhouse.analytics': 'skipped',
    });
    expect(after.checks.get('clickhouse.version')?.version).toMatch(/^\d+\.\d+/);
    expect(after.code).toBe(0);
  });

  it('says that the password is wrong, and skips what it cannot ask', async () => {
    const env = { UNKEY_CLICKHOUSE_URL: front.url.replace(/:[^:@/]+@/, ':wrong@') };
    const { code, checks } = await doctor('clickhouse', env);
    expect(checks.get('clickhouse.connect')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/^authentication: /),
    });
    expect(checks.get('clickhouse.migrations')?.status).toBe('skipped');
    expect(code).toBe(8);
  });

  it('skips the checks of a server on the embedded engine', async () => {
    const { checks } = await doctor('clickhouse', { UNKEY_CLICKHOUSE_URL: 'chdb:' });
    expect(new Set(Object.values(statuses(checks)))).toEqual(new Set(['skipped']));
  });
});

describe.runIf(clusterAvailable)('doctor on a Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  it('finds everything in order', async () => {
    const { code, checks } = await doctor('redis', { UNKEY_REDIS_URL: `${cluster.url}?cluster=true` });
    expect(checks.get('redis.version')?.detail).toContain('cluster mode');
    for (const id of ['redis.connect', 'redis.version', 'redis.commands', 'redis.eviction']) {
      expect([id, checks.get(id)?.status]).toEqual([id, 'ok']);
    }
    expect(code).toBe(0);
  });

  it('says what redis_url lacks when it names one of the servers', async () => {
    const { code, checks } = await doctor('redis', { UNKEY_REDIS_URL: cluster.url });
    expect(checks.get('redis.commands')).toMatchObject({
      status: 'fail',
      remedy: 'add ?cluster=true to redis_url',
    });
    expect(code).toBe(1);
  });

  it('tells why no node answers', async () => {
    const { code, checks } = await doctor('redis', { UNKEY_REDIS_URL: 'redis://127.0.0.1:1?cluster=true' });
    expect(checks.get('redis.connect')?.detail).toContain('ECONNREFUSED');
    expect(checks.get('redis.commands')?.status).toBe('skipped');
    expect(code).toBe(8);
  });
});

describe.runIf(requireOrSkip('mysql'))('doctor on MySQL', () => {
  let database: MysqlDatabase;
  beforeAll(async () => {
    database = await freshMysqlDatabase();
    await database.execute(`ALTER DATABASE ${database.name} CHARACTER SET utf8mb4`);
  });
  afterAll(() => database.drop());

  const env = () => ({ UNKEY_DATABASE_PRIMARY: database.url });

  it('ends with 9 when only migrations are missing, and tells how to apply them', async () => {
    const { code, checks } = await doctor('mysql,root', env());
    expect(code).toBe(9);
    expect(checks.get('mysql.migrations')).toMatchObject({ status: 'fail', remedy: 'unkey migrate up' });
    expect(checks.get('mysql.connect')?.status).toBe('ok');
    expect(checks.get('root')?.status).toBe('skipped');
  });

  it('finds the root side once the schema is there', async () => {
    expect((await startUnkey(['migrate', 'up'], { env: env() }).ended).code).toBe(0);
    const before = await doctor('mysql,root', env());
    expect([before.code, before.checks.get('root')?.status]).toEqual([1, 'fail']);
    expect((await startUnkey(['bootstrap', '--workspace', 'acme'], { env: env() }).ended).code).toBe(0);
    const after = await doctor('mysql,root', env());
    expect([after.code, after.checks.get('root')]).toEqual([0, expect.objectContaining({ status: 'ok' })]);
    expect(after.checks.get('mysql.clock')?.status).toBe('ok');
  });

  it('tells a refused password and a missing database from an unreachable server', async () => {
    const detailOf = async (change: (url: URL) => void) => {
      const url = new URL(database.url);
      change(url);
      const { code, checks } = await doctor('mysql.connect', { UNKEY_DATABASE_PRIMARY: url.href });
      expect(code).toBe(8);
      return checks.get('mysql.connect')?.detail;
    };
    expect(await detailOf((url) => (url.password = 'wr0ng'))).toMatch(/^authentication: (?!.*wr0ng)/);
    expect(await detailOf((url) => (url.pathname = '/no_such_database'))).toMatch(
      /^(no such database|authentication): /,
    );
    expect(await detailOf((url) => (url.port = '1'))).toMatch(/^TCP: /);
  });
});
