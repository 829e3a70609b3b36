import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MigrationError } from '../../../src/storage/migrations/migration-error.ts';
import {
  loadMigrations,
  migrationSlug,
  planMigrationFiles,
  SQL_MIGRATIONS,
  splitStatements,
  writeMigrationFiles,
} from '../../../src/storage/migrations/migration-files.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'unkey-files-'));
});

afterEach(() => rm(directory, { recursive: true }));

const write = (file: string, text = 'SELECT 1;\n') => writeFile(join(directory, file), text);

describe('splitStatements', () => {
  test('cuts at semicolons that end a line and drops comment lines', () => {
    const text =
      "-- first; really\nINSERT INTO t VALUES ('a;b');\n\n-- second\nUPDATE t\n  SET a = 1;  \n-- the end\n";
    expect(splitStatements(text)).toEqual(["INSERT INTO t VALUES ('a;b')", 'UPDATE t\n  SET a = 1']);
  });

  test('takes a last statement without a semicolon, and Windows line ends', () => {
    expect(splitStatements('A;\r\nB')).toEqual(['A', 'B']);
  });
});

describe('loadMigrations', () => {
  test('sorts by version and prefers nothing: each dialect has its own file', async () => {
    await write('20260102000000_b.mysql.up.sql', 'M;\n');
    await write('20260102000000_b.sqlite.up.sql', 'S;\n');
    await write('20260101000000_a.up.sql', 'A;\n');
    await write('README.md', 'not a migration');

    const mysql = await loadMigrations(directory, 'mysql');
    expect(mysql.map(({ name, up, down }) => [name, up, down])).toEqual([
      ['a', ['A'], undefined],
      ['b', ['M'], undefined],
    ]);
    expect((await loadMigrations(directory, 'sqlite'))[1]?.up).toEqual(['S']);
  });

  test.each([
    [['20260101000000_a.mysql.up.sql'], 'no up file for sqlite'],
    [['20260101000000_a.up.sql', '20260101000000_b.up.sql'], 'two names'],
    [['0001_a.up.sql'], 'not named like a migration'],
  ])('refuses %j', async (files, reason) => {
    for (const file of files) await write(file);
    await expect(loadMigrations(directory, 'sqlite')).rejects.toThrow(reason);
  });

  test('the product has every version in both dialects and with a way back', async () => {
    const [mysql, sqlite] = await Promise.all([
      loadMigrations(SQL_MIGRATIONS, 'mysql'),
      loadMigrations(SQL_MIGRATIONS, 'sqlite'),
    ]);
    expect(mysql.map(({ version }) => version)).toEqual(sqlite.map(({ version }) => version));
    expect([...mysql, ...sqlite].every(({ down }) => down !== undefined)).toBe(true);
  });
});

describe('a new migration', () => {
  const now = Date.UTC(2026, 2, 4, 5, 6, 7);
  const plan = (slug: string, at: number, dialects: readonly string[] = []) =>
    planMigrationFiles(directory, slug, dialects, at);

  test('is named by the words of its description', () => {
    expect([migrationSlug('Add Key: Tags!'), migrationSlug('!!')]).toEqual(['add_key_tags', '']);
  });

  test('is planned by time and slug, and written empty', async () => {
    const paths = await plan('add_key_tags', now, ['mysql', 'sqlite']);

    expect(paths.map((path) => path.slice(directory.length + 1))).toEqual([
      '20260304050607_add_key_tags.mysql.up.sql',
      '20260304050607_add_key_tags.mysql.down.sql',
      '20260304050607_add_key_tags.sqlite.up.sql',
      '20260304050607_add_key_tags.sqlite.down.sql',
    ]);
    expect(await readdir(directory)).toEqual([]);
    await writeMigrationFiles(paths);
    expect(await readdir(directory)).toHaveLength(4);
  });

  test('is refused when its name or version is there, or the directory is not', async () => {
    await writeMigrationFiles(await plan('tags', now));
    await expect(plan('tags', now + 1000)).rejects.toBeInstanceOf(MigrationError);
    await expect(plan('other', now)).rejects.toBeInstanceOf(MigrationError);
    const nowhere = planMigrationFiles(join(directory, 'nowhere'), 'tags', [], now);
    await expect(nowhere).rejects.toThrow(/no directory/);
  });
});
