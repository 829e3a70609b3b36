// SQLite: files for `unkey dev` and one-node installations, `:memory:` for tests. One writer connection serves all
// writes, one after another; another serves the reads outside transactions, which see the latest commit. A database in
// memory has a single connection, so there reads wait for an open transaction too.
import { E_TIMEOUT, Mutex, withTimeout } from 'async-mutex';
import type { Sequelize } from 'sequelize';
import type { Metrics } from '../../lib/metrics.ts';
import {
  DatabaseError,
  LockTimeoutError,
  type MigratableDatabase,
  type Queryable,
  type SqlParams,
  type Transaction,
} from './database.ts';
import {
  createInstrumentation,
  type Instrumentation,
  type StatementObserver,
  type StatementTarget,
} from './instrumentation.ts';
import { withRetry } from './retry.ts';
import {
  BUSY_TIMEOUT_MS,
  command,
  executeStatement,
  openSqliteConnection,
  selectRows,
} from './sqlite-connection.ts';

export interface SqliteOptions {
  /** A file's path, or `:memory:`. */
  readonly path: string;
  readonly metrics: Metrics;
  readonly onStatement?: StatementObserver | undefined;
}

/** How long a write waits for the writes before it; longer only when something never ends its transaction. */
const QUEUE_TIMEOUT_MS = 10_000;
const LOCK_POLL_MS = 250;

/** Opens nothing yet: the first statement does. */
export function createSqliteDatabase(options: SqliteOptions): MigratableDatabase {
  return new SqliteDatabase(options);
}

class SqliteDatabase implements MigratableDatabase {
  readonly dialect = 'sqlite';
  readonly primary: Queryable;
  readonly replica: Queryable;
  readonly #path: string;
  readonly #inMemory: boolean;
  #writer: Sequelize;
  #reader: Sequelize;
  readonly #writing = withTimeout(new Mutex(), QUEUE_TIMEOUT_MS);
  readonly #instrumentation: Instrumentation;
  #ready: Promise<void> | undefined;
  #closed = false;

  constructor(options: SqliteOptions) {
    this.#path = options.path;
    this.#inMemory = options.path === ':memory:';
    this.#writer = openSqliteConnection(options.path);
    this.#reader = this.#inMemory ? this.#writer : openSqliteConnection(options.path);
    this.#instrumentation = createInstrumentation(options.metrics, options.onStatement);
    this.primary = this.#outside('primary');
    this.replica = this.#outside('replica');
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return withRetry(async () => {
      await this.#open();
      return this.#alone(async () => {
        await this.#step('begin', 'BEGIN IMMEDIATE');
        return this.#inTransaction(work);
      });
    });
  }

  async exclusive<T>(timeoutMs: number, work: (session: Queryable) => Promise<T>): Promise<T> {
    await this.#open();
    return this.#alone(async () => {
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
    await this.#alone(async () => {
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
        await tx.settled();
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
    await this.#setBusyTimeout(Math.min(timeoutMs, LOCK_POLL_MS));
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
      await this.#setBusyTimeout(BUSY_TIMEOUT_MS);
    }
  }

  #setBusyTimeout(ms: number): Promise<void> {
    return command(this.#writer, 'busyTimeout', `PRAGMA busy_timeout = ${Math.ceil(ms)}`);
  }

  /** Runs `work` while nothing else writes (in memory: while nothing else runs). */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#writing.runExclusive(work);
    } catch (error) {
      if (error !== E_TIMEOUT) throw error;
      throw new DatabaseError('waited too long for the transactions before', {
        transient: true,
        retry: false,
      });
    }
  }

  #step(step: 'begin' | 'commit' | 'rollback', sql: string): Promise<void> {
    return this.#instrumentation.step(step, () => command(this.#writer, step, sql));
  }

  /** Statements outside transactions. */
  #outside(target: StatementTarget): Queryable {
    const outside: Queryable = {
      dialect: 'sqlite',
      together: (work) => work(outside),
      all: <Row extends object>(operation: string, sql: string, params: SqlParams = {}) => {
        const read = () =>
          selectRows<Row>(this.#reader, this.#instrumentation, { operation, sql, target }, params);
        return withRetry(async () => {
          await this.#open();
          return this.#inMemory ? this.#alone(read) : read();
        });
      },
      run: (operation, sql, params = {}) =>
        withRetry(async () => {
          await this.#open();
          return this.#alone(() =>
            executeStatement(
              this.#writer,
              this.#instrumentation,
              { operation, sql, target: 'primary' },
              params,
            ),
          );
        }),
    };
    return outside;
  }

  /** Sets the file to write-ahead logging, once; the mode stays with the file. */
  async #open(): Promise<void> {
    if (this.#closed) throw new Error('the database is closed');
    this.#ready ??= this.#inMemory
      ? Promise.resolve()
      : command(this.#writer, 'open', 'PRAGMA journal_mode = WAL');
    try {
      await this.#ready;
    } catch (error) {
      this.#ready = undefined;
      // Sequelize keeps a handle that failed to open; the next attempt starts with a fresh one.
      this.#writer = openSqliteConnection(this.#path);
      throw error;
    }
  }
}

class SqliteTransaction implements Transaction {
  readonly dialect = 'sqlite';
  readonly transaction = true;
  readonly #connection: Sequelize;
  readonly #instrumentation: Instrumentation;
  #open = true;
  /** The deferred statements, one after the other. */
  #deferred: Promise<unknown> = Promise.resolve();

  constructor(connection: Sequelize, instrumentation: Instrumentation) {
    this.#connection = connection;
    this.#instrumentation = instrumentation;
  }

  async all<Row extends object>(operation: string, sql: string, params: SqlParams = {}): Promise<Row[]> {
    this.#mustBeOpen(operation);
    await this.#deferred;
    const info = { operation, sql, target: 'transaction' } as const;
    return selectRows<Row>(this.#connection, this.#instrumentation, info, params);
  }

  async run(operation: string, sql: string, params: SqlParams = {}): Promise<{ affectedRows: number }> {
    this.#mustBeOpen(operation);
    await this.#deferred;
    return this.#execute(operation, sql, params);
  }

  defer(operation: string, sql: string, params: SqlParams = {}): void {
    this.#mustBeOpen(operation);
    this.#deferred = this.#deferred.then(() => this.#execute(operation, sql, params));
    // Whoever comes next, the commit at the latest, fails of it.
    this.#deferred.catch(() => undefined);
  }

  together<T>(work: (q: Queryable) => Promise<T>): Promise<T> {
    return work(this);
  }

  /** Resolves when every deferred statement has run; rejects when one failed. */
  async settled(): Promise<void> {
    await this.#deferred;
  }

  #execute(operation: string, sql: string, params: SqlParams): Promise<{ affectedRows: number }> {
    const info = { operation, sql, target: 'transaction' } as const;
    return executeStatement(this.#connection, this.#instrumentation, info, params);
  }

  finish(): void {
    this.#open = false;
  }

  // A statement that outlives its transaction would otherwise join the next one on the same connection.
  #mustBeOpen(operation: string): void {
    if (!this.#open) throw new Error(`${operation} ran on a transaction that has ended`);
  }
}
