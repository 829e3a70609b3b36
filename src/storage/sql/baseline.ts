// Adopting a database that the reference has made. Rule: MIG-9.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '../migrations/migration-error.ts';
import { loadMigrations, type Migration, SQL_MIGRATIONS } from '../migrations/migration-files.ts';
import type { Migrator } from '../migrations/migrator.ts';
import { readHistory } from './migration-history.ts';
import type { MigratorOptions } from './migrator.ts';
import { type ColumnDescription, describeSchema, type TableDescription } from './schema-description.ts';

/** The newest version whose tables the reference has too. Versions that make tables of ours stand between them and after. */
export const REFERENCE_VERSION = '20260401000100';

export interface SchemaDifference {
  readonly table: string;
  /** What is meant: `table`, `column <name>`, `unique key (…)`, `index (…)`. */
  readonly subject: string;
  /**
   * `missing` and `differs` forbid adoption; `tolerated` is told and accepted: a column of the same type and collation that
   * takes every row of ours, such as one that allows NULL besides.
   */
  readonly kind: 'missing' | 'differs' | 'tolerated';
  readonly expected: string;
  /** undefined when it is missing. */
  readonly found: string | undefined;
}

export interface BaselinePlan {
  /** What the live schema lacks or has otherwise; extra tables, columns and indexes do not count. */
  readonly differences: readonly SchemaDifference[];
  /** Whether adoption is possible. */
  readonly adoptable: boolean;
  /** Versions to be recorded as applied, oldest first. */
  readonly versions: readonly string[];
  /**
   * Versions to be recorded as applied though they are not: they add nothing but indexes to tables of the reference, whose
   * definitions an adoption leaves as they are. Whoever wants them marks them pending and runs `up`.
   */
  readonly leftOut: readonly Pick<Migration, 'version' | 'name'>[];
}

/**
 * Compares the live schema with that of the reference, as far as the versions up to `at` make it. Writes nothing.
 * @param at a version that makes tables of the reference; REFERENCE_VERSION unless given
 * @throws MigrationError when versions are recorded that it would not record, or `at` is no such version
 */
export async function planBaseline(
  { database, directory = SQL_MIGRATIONS }: Pick<MigratorOptions, 'database' | 'directory'>,
  at: string = REFERENCE_VERSION,
): Promise<BaselinePlan> {
  if (database.dialect !== 'mysql') {
    throw new MigrationError('refused', 'only a MySQL database can be adopted; the reference has no other');
  }
  const reference = await readReference(directory);
  const known = new Set(reference.map(({ name }) => name));
  const all = await loadMigrations(directory, 'mysql');
  const migrations = all.filter((migration) => migration.version <= at && makesOnly(known, migration));
  if (migrations.at(-1)?.version !== at) {
    throw new MigrationError('unknown', `there is no version ${at} of the reference's schema`, {
      version: at,
    });
  }
  const versions = migrations.map(({ version }) => version);
  const leftOut = all.filter((migration) => indexesOnly(known, migration));
  const adopted = new Set([...versions, ...leftOut.map(({ version }) => version)]);
  // An adoption that was interrupted has recorded some of them, and goes on: `up` could not, whose tables are there.
  const recorded = await readHistory(database.primary);
  if (recorded.some(({ version, state }) => state !== 'applied' || !adopted.has(version))) {
    throw new MigrationError(
      'refused',
      'this database has recorded migrations already; run `unkey migrate up`',
    );
  }
  const created = migrations.flatMap(tablesMadeBy);
  const expected = reference.filter(({ name }) => created.includes(name));
  const differences = compareSchemas(expected, await describeSchema(database.primary));
  return {
    differences,
    adoptable: differences.every(({ kind }) => kind === 'tolerated'),
    versions,
    leftOut: leftOut.map(({ version, name }) => ({ version, name })),
  };
}

