// MySQL 8/9 and MariaDB 10.11+ through Sequelize's pool and transactions over mysql2. Values are written into the
// statement as literals by the driver's own escaping (the text protocol): prepared statements would send every number as
// a double, which LIMIT refuses.
import mysql2, { type Connection, type ConnectionOptions } from 'mysql2';
import { QueryTypes, Sequelize, type Transaction as SequelizeTransaction } from 'sequelize';
import type { Metrics } from '../../lib/metrics.ts';
import {
  DatabaseError,
  DriverError,
  type DuplicateKeyError,
  LockTimeoutError,
  type MigratableDatabase,
  type Queryable,
  type SqlParams,
  type SqlValue,
  type Transaction,
} from './database.ts';
import type { MysqlAddress } from './dsn.ts';
import {
  createInstrumentation,
  type Instrumentation,
  type StatementObserver,
  type StatementTarget,
} from './instrumentation.ts';
import { toMysqlError } from './mysql-errors.ts';
import { withRetry } from './retry.ts';
import { fillPlaceholders } from './statement.ts';
import { type StatementTags, statementComment } from './statement-comment.ts';

export interface MysqlOptions {
  readonly primary: MysqlAddress;
  readonly replica: MysqlAddress | undefined;
  readonly metrics: Metrics;
  readonly tags: StatementTags;
  readonly onStatement?: StatementObserver | undefined;
}

const CONNECT_TIMEOUT_MS = 2000;

/** Open connections, and how long they live (idle, in all) and may be waited for. Source: data model, section 1. */
const POOL = { max: 25, idleMs: 60_000, lifetimeMs: 300_000, acquireMs: 4000, sweepMs: 10_000 } as const;

/**
 * What every session is set to, so that nothing depends on the server's configuration: UTC, errors instead of silent
 * truncation, and backslash escapes in literals, which the escaping of values relies on.
 */
const SESSION =
  "SET SESSION time_zone = '+00:00', SESSION sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";
const ISOLATION = 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ';

/** Opens nothing yet: the first statement does. */
export function createMysqlDatabase(options: MysqlOptions): MigratableDatabase {
  return new MysqlDatabase(options);
}

/** One lock per database of a server; its name is bounded at 64 characters, hence a digest. */
const LOCK_NAME = "CONCAT('unkey_migrate_', LEFT(SHA2(DATABASE(), 256), 32))";

class MysqlDatabase implements MigratableDatabase {
  readonly dialect = 'mysql';
  readonly primary: Queryable;
  readonly replica: Queryable;
  readonly #primaryPool: Sequelize;
  readonly #replicaPool: Sequelize | undefined;
  readonly #instrumentation: Instrumentation;
  readonly #tags: StatementTags;
  #closed: Promise<void> | undefined;

