import { createServer } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { runInRequestScope } from '../../src/lib/request-scope.ts';
import { adoptSchema, planBaseline, REFERENCE_VERSION } from '../../src/storage/sql/baseline.ts';
import { DatabaseError, LockTimeoutError, type Transaction } from '../../src/storage/sql/database.ts';
import { deferRows, insertRows } from '../../src/storage/sql/dialect.ts';
import { createMigrator } from '../../src/storage/sql/migrator.ts';
import { describeSchema, type TableDescription } from '../../src/storage/sql/schema-description.ts';
import { makeReferenceDatabase } from '../support/reference-database.ts';
import { freshMysqlDatabase, type MysqlDatabase, requireOrSkip } from '../support/servers.ts';
import { describeDatabase } from './database.contract.ts';
import { describeMigrations } from './migrations.contract.ts';
import { relationalSite } from './relational-migrations.ts';
import { openStore } from './stores.ts';

describe.runIf(requireOrSkip('mysql'))('MySQL', () => {
  const databases: MysqlDatabase[] = [];

  async function fresh() {
    const database = await freshMysqlDatabase();
    databases.push(database);
    return { ...database, store: openStore(database.url) };
  }

  afterAll(() => Promise.all(databases.map((database) => database.drop())));

  describeDatabase('MySQL', async () => (await fresh()).store);
  describeDatabase('MySQL, a statement at a time', async () => {
    const database = await freshMysqlDatabase();
    databases.push(database);
    return openStore(`${database.url}?multiStatements=false`);
  });
  describeMigrations('MySQL', async () => relationalSite((await fresh()).store));

  test('replays the victim of a real deadlock until both transactions are through', async () => {
    const { store } = await fresh();
    await store.primary.run('create', 'CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL)');
    await insertRows(store.primary, 'insert', 't', [
      { id: 1, n: 0 },
      { id: 2, n: 0 },
    ]);
    let attempts = 0;
    const firstLocks = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const addTo = (mine: 0 | 1, ids: readonly [number, number]) => async (tx: Transaction) => {
      attempts++;
      await tx.run('first', 'UPDATE t SET n = n + 1 WHERE id = :id', { id: ids[0] });
      firstLocks[mine].resolve();
      await firstLocks[mine === 0 ? 1 : 0].promise;
      await tx.run('second', 'UPDATE t SET n = n + 1 WHERE id = :id', { id: ids[1] });
    };

    await Promise.all([store.transaction(addTo(0, [1, 2])), store.transaction(addTo(1, [2, 1]))]);

    expect(attempts).toBe(3);
    expect(await store.primary.all('read', 'SELECT n FROM t ORDER BY id')).toEqual([{ n: 2 }, { n: 2 }]);
    await store.close();
  });

  test('commits deferred statements that fit into packets of the server one by one only', async () => {
    const { store } = await fresh();
    await store.primary.run('create', 'CREATE TABLE t (id int PRIMARY KEY, text longtext NOT NULL)');
    const [packet] = await store.primary.all<{ bytes: number }>(
      'limit',
      'SELECT @@max_allowed_packet AS bytes',
    );
    const length = Math.floor((packet?.bytes ?? 0) * 0.4);
    await store.transaction(async (tx) => {
      for (const id of [1, 2, 3]) deferRows(tx, 'defer', 't', [{ id, text: 'x'.repeat(length) }]);
    });

    expect(await store.primary.all('read', 'SELECT LENGTH(text) AS n FROM t')).toEqual(
      Array.from({ length: 3 }, () => ({ n: length })),
    );
    await store.close();
  });

  test('goes on by itself after its connections were killed', async () => {
    const { store, execute } = await fresh();
    const [row] = await store.primary.all<{ id: number }>('id', 'SELECT CONNECTION_ID() AS id');
    await execute(`KILL ${row?.id}`);

    await expect(store.ping()).resolves.toBeUndefined();
    await store.close();
  });

  test('replays a transaction whose connection was killed', async () => {
    const { store, execute } = await fresh();
    await store.primary.run('create', 'CREATE TABLE t (id int)');
    let attempts = 0;
    await store.transaction(async (tx) => {
      attempts++;
      await insertRows(tx, 'insert', 't', [{ id: attempts }]);
      const [row] = await tx.all<{ id: number }>('id', 'SELECT CONNECTION_ID() AS id');
      if (attempts === 1) await execute(`KILL ${row?.id}`);
      await tx.all('after', 'SELECT id FROM t');
    });

    expect(await store.primary.all('read', 'SELECT id FROM t')).toEqual([{ id: 2 }]);
    await store.close();
  });

  test('sets every session to UTC, strict mode and REPEATABLE READ', async () => {
    const { store } = await fresh();
    await store.primary.run('create', 'CREATE TABLE t (a varchar(3))');

    const [row] = await store.primary.all<{ zone: string }>('zone', 'SELECT @@session.time_zone AS zone');
    expect(row?.zone).toBe('+00:00');
    await expect(insertRows(store.primary, 'insert', 't', [{ a: 'four' }])).rejects.toBeInstanceOf(
      DatabaseError,
    );
    await insertRows(store.primary, 'insert', 't', [{ a: 'one' }]);
    await store.transaction(async (tx) => {
      await tx.all('snapshot', 'SELECT a FROM t');
      await store.primary.run('delete', 'DELETE FROM t');
      expect(await tx.all('again', 'SELECT a FROM t')).toHaveLength(1);
    });
    await store.close();
  });

  test('tags statements with the request that they belong to', async () => {
    const { store } = await fresh();
    const scope = {
      requestId: 'req_1',
      route: "POST /v2/keys.*/ DROP 'x'",
      signal: new AbortController().signal,
      timings: [],
    };
    const [row] = await runInRequestScope(scope, () =>
      store.primary.all<{ info: string }>(
        'whoami',
        'SELECT info FROM information_schema.processlist WHERE id = CONNECTION_ID()',
      ),
    );
    expect(row?.info).toMatch(
      /\/\*application='unkey',service='api',region='test',operation='whoami',route='POST%20%2Fv2%2Fkeys.%2A%2F%20DROP%20%27x%27',source='http',mode='rw'\*\/$/,
    );
    await store.close();
  });

  test('the migration lock keeps others out and ends with its holder', async () => {
    const { store, url } = await fresh();
    const other = openStore(url);
    await store.exclusive(1000, async () => {
      expect(await other.isLocked()).toBe(true);
      await expect(other.exclusive(50, async () => undefined)).rejects.toBeInstanceOf(LockTimeoutError);
    });
    expect(await other.isLocked()).toBe(false);
    await Promise.all([store.close(), other.close()]);
  });

  test('a migrator that died half-way leaves its version failed', async () => {
    const { store, execute } = await fresh();
    const migrator = createMigrator({ database: store, clock: new ManualClock(0), toolVersion: 'test' });
    await migrator.up({ steps: 1 });
    await execute("UPDATE unkey_schema_migrations SET state = 'running', finished_at = NULL");

    expect((await migrator.status())[0]?.state).toBe('failed');
    await expect(migrator.up()).rejects.toThrow('repair');
    await store.close();
  });

  test('fails within seconds when the server does not answer', async () => {
    const silent = createServer();
    const port = await new Promise<number>((resolve) => {
      silent.listen(0, '127.0.0.1', () => {
        const address = silent.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const store = openStore(`root:sesame@tcp(127.0.0.1:${port})/db?timeout=100ms`);
    const failure = await store.ping().catch((error: unknown) => error);

    expect(failure).toMatchObject({ transient: true, retry: false });
    expect(String(failure)).not.toContain('sesame');
    await store.close();
    silent.close();
  });

  test('adopts a database made by the reference, then adds the tables of ours', async () => {
    const { store, execute } = await fresh();
    const migrator = createMigrator({ database: store, clock: new ManualClock(0), toolVersion: 'test' });
    await makeReferenceDatabase(store);
    await execute('ALTER TABLE apis ADD COLUMN extra int');

    const plan = await planBaseline({ database: store });
    await adoptSchema(migrator, plan);

    expect(plan).toMatchObject({ adoptable: true, differences: [] });
    expect(plan.versions.at(-1)).toBe(REFERENCE_VERSION);
    expect((await migrator.up({ allowOutOfOrder: true })).migrations.map(({ name }) => name)).toEqual([
      'jobs',
      'credit_settlements',
      'control_jobs',
    ]);
    expect(await migrator.schemaState()).toEqual({ state: 'up-to-date' });

    // Indexes for tables of the reference are left out until somebody asks for them.
    expect(plan.leftOut.map(({ name }) => name)).toEqual(['list_indexes']);
    const withIndex = (): Promise<object[]> =>
      store.primary.all('showIndex', "SHOW INDEX FROM roles WHERE Key_name = 'ours_roles_page_idx'");
    expect(await withIndex()).toEqual([]);
    for (const { version } of plan.leftOut) await migrator.repair(version, 'pending');
    expect((await migrator.up()).migrations.map(({ name }) => name)).toEqual(['list_indexes']);
    expect(await withIndex()).not.toEqual([]);
    await store.close();
  });

  test('goes on with an adoption that was interrupted', async () => {
    const { store } = await fresh();
    const migrator = createMigrator({ database: store, clock: new ManualClock(0), toolVersion: 'test' });
    await makeReferenceDatabase(store);
    const { versions } = await planBaseline({ database: store });
    await migrator.repair(versions[0] ?? '', 'applied');

    const plan = await planBaseline({ database: store });
    expect(plan).toMatchObject({ adoptable: true, versions });
    await adoptSchema(migrator, plan);
    await migrator.up({ allowOutOfOrder: true });
    expect(await migrator.schemaState()).toEqual({ state: 'up-to-date' });
    await store.close();
  });

  test('brings a database of before the apps up to date, nothing out of order', async () => {
    const { store } = await fresh();
    const migrator = createMigrator({ database: store, clock: new ManualClock(0), toolVersion: 'test' });
    await migrator.up({ to: '20260302000000' });

    const { migrations } = await migrator.up();

    expect(migrations.map(({ name }) => name)).toEqual(expect.arrayContaining(['apps', 'deployments']));
    expect(await migrator.schemaState()).toEqual({ state: 'up-to-date' });
    await store.close();
  });

  test('does not adopt a database that lacks something', async () => {
    const { store, execute } = await fresh();
    const migrator = createMigrator({ database: store, clock: new ManualClock(0), toolVersion: 'test' });
    await makeReferenceDatabase(store);
    await execute(`DROP TABLE roles; ALTER TABLE apis DROP COLUMN name;
      ALTER TABLE \`keys\` DROP KEY keys_hash_unique, MODIFY start varchar(10) NOT NULL;
      ALTER TABLE workspaces MODIFY created_at_m bigint DEFAULT 0`);

    const plan = await planBaseline({ database: store });

    expect(plan.adoptable).toBe(false);
    expect(plan.differences.map(({ table, subject, kind }) => `${table}: ${subject} ${kind}`)).toEqual([
      'apis: column name missing',
      'keys: column start differs',
      'keys: unique key (hash) missing',
      'roles: table missing',
      'workspaces: column created_at_m tolerated',
    ]);
    expect((await migrator.schemaState()).state).toBe('behind');
    await store.close();
  });

  test('has the same tables, columns, defaults and unique keys as SQLite', async () => {
    const { store } = await fresh();
    const sqlite = openStore('sqlite::memory:');
    for (const database of [store, sqlite]) {
      await createMigrator({ database, clock: new ManualClock(0), toolVersion: 'test' }).up();
    }
    const [mysqlSchema, sqliteSchema] = await Promise.all([
      describeSchema(store.primary),
      describeSchema(sqlite.primary),
    ]);

    expect(mysqlSchema.map(portable)).toEqual(sqliteSchema.map(portable));
    await Promise.all([store.close(), sqlite.close()]);
  });
});

/** What the dialects have in common: types and collations are theirs. */
function portable({ columns, ...table }: TableDescription): unknown {
  return {
    ...table,
    columns: columns.map(({ name, nullable, default: preset }) => ({ name, nullable, preset })),
  };
}
