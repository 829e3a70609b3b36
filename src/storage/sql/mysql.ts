// MySQL 8/9 and MariaDB 10.11+ through Sequelize's pool and transactions over mysql2. Values are written into the
// statement as literals by the driver's own escaping (the text protocol): prepared statements would send every number as
// a double, which LIMIT refuses.
import mysql2 from 'mysql2';
import { QueryTypes, type Sequelize, type Transaction as SequelizeTransaction } from 'sequelize';
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
import type { MysqlAddress } from './dsn.ts';
import {
  createInstrumentation,
  type Instrumentation,
  type StatementObserver,
  type StatementTarget,
} from './instrumentation.ts';
import { isOutcomeUnknown, toMysqlError } from './mysql-errors.ts';
import { createMysqlPool, isUsable } from './mysql-pool.ts';
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
    this.#primaryPool = createMysqlPool(options.primary);
    this.#replicaPool = options.replica === undefined ? undefined : createMysqlPool(options.replica);
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
        throw notReplayed(toMysqlError('commit', error));
      }
    });
  }

  /** Failing to roll back is no news: the server does it by itself when the connection is gone. */
  async #rollback(transaction: SequelizeTransaction): Promise<void> {
    if (isFinished(transaction)) return;
    const connection = 'connection' in transaction ? transaction.connection : undefined;
    const rolledBack = isUsable(connection)
      ? this.#instrumentation.step('rollback', () => transaction.rollback())
      : // Sequelize would try the statement on the dead connection and report that on the console.
        this.#primaryPool.connectionManager.destroyConnection(Object(connection));
    await rolledBack.catch(() => undefined);
  }

  /** Statements outside transactions: reads are tried again, writes unless they may have happened. */
  #outside(pool: Sequelize, target: StatementTarget): Queryable {
    const once = this.#statements(pool, target, undefined);
    return {
      dialect: 'mysql',
      all: (operation, sql, params) => withRetry(() => once.all(operation, sql, params)),
      run: (operation, sql, params) =>
        withRetry(() =>
          once.run(operation, sql, params).catch((error: unknown) => {
            throw notReplayed(error);
          }),
        ),
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

/** A commit or a single write on a connection that was lost meanwhile may have taken place: it is not tried again. */
function notReplayed(error: unknown): unknown {
  if (!(error instanceof DatabaseError) || !isOutcomeUnknown(error.cause)) return error;
  return new DatabaseError(error.message, { cause: error.cause, transient: true, retry: false });
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
