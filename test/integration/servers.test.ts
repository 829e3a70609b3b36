// The servers of a run are what the rest of the integration suite stands on, so their contract is tested first.
import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { describe, expect, it } from 'vitest';
import { freshMysqlDatabase, redisUrl, requireOrSkip } from '../support/servers.ts';

describe.runIf(requireOrSkip('mysql'))('the MySQL server of a run', () => {
  it('gives each test an empty database of its own and drops it', async () => {
    const [one, two] = await Promise.all([freshMysqlDatabase(), freshMysqlDatabase()]);
    await one.execute('CREATE TABLE t (id INT); INSERT INTO t VALUES (7)');

    const connection = await createConnection({ uri: two.url });
    const [tables] = await connection.query<RowDataPacket[]>('SHOW TABLES');
    expect(tables).toEqual([]);

    await Promise.all([one.drop(), two.drop()]);
    const [databases] = await connection.query<RowDataPacket[]>('SHOW DATABASES');
    await connection.end();
    const names = databases.map((row) => row.Database);
    expect(names).not.toContain(one.name);
    expect(names).not.toContain(two.name);
  });
});

describe.runIf(requireOrSkip('redis'))('the Redis server of a run', () => {
  it('runs scripts, which the shared counters are made of', async () => {
    const client = new Redis(redisUrl());
    const key = `unkey-test:${crypto.randomUUID()}`;
    try {
      const sum = await client.eval(
        "redis.call('SET', KEYS[1], ARGV[1], 'PX', 60000); return redis.call('INCRBY', KEYS[1], 2)",
        1,
        key,
        '40',
      );
      expect(sum).toBe(42);
    } finally {
      await client.del(key);
      await client.quit();
    }
  });
});
