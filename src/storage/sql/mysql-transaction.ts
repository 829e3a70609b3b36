import type { QueryResult } from 'mysql2';
import { DatabaseError, type Queryable, type SqlParams, type Transaction } from './database.ts';
import { toMysqlError } from './mysql-errors.ts';
import { affectedBy, type Exchanges, gathering, type Outgoing, rowsOf } from './mysql-exchange.ts';
import type { LentConnection } from './mysql-pool.ts';

/**
 * A transaction on a connection that is lent to it. It begins with its first statement and in the same exchange; deferred
 * statements wait for the next read, or for the commit.
 */
export class MysqlTransaction implements Transaction {
  readonly dialect = 'mysql';
  readonly transaction = true;
  readonly #connection: LentConnection;
  readonly #exchanges: Exchanges;
  #deferred: Outgoing[] = [];
  #begun = false;
  /** Why nothing may follow but a rollback. */
  #failed: unknown;
  /** Whether the connection is somebody else's by now. */
  #ended = false;

  constructor(connection: LentConnection, exchanges: Exchanges) {
    this.#connection = connection;
    this.#exchanges = exchanges;
  }

  async all<Row extends object>(operation: string, sql: string, params?: SqlParams): Promise<Row[]> {
    const [result] = await this.#read([this.#prepareRead(operation, sql, params)]);
    return rowsOf(result);
  }

  async run(operation: string, sql: string, params?: SqlParams): Promise<{ affectedRows: number }> {
    const statement = this.#exchanges.prepare('exec', 'transaction', operation, sql, params);
    // Not in one exchange: callers go on after a duplicate of their own, and must be able to tell that it was theirs.
    if (this.#deferred.length > 0) await this.#flush();
    const [result] = await this.#send([statement]);
    return affectedBy(result);
  }

  defer(operation: string, sql: string, params?: SqlParams): void {
    const statement = this.#exchanges.prepare('exec', 'transaction', operation, sql, params);
    this.#mustGoOn();
    this.#deferred.push(statement);
  }

  together<T>(work: (q: Queryable) => Promise<T>): Promise<T> {
    return work(
      gathering(
        this,
        (operation, sql, params) => this.#prepareRead(operation, sql, params),
        (reads) => this.#read(reads),
      ),
    );
  }

  /**
   * Runs what waits and commits, in one exchange; nothing at all when nothing was asked. Rejects with a DatabaseError or
   * DuplicateKeyError.
   */
  async commit(): Promise<void> {
    const deferred = this.#takeDeferred();
    this.#mustGoOn();
    if (deferred.length > 0) {
      await this.#exchanges.send(deferred, (texts) => this.#carry([...texts, 'COMMIT']));
    } else if (this.#begun) {
      await this.#carry(['COMMIT']).catch((error: unknown) => {
        throw toMysqlError('commit', error);
      });
    }
  }

  /** Undoes everything. Rejects with the driver's error. */
  async rollback(): Promise<void> {
    if (this.#begun) await this.#connection.query(['ROLLBACK']);
  }

  /** No statement may follow. */
  end(): void {
    this.#ended = true;
  }

  #prepareRead(operation: string, sql: string, params?: SqlParams): Outgoing {
    return this.#exchanges.prepare('query', 'transaction', operation, sql, params);
  }

  /** Reads, after what was deferred before them. */
  async #read(reads: readonly Outgoing[]): Promise<readonly QueryResult[]> {
    const deferred = this.#takeDeferred();
    const results = await this.#send([...deferred, ...reads]);
    return results.slice(deferred.length);
  }

  async #flush(): Promise<void> {
    try {
      await this.#send(this.#takeDeferred());
    } catch (error) {
      this.#failed ??= error;
      throw error;
    }
  }

  #takeDeferred(): readonly Outgoing[] {
    const taken = this.#deferred;
    this.#deferred = [];
    return taken;
  }

  async #send(statements: readonly Outgoing[]): Promise<readonly QueryResult[]> {
    this.#mustGoOn();
    try {
      return await this.#exchanges.send(statements, (texts) => this.#carry(texts));
    } catch (error) {
      // After a deadlock the server has undone everything. Of several it is not known which failed, nor what the rest would
      // be without it.
      const isOver = statements.length > 1 || (error instanceof DatabaseError && error.contention);
      if (isOver) this.#failed ??= error;
      throw error;
    }
  }

  /** To the server, after what begins the transaction if need be; yields the results of the given statements. */
  async #carry(texts: readonly string[]): Promise<readonly QueryResult[]> {
    const opening = this.#begun ? [] : ['START TRANSACTION'];
    this.#begun = true;
    const results = await this.#connection.query([...opening, ...texts]);
    return results.slice(opening.length);
  }

  #mustGoOn(): void {
    if (this.#ended) throw new DatabaseError('the transaction has ended');
    if (this.#failed !== undefined) throw this.#failed;
  }
}
