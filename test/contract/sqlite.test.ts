import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { DatabaseError, LockTimeoutError } from '../../src/storage/sql/database.ts';
import { insertRows } from '../../src/storage/sql/dialect.ts';
import { describeDatabase } from './database.contract.ts';
import { describeMigrations } from './migrations.contract.ts';
import { relationalSite } from './relational-migrations.ts';
import { openStore } from './stores.ts';

const directory = mkdtempSync(join(tmpdir(), 'unkey-sqlite-'));
let files = 0;
const freshFile = () => `sqlite:${join(directory, `${++files}.db`)}`;

afterAll(() => rmSync(directory, { recursive: true }));

describeDatabase('an SQLite file', async () => openStore(freshFile()));
describeDatabase('SQLite in memory', async () => openStore('sqlite::memory:'));
describeMigrations('an SQLite file', async () => relationalSite(openStore(freshFile())));
describeMigrations('SQLite in memory', async () => relationalSite(openStore('sqlite::memory:')));

describe('an SQLite file', () => {
  test('creates the file and its directory, and keeps its rows', async () => {
    const address = `sqlite:${join(directory, 'deep', 'down', 'data.db')}`;
    const first = openStore(address);
    await first.primary.run('create', 'CREATE TABLE t (a int)');
    await insertRows(first.primary, 'insert', 't', [{ a: 1 }]);
    await first.close();
    const second = openStore(address);
    const rows = await second.primary.all('read', 'SELECT a FROM t');
    await second.close();

    expect(rows).toEqual([{ a: 1 }]);
  });

  test('reports a file that cannot be opened, each time it is asked', async () => {
    const db = openStore(`sqlite:${directory}`);
    await expect(db.ping()).rejects.toBeInstanceOf(DatabaseError);
    await expect(db.ping()).rejects.toBeInstanceOf(DatabaseError);
    await expect(db.close()).resolves.toBeUndefined();
  });

  test('reads run beside an open transaction and see the last commit', async () => {
    const db = openStore(freshFile());
    await db.primary.run('create', 'CREATE TABLE t (a int)');
    await db.transaction(async (tx) => {
      await insertRows(tx, 'insert', 't', [{ a: 1 }]);
      expect(await db.replica.all('outside', 'SELECT a FROM t')).toEqual([]);
      expect(await tx.all('inside', 'SELECT a FROM t')).toEqual([{ a: 1 }]);
    });
    expect(await db.replica.all('after', 'SELECT a FROM t')).toEqual([{ a: 1 }]);
    await db.close();
  });

  test('waits for a transaction of another process', async () => {
    const address = freshFile();
    const [ours, theirs] = [openStore(address), openStore(address)];
    await ours.primary.run('create', 'CREATE TABLE t (a int)');
    const opened = Promise.withResolvers<void>();
    const leave = Promise.withResolvers<void>();
    const holding = theirs.transaction(async (tx) => {
      await insertRows(tx, 'insert', 't', [{ a: 1 }]);
      opened.resolve();
      await leave.promise;
    });
    await opened.promise;
    const writing = insertRows(ours.primary, 'insert', 't', [{ a: 2 }]);
    leave.resolve();
    await Promise.all([holding, writing]);

    expect(await ours.primary.all('read', 'SELECT a FROM t ORDER BY a')).toEqual([{ a: 1 }, { a: 2 }]);
    await Promise.all([ours.close(), theirs.close()]);
  });

  test('does not gain the migration lock while another process writes', async () => {
    const address = freshFile();
    const [ours, theirs] = [openStore(address), openStore(address)];
    await theirs.ping();
    await theirs.transaction(async () => {
      await expect(ours.exclusive(100, async () => undefined)).rejects.toBeInstanceOf(LockTimeoutError);
    });
    await expect(ours.exclusive(100, async () => 'gained')).resolves.toBe('gained');
    await Promise.all([ours.close(), theirs.close()]);
  });
});

test('every statement is told to the observer with its target', async () => {
  const seen: string[] = [];
  const db = openStore('sqlite::memory:', ({ operation, target }) => seen.push(`${target} ${operation}`));
  await db.primary.run('create', 'CREATE TABLE t (a int)');
  await db.replica.all('look', 'SELECT a FROM t');
  await db.transaction(async (tx) => {
    await insertRows(tx, 'add', 't', [{ a: 1 }]);
  });
  await db.close();

  expect(seen).toEqual(['primary create', 'replica look', 'transaction add']);
});