  constructor(options: MysqlOptions) {
    this.#tags = options.tags;
    this.#instrumentation = createInstrumentation(options.metrics, options.onStatement);
    this.#primaryPool = createPool(options.primary);
    this.#replicaPool = options.replica === undefined ? undefined : createPool(options.replica);
    this.primary = this.#outside(this.#primaryPool, 'primary');
    this.replica =
      this.#replicaPool === undefined ? this.primary : this.#outside(this.#replicaPool, 'replica');
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return withRetry(() => this.#attempt(work));
  }

  async exclusive<T>(timeoutMs: number, work: (session: Queryable) => Promise<T>): Promise<T> {
    // Sequelize lends a connection for as long as a transaction lives; this one is committed at once, while empty.
    const holder = await this.#begin();
    try {
      const session = this.#statements(this.#primaryPool, 'primary', holder);
      await session.run('endHolder', 'COMMIT');
      const [lock] = await session.all<{ gained: number | null }>(
        'getMigrationLock',
        `SELECT GET_LOCK(${LOCK_NAME}, :seconds) AS gained`,
        { seconds: timeoutMs / 1000 },
      );
      if (lock?.gained !== 1) throw new LockTimeoutError('another migration holds the lock of this database');
      try {
        return await work(session);
      } finally {
        // A lost connection has released the lock already.
        await session.all('releaseMigrationLock', `SELECT RELEASE_LOCK(${LOCK_NAME})`).catch(() => undefined);
      }
    } finally {
      await this.#rollback(holder);
    }
  }

  async isLocked(): Promise<boolean> {
    const [lock] = await this.primary.all<{ free: number | null }>(
      'isMigrationLocked',
      `SELECT IS_FREE_LOCK(${LOCK_NAME}) AS free`,
    );
    return lock?.free === 0;
  }

  async ping(): Promise<void> {
    await this.primary.all('ping', 'SELECT 1 AS one');
    if (this.#replicaPool !== undefined) await this.replica.all('ping', 'SELECT 1 AS one');
  }

  async close(): Promise<void> {
    this.#closed ??= Promise.all([this.#primaryPool.close(), this.#replicaPool?.close()]).then(
      () => undefined,
    );
    await this.#closed;
  }

  async #attempt<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const transaction = await this.#begin();
    let result: T;
    try {
      result = await work({
        transaction: true,
        ...this.#statements(this.#primaryPool, 'transaction', transaction),
      });
    } catch (error) {
      await this.#rollback(transaction);
      throw error;
    }
    await this.#commit(transaction);
    return result;
  }

  #begin(): Promise<SequelizeTransaction> {
    return this.#instrumentation.step('begin', async () => {
      try {
        return await this.#primaryPool.transaction();
      } catch (error) {
        throw toMysqlError('begin', error);
      }
    });
  }

  #commit(transaction: SequelizeTransaction): Promise<void> {
    return this.#instrumentation.step('commit', async () => {
      try {
        await transaction.commit();
      } catch (error) {
        throw outcomeUnknown(toMysqlError('commit', error));
      }
    });
  }

  /** Failing to roll back is no news: the server does it by itself when the connection is gone. */
  async #rollback(transaction: SequelizeTransaction): Promise<void> {
    if (isFinished(transaction)) return;
    await this.#instrumentation.step('rollback', () => transaction.rollback()).catch(() => undefined);
  }

  /** Statements outside transactions: reads are tried again, writes only when they cannot have happened. */
  #outside(pool: Sequelize, target: StatementTarget): Queryable {
    const once = this.#statements(pool, target, undefined);
    return {
      dialect: 'mysql',
      all: (operation, sql, params) => withRetry(() => once.all(operation, sql, params)),
      run: (operation, sql, params) => withRetry(() => once.run(operation, sql, params)),
    };
  }

  #statements(
    pool: Sequelize,
    target: StatementTarget,
    transaction: SequelizeTransaction | undefined,
  ): Queryable {
    const query = <T>(operation: string, sql: string, params: SqlParams, type: QueryTypes): Promise<T> => {
      const step = type === QueryTypes.SELECT ? 'query' : 'exec';
      return this.#instrumentation.statement(step, { operation, sql, target }, async () => {
        const text = fillPlaceholders('mysql', sql, params, toLiteral);
        const comment = statementComment(this.#tags, operation, target === 'replica' ? 'ro' : 'rw');
        try {
          return (await pool.query(text + comment, {
            raw: true,
            type,
            transaction: transaction ?? null,
          })) as T;
        } catch (error) {
          throw toMysqlError(operation, error, Object.keys(params).length > 0);
        }
      });
    };
    return {
      dialect: 'mysql',
      all: <Row extends object>(operation: string, sql: string, params: SqlParams = {}) =>
        query<Row[]>(operation, sql, params, QueryTypes.SELECT),
      run: async (operation, sql, params = {}) => {
        const [, affectedRows] = await query<[unknown, number]>(operation, sql, params, QueryTypes.UPDATE);
        return { affectedRows };
      },
    };
  }
}

/** Sequelize marks a transaction that the server has ended by itself (deadlock); its types do not tell. */
function isFinished(transaction: SequelizeTransaction): boolean {
  return 'finished' in transaction && transaction.finished !== undefined;
}

