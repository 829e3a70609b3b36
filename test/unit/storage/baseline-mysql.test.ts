// What MySQL 8 says of the tables of the reference, in its own words, which MariaDB does not share.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SQL_MIGRATIONS } from '../../../src/storage/migrations/migration-files.ts';
import { planBaseline } from '../../../src/storage/sql/baseline.ts';
import type { MigratableDatabase } from '../../../src/storage/sql/database.ts';
import type { ColumnDescription, TableDescription } from '../../../src/storage/sql/schema-description.ts';

/** One row of information_schema.columns. */
interface ColumnRow {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly nullable: 'YES' | 'NO';
  readonly preset: string | null;
  readonly collation: string | null;
}

const reference = JSON.parse(
  await readFile(join(SQL_MIGRATIONS, 'reference.mysql.json'), 'utf8'),
) as TableDescription[];

/** The default as the server tells it: text without quotes, an expression with the character set of its maker. */
const presetOf = ({ type, default: preset }: ColumnDescription) =>
  type === 'json' && preset !== null ? `_utf8mb4\\'${preset}\\'` : preset;

/** A server that holds the tables of the reference, as `differing` changes what it says of a column. */
function mysqlServer(differing: (row: ColumnRow) => Partial<ColumnRow> = () => ({})): MigratableDatabase {
  const columns = reference.flatMap(({ name: table, columns: ofTable }) =>
    ofTable.map((column) => {
      const { name, type, nullable, collation } = column;
      const preset = presetOf(column);
      const row: ColumnRow = { table, name, type, nullable: nullable ? 'YES' : 'NO', preset, collation };
      return { ...row, ...differing(row) };
    }),
  );
  const indexes = reference.flatMap(({ name: table, uniqueKeys, indexes: others }) =>
    [...uniqueKeys, ...others].flatMap((key, at) =>
      key.map((column) => ({ table, name: `key_${at}`, isUnique: at < uniqueKeys.length ? 1 : 0, column })),
    ),
  );
  const answers: Readonly<Record<string, readonly object[]>> = {
    historyExists: [],
    describeColumns: columns,
    describeIndexes: indexes,
  };
  const all = async (operation: string) => answers[operation] ?? expect.fail(`unexpected ${operation}`);
  return { dialect: 'mysql', primary: { dialect: 'mysql', all } } as unknown as MigratableDatabase;
}

const differencesOf = async (server: MigratableDatabase) => {
  const { adoptable, differences } = await planBaseline({ database: server });
  return { adoptable, differences: differences.map(({ table, subject, kind }) => [table, subject, kind]) };
};

describe('a database of MySQL 8', () => {
  it('is adopted as the reference makes it, without a difference', async () => {
    expect(await differencesOf(mysqlServer())).toEqual({ adoptable: true, differences: [] });
  });

  it.each([
    [
      'display widths, of a server before 8.0.19',
      ({ type }: ColumnRow) => ({ type: type.replace(/int\b(?!\()/, 'int(11)') }),
    ],
    [
      'defaults made through a client of another character set',
      ({ preset }: ColumnRow) => ({ preset: preset?.replace('_utf8mb4', '_latin1') ?? null }),
    ],
  ])('is adopted with %s', async (_what, differing) => {
    expect(await differencesOf(mysqlServer(differing))).toEqual({ adoptable: true, differences: [] });
  });

  it('is adopted with a default of other words, which is told', async () => {
    const jsonDefaults = ({ type, preset }: ColumnRow) =>
      type === 'json' && preset !== null ? { preset: 'json_array()' } : {};
    const { adoptable, differences } = await differencesOf(mysqlServer(jsonDefaults));
    expect(adoptable).toBe(true);
    expect(differences).not.toEqual([]);
    expect(differences.map(([, , kind]) => kind)).toEqual(differences.map(() => 'tolerated'));
  });

  it('is not adopted where its own default collation went in for the expected one', async () => {
    const generalCi = ({ table, name }: ColumnRow) =>
      table === 'permissions' && name === 'slug' ? { collation: 'utf8mb4_general_ci' } : {};
    expect(await differencesOf(mysqlServer(generalCi))).toEqual({
      adoptable: false,
      differences: [['permissions', 'column slug', 'differs']],
    });
  });
});
