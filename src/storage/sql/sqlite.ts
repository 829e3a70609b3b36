// SQLite: files for `unkey dev` and one-node installations, `:memory:` for tests. One writer connection serves all
// writes, one after another; another serves the reads outside transactions, which see the latest commit. A database in
// memory has a single connection, so there reads wait for an open transaction too.
import sqlite3 from '@appthreat/sqlite3';
import { Mutex } from 'async-mutex';
import { QueryTypes, Sequelize } from 'sequelize';
import type { Metrics } from '../../lib/metrics.ts';
import {
  DatabaseError,
  LockTimeoutError,
  type MigratableDatabase,
  type Queryable,
  type SqlParams,
  type SqlValue,
  type Transaction,
} from './database.ts';
import {
  createInstrumentation,
  type Instrumentation,
  type StatementObserver,
  type StatementTarget,
} from './instrumentation.ts';
import { withRetry } from './retry.ts';
import { toSqliteError } from './sqlite-errors.ts';
import { fillPlaceholders } from './statement.ts';

export interface SqliteOptions {
  /** A file's path, or `:memory:`. */
  readonly path: string;
  readonly metrics: Metrics;
  readonly onStatement?: StatementObserver | undefined;
}

/** How long SQLite itself waits for another process's lock. */
const BUSY_TIMEOUT_MS = 5000;
const LOCK_POLL_MS = 250;

/** The driver as Sequelize loads it: every connection is set up before its first statement. */
const dialectModule = {
  ...sqlite3,
  Database: class extends sqlite3.Database {
    constructor(...args: ConstructorParameters<typeof sqlite3.Database>) {
      super(...args);
      this.configure('busyTimeout', BUSY_TIMEOUT_MS);
      // 'mixed' hands integers beyond 2^53 − 1 over as bigint instead of refusing the row.
      this.configure('integerMode', 'mixed');
      this.run('PRAGMA synchronous = FULL');
    }
  },
};

/** Sequelize's types do not know the option: there are no foreign keys to switch on. */
const UNTYPED_OPTIONS = { foreignKeys: false };

function openConnection(path: string): Sequelize {
  return new Sequelize({
    dialect: 'sqlite',
    dialectModule,
    storage: path,
    logging: false,
    ...UNTYPED_OPTIONS,
    retry: { max: 1 },
  });
}

/** Opens nothing yet: the first statement does. */
export function createSqliteDatabase(options: SqliteOptions): MigratableDatabase {
  return new SqliteDatabase(options);
}

class SqliteDatabase implements MigratableDatabase {
  readonly dialect = 'sqlite';
  readonly primary: Queryable;
  readonly replica: Queryable;
  readonly #inMemory: boolean;
  readonly #writer: Sequelize;
  readonly #reader: Sequelize;
  readonly #writing = new Mutex();
  readonly #instrumentation: Instrumentation;
  #ready: Promise<void> | undefined;
  #closed = false;

