// One connection to an SQLite database, through Sequelize: how it is set up, and how statements run on it.
import sqlite3 from '@appthreat/sqlite3';
import { QueryTypes, Sequelize } from 'sequelize';
import type { SqlParams, SqlValue } from './database.ts';
import type { Instrumentation, StatementInfo } from './instrumentation.ts';
import { toSqliteError } from './sqlite-errors.ts';
import { fillPlaceholders } from './statement.ts';

/** How long SQLite itself waits for another process's lock. */
export const BUSY_TIMEOUT_MS = 5000;

/** The driver as Sequelize loads it: every connection is set up before its first statement. */
const dialectModule = {
  ...sqlite3,
  Database: class extends sqlite3.Database {
    constructor(...args: ConstructorParameters<typeof sqlite3.Database>) {
      super(...args);
      this.configure('busyTimeout', BUSY_TIMEOUT_MS);
      // 'mixed' hands integers beyond 2^53 − 1 over as bigint instead of refusing the row.
      this.configure('integerMode', 'mixed');
      // Fails only where opening has failed, which is reported to the first statement.
      this.run('PRAGMA synchronous = FULL', () => undefined);
    }
  },
};

/** Sequelize's types do not know the option: there are no foreign keys to switch on. */
const UNTYPED_OPTIONS = { foreignKeys: false };

/** Opens nothing yet: the first statement does, and creates the file and its directory. */
export function openSqliteConnection(path: string): Sequelize {
  return new Sequelize({
    dialect: 'sqlite',
    dialectModule,
    storage: path,
    logging: false,
    ...UNTYPED_OPTIONS,
    retry: { max: 1 },
  });
}

/** Runs a reading statement. @throws DatabaseError */
export function selectRows<Row extends object>(
  connection: Sequelize,
  instrumentation: Instrumentation,
  info: StatementInfo,
  params: SqlParams,
): Promise<Row[]> {
  return instrumentation.statement('query', info, async () => {
    const { sql, bind } = bindValues(info.sql, params);
    try {
      const rows: Row[] = await connection.query(sql, {
        bind,
        raw: true,
        type: QueryTypes.SELECT,
        ...NO_TABLE_LOOKUP,
      });
      return rows.map(plainIntegers);
    } catch (error) {
      throw toSqliteError(info.operation, error);
    }
  });
}

/** Runs a writing statement. @throws DuplicateKeyError, DatabaseError */
export function executeStatement(
  connection: Sequelize,
  instrumentation: Instrumentation,
  info: StatementInfo,
  params: SqlParams,
): Promise<{ affectedRows: number }> {
  return instrumentation.statement('exec', info, async () => {
    const { sql, bind } = bindValues(info.sql, params);
    try {
      const [, affectedRows] = await connection.query(sql, { bind, raw: true, type: QueryTypes.UPDATE });
      return { affectedRows };
    } catch (error) {
      throw toSqliteError(info.operation, error);
    }
  });
}

/** Runs a statement that belongs to the connection itself. @throws DatabaseError */
export async function command(connection: Sequelize, operation: string, sql: string): Promise<void> {
  try {
    await connection.query(sql, { raw: true });
  } catch (error) {
    throw toSqliteError(operation, error);
  }
}

/** Keeps Sequelize from asking for the columns of a table before each SELECT, which only its models need. */
const NO_TABLE_LOOKUP = { tableNames: [] as string[] };

/** The statement in Sequelize's notation for real binds: `$p0`, `$p1`, …, with other dollar signs kept as text. */
function bindValues(sql: string, params: SqlParams): { sql: string; bind: Record<string, unknown> } {
  const bind: Record<string, unknown> = {};
  let count = 0;
  const filled = fillPlaceholders(
    'sqlite',
    sql,
    params,
    (value) => {
      const name = `p${count++}`;
      bind[name] = toBind(value);
      return `$${name}`;
    },
    (text) => text.replace(/\B\$(?=\$|\w)/g, '$$$$'),
  );
  return { sql: filled, bind };
}

function toBind(value: SqlValue): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('a number to bind is not finite');
  return value;
}

/** Integers that JavaScript numbers cannot hold become strings, as on MySQL. */
function plainIntegers<Row extends object>(row: Row): Row {
  const values = row as Record<string, unknown>;
  for (const name in values) {
    if (typeof values[name] === 'bigint') values[name] = values[name].toString();
  }
  return row;
}
