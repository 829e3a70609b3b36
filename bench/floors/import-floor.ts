// The floor of an import: the rows that it stored, written once more into an empty database of the same schema.
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { createConnection } from 'mysql2/promise';

/** The tables that grow with the keys. */
const TABLES = ['keys', 'keys_permissions', 'clickhouse_outbox'] as const;

const ROWS_OF_A_STATEMENT = 100;

type Values = readonly unknown[];

export interface TableRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly Values[];
}

/** A database with the rows and an empty one beside it. */
export interface RowCopy {
  count(table: string): Promise<number>;
  /** Rows of the source in the order of their insertion. */
  read(table: string, offset: number, limit: number): Promise<TableRows>;
  /** Inserts all of them in one transaction. */
  write(parts: readonly TableRows[]): Promise<void>;
  close(): Promise<void>;
}

/** Copies the tables in so many transactions of equal size. @returns the seconds that writing took, without reading */
export async function insertAgain(copy: RowCopy, transactions: number): Promise<number> {
  const shares: [string, number][] = [];
  for (const table of TABLES) shares.push([table, Math.ceil((await copy.count(table)) / transactions)]);
  let seconds = 0;
  for (let turn = 0; turn < transactions; turn++) {
    const parts: TableRows[] = [];
    for (const [table, share] of shares) parts.push(await copy.read(table, turn * share, share));
    const started = performance.now();
    await copy.write(parts);
    seconds += (performance.now() - started) / 1000;
  }
  return seconds;
}

/** As durable as the product: write-ahead log, synchronised at each commit. */
export function sqliteCopy(source: string, target: string): RowCopy {
  const from = new DatabaseSync(source, { readOnly: true });
  const to = new DatabaseSync(target);
  to.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  const prepared = new Map<string, StatementSync>();
  const insert = ({ table, columns }: TableRows, rows: readonly Values[]): void => {
    const sql = `INSERT INTO \`${table}\` (${namesOf(columns)}) VALUES ${rows.map(() => `(${columns.map(() => '?').join(',')})`).join(',')}`;
    const statement = prepared.get(sql) ?? to.prepare(sql);
    prepared.set(sql, statement);
    statement.run(...(rows.flat() as SQLInputValue[]));
  };
  return {
    async count(table) {
      return Number(from.prepare(`SELECT COUNT(*) AS n FROM \`${table}\``).get()?.n);
    },
    async read(table, offset, limit) {
      const rows = from.prepare(`SELECT * FROM \`${table}\` ORDER BY pk LIMIT ? OFFSET ?`).all(limit, offset);
      return tableRows(table, rows);
    },
    async write(parts) {
      to.exec('BEGIN IMMEDIATE');
      for (const part of parts) for (const rows of statementsOf(part)) insert(part, rows);
      to.exec('COMMIT');
    },
    async close() {
      from.close();
      to.close();
    },
  };
}

export async function mysqlCopy(source: string, target: string, drop: () => Promise<void>): Promise<RowCopy> {
  // Dates and JSON as text, so that they go in as they came out.
  const asText = { dateStrings: true, jsonStrings: true };
  const from = await createConnection({ uri: source, ...asText });
  const to = await createConnection({ uri: target, ...asText });
  const select = async (sql: string, values: Values = []) => (await from.query(sql, [...values]))[0];
  return {
    async count(table) {
      const [row] = (await select(`SELECT COUNT(*) AS n FROM \`${table}\``)) as { n: number }[];
      return row?.n ?? 0;
    },
    async read(table, offset, limit) {
      const sql = `SELECT * FROM \`${table}\` ORDER BY pk LIMIT ? OFFSET ?`;
      return tableRows(table, (await select(sql, [limit, offset])) as Record<string, unknown>[]);
    },
    async write(parts) {
      await to.beginTransaction();
      for (const part of parts) {
        const sql = `INSERT INTO \`${part.table}\` (${namesOf(part.columns)}) VALUES ?`;
        for (const rows of statementsOf(part)) await to.query(sql, [rows]);
      }
      await to.commit();
    },
    async close() {
      await from.end();
      await to.end();
      await drop();
    },
  };
}

function tableRows(table: string, found: readonly Record<string, unknown>[]): TableRows {
  // The new table numbers its rows itself.
  const columns = Object.keys(found[0] ?? {}).filter((column) => column !== 'pk');
  return { table, columns, rows: found.map((row) => columns.map((column) => row[column])) };
}

function* statementsOf({ rows }: TableRows): Generator<readonly Values[]> {
  for (let start = 0; start < rows.length; start += ROWS_OF_A_STATEMENT) {
    yield rows.slice(start, start + ROWS_OF_A_STATEMENT);
  }
}

const namesOf = (columns: readonly string[]): string => columns.map((name) => `\`${name}\``).join(', ');