/** When the connection is lost while committing, nobody knows whether it took place: replaying might do it twice. */
function outcomeUnknown(error: DatabaseError | DuplicateKeyError): DatabaseError | DuplicateKeyError {
  if (!(error instanceof DatabaseError) || !error.retry) return error;
  const serverAnswered =
    error.cause instanceof DriverError && (error.cause.errno === 1213 || error.cause.errno === 1205);
  return serverAnswered
    ? error
    : new DatabaseError(error.message, { cause: error.cause, transient: true, retry: false });
}

function toLiteral(value: SqlValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error('a number to bind is not finite');
    return String(value);
  }
  if (typeof value === 'string') return mysql2.escape(value);
  return `x'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}'`;
}

/**
 * Options that Sequelize's types do not know. The session's time zone is set with the rest of SESSION; the server's
 * version does not matter to raw statements, and asking for it would cost a connection of its own.
 */
const UNTYPED_OPTIONS = { keepDefaultTimezone: true, databaseVersion: '8.0.0' };

function createPool(address: MysqlAddress): Sequelize {
  const connectedAt = new WeakMap<object, number>();
  const dialectOptions = {
    charset: 'utf8mb4',
    connectTimeout: address.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    socketPath: address.socketPath,
    // Matched rows, not changed ones, as SQLite counts them.
    flags: ['FOUND_ROWS'],
    supportBigNumbers: true,
    bigNumberStrings: false,
    dateStrings: true,
    jsonStrings: true,
    typeCast: true,
    multipleStatements: false,
    ssl: tlsOptions(address),
  };
  const pool = new Sequelize(address.database, address.user, address.password, {
    dialect: 'mysql',
    dialectModule: driverFor(address),
    host: address.host,
    port: address.port,
    dialectOptions,
    ...UNTYPED_OPTIONS,
    logging: false,
    retry: { max: 1 },
    pool: {
      max: POOL.max,
      min: 0,
      idle: POOL.idleMs,
      acquire: POOL.acquireMs,
      evict: POOL.sweepMs,
      validate: (connection) => isUsable(connection) && isYoung(connection),
    },
  });
  const isYoung = (connection: object) =>
    performance.now() - (connectedAt.get(connection) ?? 0) < POOL.lifetimeMs;
  pool.addHook('afterConnect', async (lent: unknown) => {
    const connection = lent as Connection;
    connectedAt.set(connection, performance.now());
    try {
      await connection.promise().query(SESSION);
      await connection.promise().query(ISOLATION);
    } catch (error) {
      connection.destroy();
      throw error;
    }
  });
  return pool;
}

/** The driver as Sequelize loads it. With `tls=preferred` a server that speaks no TLS is spoken to in plain from then on. */
function driverFor(address: MysqlAddress): object {
  if (address.tls !== 'preferred') return mysql2;
  let plain = false;
  return {
    ...mysql2,
    createConnection: (config: ConnectionOptions) => {
      const { ssl, ...withoutTls } = config;
      const connection = mysql2.createConnection(plain ? withoutTls : { ...withoutTls, ssl });
      connection.once('error', (error: NodeJS.ErrnoException) => {
        plain ||= error.code === 'HANDSHAKE_NO_SSL_SUPPORT';
      });
      return connection;
    },
  };
}

/** mysql2 closes the stream of a connection that is lost or being closed. */
function isUsable(connection: unknown): connection is object {
  if (typeof connection !== 'object' || connection === null) return false;
  const { stream, _closing, _fatalError } = connection as Record<string, unknown>;
  const destroyed =
    typeof stream === 'object' && stream !== null && 'destroyed' in stream && stream.destroyed === true;
  return !destroyed && _closing !== true && !_fatalError;
}

function tlsOptions(address: MysqlAddress): { rejectUnauthorized: boolean } | undefined {
  if (address.tls === 'off') return undefined;
  return { rejectUnauthorized: address.tls === 'verify' };
}
