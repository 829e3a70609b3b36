// A look into the database of an installation, past the subject.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { createConnection } from 'mysql2/promise';

export type Row = Readonly<Record<string, string | number | null>>;

export interface BenchDatabase {
  /** Reads rows, dates and JSON as text; placeholders are `?`. */
  rows(sql: string, values?: readonly (string | number)[]): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** @param address `mysql://…` or `sqlite:<file>` */
export async function openBenchDatabase(address: string): Promise<BenchDatabase> {
  if (address.startsWith('sqlite:')) {
    const database = new DatabaseSync(address.slice('sqlite:'.length));
    return {
      rows: async (sql, values = []) => database.prepare(sql).all(...(values as SQLInputValue[])) as Row[],
      close: async () => database.close(),
    };
  }
  const connection = await createConnection({ uri: address, dateStrings: true, jsonStrings: true });
  return {
    rows: async (sql, values = []) => (await connection.query(sql, [...values]))[0] as Row[],
    close: () => connection.end(),
  };
}