  constructor(options: SqliteOptions) {
    this.#inMemory = options.path === ':memory:';
    this.#writer = openConnection(options.path);
    this.#reader = this.#inMemory ? this.#writer : openConnection(options.path);
    this.#instrumentation = createInstrumentation(options.metrics, options.onStatement);
    this.primary = this.#outside('primary');
    this.replica = this.#outside('replica');
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return withRetry(async () => {
      await this.#open();
      return this.#writing.runExclusive(async () => {
        await this.#step('begin', 'BEGIN IMMEDIATE');
        return this.#inTransaction(work);
      });
    });
  }

  async exclusive<T>(timeoutMs: number, work: (session: Queryable) => Promise<T>): Promise<T> {
    await this.#open();
    return this.#writing.runExclusive(async () => {
      await this.#beginWithin(timeoutMs);
      return this.#inTransaction(work);
    });
  }

  /** Nobody sees a migration of SQLite half done: it is one transaction. */
  async isLocked(): Promise<boolean> {
    return false;
  }

  async ping(): Promise<void> {
    await this.primary.all('ping', 'SELECT 1 AS one');
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writing.runExclusive(async () => {
      await this.#writer.close();
      if (this.#reader !== this.#writer) await this.#reader.close();
    });
  }

  async #inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    try {
      const tx = new SqliteTransaction(this.#writer, this.#instrumentation);
      let result: T;
      try {
        result = await work(tx);
      } finally {
        tx.finish();
      }
      await this.#step('commit', 'COMMIT');
      return result;
    } catch (error) {
      // SQLite ends a transaction by itself after some failures (disk full): then there is nothing to roll back.
      await this.#step('rollback', 'ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** Begins as soon as no other process writes. SQLite's own waiting blocks a thread of the pool, so it is kept short. */
  async #beginWithin(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    await this.#pragma(`busy_timeout = ${Math.min(timeoutMs, LOCK_POLL_MS)}`);
    try {
      for (;;) {
        try {
          return await this.#step('begin', 'BEGIN IMMEDIATE');
        } catch (error) {
          if (!(error instanceof DatabaseError) || !error.transient) throw error;
          if (performance.now() >= deadline) {
            throw new LockTimeoutError('another process writes to this database', { cause: error });
          }
        }
      }
    } finally {
      await this.#pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  #step(step: 'begin' | 'commit' | 'rollback', sql: string): Promise<void> {
    return this.#instrumentation.step(step, async () => {
      try {
        await this.#writer.query(sql, { raw: true });
      } catch (error) {
        throw toSqliteError(step, error);
      }
    });
  }

  /** Statements outside transactions. */
  #outside(target: StatementTarget): Queryable {
    return {
      dialect: 'sqlite',
      all: <Row extends object>(operation: string, sql: string, params: SqlParams = {}) => {
        const read = () =>
          select<Row>(this.#reader, this.#instrumentation, { operation, sql, target }, params);
        return withRetry(async () => {
          await this.#open();
          return this.#inMemory ? this.#writing.runExclusive(read) : read();
        });
      },
      run: (operation, sql, params = {}) =>
        withRetry(async () => {
          await this.#open();
          return this.#writing.runExclusive(() =>
            execute(this.#writer, this.#instrumentation, { operation, sql, target: 'primary' }, params),
          );
        }),
    };
  }

  /** Sets the file to write-ahead logging, once; the mode stays with the file. */
  async #open(): Promise<void> {
    if (this.#closed) throw new Error('the database is closed');
    this.#ready ??= this.#inMemory ? Promise.resolve() : this.#pragma('journal_mode = WAL');
    try {
      await this.#ready;
    } catch (error) {
      this.#ready = undefined;
      throw error;
    }
  }

  async #pragma(setting: string): Promise<void> {
    try {
      await this.#writer.query(`PRAGMA ${setting}`, { raw: true });
    } catch (error) {
      throw toSqliteError('pragma', error);
    }
  }
}

class SqliteTransaction implements Transaction {
  readonly dialect = 'sqlite';
  readonly transaction = true;
  readonly #connection: Sequelize;
  readonly #instrumentation: Instrumentation;
  #open = true;

  constructor(connection: Sequelize, instrumentation: Instrumentation) {
    this.#connection = connection;
    this.#instrumentation = instrumentation;
  }

  async all<Row extends object>(operation: string, sql: string, params: SqlParams = {}): Promise<Row[]> {
    this.#mustBeOpen(operation);
    return select<Row>(
      this.#connection,
      this.#instrumentation,
      { operation, sql, target: 'transaction' },
      params,
    );
  }

  async run(operation: string, sql: string, params: SqlParams = {}): Promise<{ affectedRows: number }> {
    this.#mustBeOpen(operation);
    return execute(
      this.#connection,
      this.#instrumentation,
      { operation, sql, target: 'transaction' },
      params,
    );
  }

  finish(): void {
    this.#open = false;
  }

  // A statement that outlives its transaction would otherwise join the next one on the same connection.
  #mustBeOpen(operation: string): void {
    if (!this.#open) throw new Error(`${operation} ran on a transaction that has ended`);
  }
}

type Info = Parameters<Instrumentation['statement']>[1];

function select<Row extends object>(
  connection: Sequelize,
  instrumentation: Instrumentation,
  info: Info,
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

function execute(
  connection: Sequelize,
  instrumentation: Instrumentation,
  info: Info,
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
