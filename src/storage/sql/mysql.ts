// MySQL 8/9 and MariaDB 10.11+ through Sequelize's pool over mysql2. Values are written into the
// statement as literals by the driver's own escaping (the text protocol): prepared statements would send every number as
// a double, which LIMIT refuses.
import type { Metrics } from '../../lib/metrics.ts';
import {
  DatabaseError,
  LockTimeoutError,
  type MigratableDatabase,
  type Queryable,
  type SqlParams,
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
import {
  affectedBy,
  type Carry,
  createExchanges,
  type Exchanges,
  gathering,
  rowsOf,
} from './mysql-exchange.ts';
import { createMysqlPool, type LentConnection, type MysqlPool } from './mysql-pool.ts';
import { MysqlTransaction } from './mysql-transaction.ts';
import { withRetry } from './retry.ts';
import { createStatementComment, type StatementTags } from './statement-comment.ts';

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
  readonly #primaryPool: MysqlPool;
  readonly #replicaPool: MysqlPool | undefined;
  readonly #instrumentation: Instrumentation;
  readonly #exchanges: Exchanges;
  #closed: Promise<void> | undefined;

  constructor(options: MysqlOptions) {
    this.#instrumentation = createInstrumentation(options.metrics, options.onStatement);
    this.#exchanges = createExchanges(this.#instrumentation, createStatementComment(options.tags));
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
    const connection = await this.#lend();
    try {
      const session = this.#statements('primary', (texts) => connection.query(texts));
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
      // Nobody else gets a session on which a migration may have changed settings.
      connection.discard();
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
    const connection = await this.#instrumentation.step('begin', () => this.#lend());
    const transaction = new MysqlTransaction(connection, this.#exchanges);
    try {
      const result = await work(transaction);
      await this.#commit(transaction);
      connection.giveBack();
      return result;
    } catch (error) {
      await this.#rollback(transaction, connection);
      throw error;
    } finally {
      transaction.end();
    }
  }

  async #lend(): Promise<LentConnection> {
    try {
      return await this.#primaryPool.lend();
    } catch (error) {
      throw toMysqlError('connect', error);
    }
  }

  #commit(transaction: MysqlTransaction): Promise<void> {
    return this.#instrumentation.step('commit', () =>
      transaction.commit().catch((error: unknown) => {
        throw notReplayed(error);
      }),
    );
  }

  /** Failing to roll back is no news: the server does it by itself when the connection is gone. */
  async #rollback(transaction: MysqlTransaction, connection: LentConnection): Promise<void> {
    if (!connection.isUsable()) return connection.discard();
    await this.#instrumentation
      .step('rollback', () => transaction.rollback())
      .then(
        () => connection.giveBack(),
        () => connection.discard(),
      );
  }

  /** Statements outside transactions: reads are tried again, writes unless they may have happened. */
  #outside(pool: MysqlPool, target: StatementTarget): Queryable {
    const carry: Carry = async (texts) => {
      const connection = await pool.lend();
      try {
        return await connection.query(texts);
      } finally {
        connection.giveBack();
      }
    };
    const once = this.#statements(target, carry);
    const outside: Queryable = {
      dialect: 'mysql',
      all: (operation, sql, params) => withRetry(() => once.all(operation, sql, params)),
      run: (operation, sql, params) =>
        withRetry(() =>
          once.run(operation, sql, params).catch((error: unknown) => {
            throw notReplayed(error);
          }),
        ),
      together: (work) =>
        work(
          gathering(
            outside,
            (operation, sql, params) => this.#exchanges.prepare('query', target, operation, sql, params),
            (reads) => withRetry(() => this.#exchanges.send(reads, carry)),
          ),
        ),
    };
    return outside;
  }

  /** Statements that are sent one by one. */
  #statements(target: StatementTarget, carry: Carry): Queryable {
    const exchanges = this.#exchanges;
    const statements: Queryable = {
      dialect: 'mysql',
      all: async <Row extends object>(operation: string, sql: string, params?: SqlParams) => {
        const read = exchanges.prepare('query', target, operation, sql, params);
        return rowsOf<Row>((await exchanges.send([read], carry))[0]);
      },
      run: async (operation, sql, params) => {
        const write = exchanges.prepare('exec', target, operation, sql, params);
        return affectedBy((await exchanges.send([write], carry))[0]);
      },
      together: (work) => work(statements),
    };
    return statements;
  }
}

/** A commit or a single write on a connection that was lost meanwhile may have taken place: it is not tried again. */
function notReplayed(error: unknown): unknown {
  if (!(error instanceof DatabaseError) || !isOutcomeUnknown(error.cause)) return error;
  return new DatabaseError(error.message, { cause: error.cause, transient: true, retry: false });
}
