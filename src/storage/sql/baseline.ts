// Adopting a database that the reference has made. Rule: MIG-9.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from './migration-error.ts';
import { loadMigrations, SQL_MIGRATIONS } from './migration-files.ts';
import { readHistory } from './migration-history.ts';
import type { Migrator, MigratorOptions } from './migrator.ts';
import { describeSchema, type TableDescription } from './schema-description.ts';

/** The newest version whose tables the reference has too; those after it are ours. */
export const REFERENCE_VERSION = '20260101000500';

export interface SchemaDifference {
  readonly table: string;
  /** What is meant: `table`, `column <name>`, `unique key (…)`, `index (…)`. */
  readonly subject: string;
  /** `missing` forbids adoption; `differs` is told and accepted. */
  readonly kind: 'missing' | 'differs';
  readonly expected: string;
  readonly found: string | undefined;
}

export interface BaselineReport {
  readonly differences: readonly SchemaDifference[];
  /** Versions now recorded as applied; empty when something is missing. */
  readonly recorded: readonly string[];
}

/**
 * Compares the live schema with that of the reference and, when nothing is missing, records the versions up to `at` as
 * applied. Alters nothing else; `up` then adds the tables of ours.
 * @param at a version not newer than REFERENCE_VERSION, its default
 * @throws MigrationError when versions are recorded already, or `at` is no such version
 */
export async function adoptSchema(
  migrator: Migrator,
  { database, directory = SQL_MIGRATIONS }: Pick<MigratorOptions, 'database' | 'directory'>,
  at: string = REFERENCE_VERSION,
): Promise<BaselineReport> {
  if (database.dialect !== 'mysql') {
    throw new MigrationError('refused', 'only a MySQL database can be adopted; the reference has no other');
  }
  const versions = (await loadMigrations(directory, 'mysql')).filter(({ version }) => version <= at);
  if (at > REFERENCE_VERSION || versions.at(-1)?.version !== at) {
    throw new MigrationError('refused', `there is no version ${at} of the reference's schema`, {
      version: at,
    });
  }
  if ((await readHistory(database.primary)).length > 0) {
    throw new MigrationError(
      'refused',
      'this database has recorded migrations already; run `unkey migrate up`',
    );
  }
  const created = versions.flatMap(({ up }) =>
    up.flatMap((sql) => /^CREATE TABLE `(\w+)`/.exec(sql)?.[1] ?? []),
  );
  const reference = (await readReference(directory)).filter(({ name }) => created.includes(name));
  const differences = compareSchemas(reference, await describeSchema(database.primary));
  if (differences.some(({ kind }) => kind === 'missing')) return { differences, recorded: [] };
  for (const { version } of versions) await migrator.repair(version, 'applied');
  return { differences, recorded: versions.map(({ version }) => version) };
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
    if (found === undefined) return [missing(expected.name, subject)];
    const [wanted, seen] = [JSON.stringify(column), JSON.stringify(found)];
    return wanted === seen
      ? []
      : [{ table: expected.name, subject, kind: 'differs' as const, expected: wanted, found: seen }];
  });
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

function missing(table: string, subject: string): SchemaDifference {
  return { table, subject, kind: 'missing', expected: subject, found: undefined };
}