/**
 * Records the versions of an adoptable plan, and those that it leaves out, as applied. Alters nothing else; `up` then adds
 * the tables of ours, some of which belong to older versions: it must be allowed to go out of order.
 * @throws MigrationError when a version is unknown or the lock was not gained
 */
export async function adoptSchema(migrator: Migrator, { versions, leftOut }: BaselinePlan): Promise<void> {
  for (const version of versions) await migrator.repair(version, 'applied');
  for (const { version } of leftOut) await migrator.repair(version, 'applied');
}

/** Whether a version makes tables, and none but these. */
function makesOnly(known: ReadonlySet<string>, migration: Migration): boolean {
  const made = tablesMadeBy(migration);
  return made.length > 0 && made.every((table) => known.has(table));
}

/** Whether a version adds indexes to these tables, and does nothing else. */
function indexesOnly(known: ReadonlySet<string>, { up }: Migration): boolean {
  return up.every((sql) => known.has(/^CREATE INDEX `\w+` ON `(\w+)`/.exec(sql)?.[1] ?? ''));
}

function tablesMadeBy({ up }: Migration): string[] {
  return up.flatMap((sql) => /^CREATE TABLE `(\w+)`/.exec(sql)?.[1] ?? []);
}

async function readReference(directory: string): Promise<TableDescription[]> {
  return JSON.parse(await readFile(join(directory, 'reference.mysql.json'), 'utf8')) as TableDescription[];
}

/** What `expected` has and `live` lacks or has otherwise; extra tables, columns and indexes do not count. */
function compareSchemas(
  expected: readonly TableDescription[],
  live: readonly TableDescription[],
): SchemaDifference[] {
  return expected.flatMap((table) => {
    const found = live.find(({ name }) => name === table.name);
    if (found === undefined) return [missing(table.name, 'table')];
    return [...compareColumns(table, found), ...compareKeys(table, found)];
  });
}

function compareColumns(expected: TableDescription, live: TableDescription): SchemaDifference[] {
  return expected.columns.flatMap((column) => {
    const subject = `column ${column.name}`;
    const found = live.columns.find(({ name }) => name === column.name);
    if (found === undefined) return [missing(expected.name, subject, columnText(column))];
    const [wanted, seen] = [columnText(column), columnText(found)];
    if (wanted === seen) return [];
    const kind = takesRowsOf(column, found) ? 'tolerated' : 'differs';
    return [{ table: expected.name, subject, kind, expected: wanted, found: seen }];
  });
}

/** Whether what is written for `expected` can be written into `found` and read back as well. */
function takesRowsOf(expected: ColumnDescription, found: ColumnDescription): boolean {
  return (
    expected.type === found.type &&
    expected.collation === found.collation &&
    (found.nullable || !expected.nullable) &&
    (found.default !== null || expected.default === null)
  );
}

/** `varchar(48) COLLATE utf8mb4_0900_as_cs NOT NULL DEFAULT 'x'`. */
function columnText({ type, collation, nullable, default: preset }: ColumnDescription): string {
  return [
    type,
    ...(collation === null ? [] : [`COLLATE ${collation}`]),
    ...(nullable ? [] : ['NOT NULL']),
    ...(preset === null ? [] : [`DEFAULT ${preset}`]),
  ].join(' ');
}

function compareKeys(expected: TableDescription, live: TableDescription): SchemaDifference[] {
  const lacking = (wanted: readonly (readonly string[])[], seen: readonly (readonly string[])[]) =>
    wanted.filter((columns) => !seen.some((other) => other.join() === columns.join()));
  return [
    ...lacking(expected.uniqueKeys, live.uniqueKeys).map((columns) =>
      missing(expected.name, `unique key (${columns.join(', ')})`),
    ),
    ...lacking(expected.indexes, [...live.indexes, ...live.uniqueKeys]).map((columns) =>
      missing(expected.name, `index (${columns.join(', ')})`),
    ),
  ];
}

function missing(table: string, subject: string, expected: string = subject): SchemaDifference {
  return { table, subject, kind: 'missing', expected, found: undefined };
}
