// One connection to an SQLite database, through Sequelize: how it is set up, and how statements run on it.
import sqlite3 from '@appthreat/sqlite3';
import { QueryTypes, Sequelize } from 'sequelize';
import { isObject } from '../../lib/json.ts';
import type { SqlParams, SqlValue } from './database.ts';
import type { Instrumentation, StatementInfo } from './instrumentation.ts';
import { toSqliteError } from './sqlite-errors.ts';
import { fillPlaceholders } from './statement.ts';

/** How long SQLite itself waits for another process's lock. */
export const BUSY_TIMEOUT_MS = 5000;

/** The driver's class as Sequelize uses it; its own types overload each method in ways that cannot be overridden. */
interface DriverConnection {
  configure(option: string, value: number | string): void;
  run(sql: string, values: unknown, done?: unknown): unknown;
  all(sql: string, values: unknown, done?: unknown): unknown;
}

const Driver = sqlite3.Database as unknown as new (
  ...args: ConstructorParameters<typeof sqlite3.Database>
) => DriverConnection;

/** The driver as Sequelize loads it: every connection is set up before its first statement. */
const dialectModule = {
  ...sqlite3,
  Database: class extends Driver {
    constructor(...args: ConstructorParameters<typeof sqlite3.Database>) {
      super(...args);
      this.configure('busyTimeout', BUSY_TIMEOUT_MS);
      // 'mixed' hands integers beyond 2^53 − 1 over as bigint instead of refusing the row.
      this.configure('integerMode', 'mixed');
      // Fails only where opening has failed, which is reported to the first statement.
      super.run('PRAGMA synchronous = FULL', () => undefined);
    }

    override run(sql: string, values: unknown, done?: unknown): unknown {
      return super.run(sql, positional(values), done);
    }

    override all(sql: string, values: unknown, done?: unknown): unknown {
      return super.all(sql, positional(values), done);
    }
  },
};

/**
 * Sequelize hands values over by name, and both it and SQLite go through all names for each of them: statements of thousands
 * of values would spend their time there. So {@link bindValues} names one value, the list of all, which goes by position.
 */
function positional(values: unknown): unknown {
  return isObject(values) && Array.isArray(values.$values) ? values.$values : values;
}

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

/**
 * The statement with nameless placeholders, and their values in order. Dollar signs are doubled, which keeps Sequelize from
 * reading them as placeholders of its own.
 */
function bindValues(sql: string, params: SqlParams): { sql: string; bind: { values: unknown[] } } {
  const values: unknown[] = [];
  const filled = fillPlaceholders(
    'sqlite',
    sql,
    params,
    (value) => {
      values.push(toBind(value));
      return '?';
    },
    (text) => text.replace(/\B\$(?=\$|\w)/g, '$$$$'),
  );
  return { sql: filled, bind: { values } };
}

function toBind(value: SqlValue): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  // As text, an integer column takes it exactly.
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
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
