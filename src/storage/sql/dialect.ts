// What differs between MySQL and SQLite, written once, so that the statements in queries/ read the same on both.
import type { Dialect, Queryable, SqlParams, SqlValue, Transaction } from './database.ts';

/** A row to write: column name → value. All rows of one call name the same columns. */
export type RowValues = Readonly<Record<string, SqlValue>>;

type HasDialect = { readonly dialect: Dialect };

/** Rows of one statement; the smaller of the two placeholder limits (SQLite's 32 766) bounds it for wide tables. */
const MAX_ROWS = 1000;
const MAX_PLACEHOLDERS = 32_766;

/** Values of one `IN (…)` list whose length the caller does not bound: longer ones are split over statements. */
export const MAX_LISTED = 1000;

/** A table or column name as an identifier. Both dialects take backticks, so reserved words (`keys`, `limit`) are safe. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** The suffix that makes a SELECT lock its rows; empty on SQLite, where a transaction excludes other writers anyway. */
export function forUpdate(q: HasDialect): string {
  return q.dialect === 'mysql' ? ' FOR UPDATE' : '';
}

/** The same for rows that others may read with such a lock as well, but not change or delete. */
export function forShare(q: HasDialect): string {
  return q.dialect === 'mysql' ? ' LOCK IN SHARE MODE' : '';
}

/**
 * What stands behind a table's name to have its rows looked up by primary key; empty on SQLite. MySQL locks every row that a
 * locking statement reads, and of a small table it likes to read all.
 */
export function byPrimaryKey(q: HasDialect): string {
  return q.dialect === 'mysql' ? ' FORCE INDEX (PRIMARY)' : '';
}

/**
 * A condition true when the column holds exactly the bytes of the parameter, whatever its collation folds. The plain
 * comparison before it lets the column's index be used.
 * @param column a column, qualified if need be: `p.slug`
 * @param parameter the name of a placeholder, without its colon
 */
export function byteEqual(q: HasDialect, column: string, parameter: string): string {
  return q.dialect === 'mysql'
    ? `(${column} = :${parameter} AND CAST(${column} AS BINARY) = :${parameter})`
    : `(${column} = :${parameter} AND ${column} = :${parameter} COLLATE BINARY)`;
}

/** Unix milliseconds → the text of a datetime(3) column, UTC: `YYYY-MM-DD HH:MM:SS.mmm`, which sorts by time. */
export function toDateTime(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').slice(0, 23);
}

/** The text of a datetime(3) column → Unix milliseconds. @throws Error when the text is no such time. */
export function fromDateTime(text: string): number {
  const ms = Date.parse(`${text.replace(' ', 'T')}Z`);
  if (Number.isNaN(ms)) throw new Error('a datetime column holds text that is no time');
  return ms;
}

/**
 * Inserts all rows, at most 1,000 a statement: give it a transaction when they must stand or fall together.
 * No rows, no statement.
 * @throws DuplicateKeyError when a row meets a unique key
 */
export async function insertRows(
  q: Queryable,
  operation: string,
  table: string,
  rows: readonly RowValues[],
): Promise<void> {
  for (const { sql, params } of insertions(table, rows)) await q.run(operation, sql, params);
}

/** The same at the latest with the transaction's commit, which then throws the DuplicateKeyError. */
export function deferRows(
  tx: Transaction,
  operation: string,
  table: string,
  rows: readonly RowValues[],
): void {
  for (const { sql, params } of insertions(table, rows)) tx.defer(operation, sql, params);
}

/**
 * Inserts the rows whose unique key is still free and leaves rows that are there untouched (and, on MySQL, locked until
 * the transaction ends). It does not tell which were inserted: read them again.
 * @param uniqueColumns the columns of the unique key that may be taken
 */
export async function insertOrKeep(
  q: Queryable,
  operation: string,
  table: string,
  rows: readonly RowValues[],
  uniqueColumns: readonly string[],
): Promise<void> {
  const keep =
    q.dialect === 'mysql'
      ? ' ON DUPLICATE KEY UPDATE pk = pk'
      : ` ON CONFLICT (${uniqueColumns.map(quoteIdentifier).join(', ')}) DO NOTHING`;
  for (const { sql, params } of insertions(table, rows)) await q.run(operation, sql + keep, params);
}

/** The INSERTs of these rows; none for no rows. */
function* insertions(
  table: string,
  rows: readonly RowValues[],
): Generator<{ readonly sql: string; readonly params: SqlParams }> {
  const first = rows[0];
  if (first === undefined) return;
  const columns = Object.keys(first);
  const head = `INSERT INTO ${quoteIdentifier(table)} (${columns.map(quoteIdentifier).join(', ')}) VALUES `;
  const perBatch = Math.min(MAX_ROWS, Math.floor(MAX_PLACEHOLDERS / columns.length));
  for (let start = 0; start < rows.length; start += perBatch) {
    const batch = rows.slice(start, start + perBatch);
    const params: SqlParams = {};
    const tuples = batch.map((row, index) => bindRow(row, index, columns, params));
    yield { sql: head + tuples.join(', '), params };
  }
}

/** Adds the row's values to `params` and returns its tuple of placeholders. */
function bindRow(row: RowValues, index: number, columns: readonly string[], params: SqlParams): string {
  if (Object.keys(row).length !== columns.length)
    throw new Error('rows of one insert name different columns');
  const names = columns.map((column, position) => {
    const value = row[column];
    if (value === undefined) throw new Error(`a row to insert has no value for ${column}`);
    const name = `r${index}_${position}`;
    params[name] = value;
    return `:${name}`;
  });
  return `(${names.join(', ')})`;
}
