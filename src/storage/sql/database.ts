// The relational store as services see it. Two adapters implement it: mysql.ts (MySQL 8/9, MariaDB 10.11+) and
// sqlite.ts (files and memory). The contract suite in test/contract runs on both.

export type Dialect = 'mysql' | 'sqlite';

/** A value bound to a `:name` placeholder. An array expands to a list for `IN (:names)`; an empty one matches nothing. */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array;
export type SqlParams = Record<string, SqlValue | readonly SqlValue[]>;

/** Something that runs statements: the primary, the replica, or one open transaction. */
export interface Queryable {
  readonly dialect: Dialect;
  /**
   * Runs a reading statement. `operation` is the query's name for the SQL comment, metrics and traces. Integers beyond
   * 2^53 − 1 arrive as strings, JSON columns as text, booleans as 0/1, datetime(3) columns as `YYYY-MM-DD HH:MM:SS.mmm` UTC.
   */
  all<Row extends object>(operation: string, sql: string, params?: SqlParams): Promise<Row[]>;
  /** Runs a writing statement. `affectedRows` counts matched rows on both dialects. */
  run(operation: string, sql: string, params?: SqlParams): Promise<{ affectedRows: number }>;
  /**
   * Runs reads that do not need each other's results: what `work` asks of its argument in one go may reach the store in one
   * exchange. The statements of an exchange share their fate: one that fails fails all.
   */
  together<T>(work: (q: Queryable) => Promise<T>): Promise<T>;
}

/** An open transaction. Everything done through it commits or rolls back together. */
export interface Transaction extends Queryable {
  readonly transaction: true;
  /**
   * Hands over a writing statement whose outcome nobody needs before the commit. It runs in its turn, before whatever is
   * asked next, and may reach the store in one exchange with it. When it fails, the transaction can only be rolled back: what
   * is asked next, or `transaction` itself, rejects as `run` would have.
   */
  defer(operation: string, sql: string, params?: SqlParams): void;
}

export interface Database {
  readonly dialect: Dialect;
  /** For reads outside transactions: the replica when one is configured, else the primary. Reads are retried on transient errors. */
  readonly replica: Queryable;
  /** For reads that must see the latest commit, and for single writes. */
  readonly primary: Queryable;
  /**
   * Runs `work` in one transaction on the primary and commits; any throw rolls back. On transient errors (deadlock, lock
   * wait, too many connections, connection lost; SQLite busy) the whole `work` runs again: 3 attempts, about 50 and 100 ms
   * apart; 6 when it was a deadlock each time.
   * MySQL: REPEATABLE READ. SQLite: BEGIN IMMEDIATE, so writers run one after another.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Rejects when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Thrown by adapters when a statement hits a unique key; which key it was is not told (the dialects differ in that). */
export class DuplicateKeyError extends Error {
  override readonly name = 'DuplicateKeyError';
}

/** Thrown by adapters for every other failure of the store, with the driver's error as its cause and no secret in it. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  /** True for failures that pass by themselves: a later request may succeed. */
  readonly transient: boolean;
  /**
   * True when the adapter tries again at once. False for transient failures that took long already (no connection in
   * time) or whose outcome is unknown (the connection was lost while committing).
   */
  readonly retry: boolean;
  /** True when the transaction gave way to others and left nothing behind (a deadlock): the store itself is well. */
  readonly contention: boolean;

  constructor(
    message: string,
    options: { cause?: unknown; transient?: boolean; retry?: boolean; contention?: boolean } = {},
  ) {
    super(message, { cause: options.cause });
    this.contention = options.contention ?? false;
    this.transient = options.transient ?? this.contention;
    this.retry = options.retry ?? this.transient;
  }
}

/** What is left of a driver's error when every bound value has been taken out of it: the cause of a DatabaseError. */
export class DriverError extends Error {
  override readonly name = 'DriverError';
  /** The store's own name for the failure: `ER_LOCK_DEADLOCK`, `ECONNREFUSED`, `SQLITE_BUSY`. */
  readonly code: string;
  /** MySQL's error number; undefined for SQLite and for network failures. */
  readonly errno: number | undefined;

  constructor(message: string, code: string, errno?: number) {
    super(message);
    this.code = code;
    this.errno = errno;
  }
}

/** A database whose schema can be changed: what the adapters offer to the migrator beyond `Database`. */
export interface MigratableDatabase extends Database {
  /**
   * Runs `work` on one connection while holding the lock that keeps two migrators apart; the lock dies with the
   * connection. MySQL: a named lock, outside any transaction. SQLite: one writing transaction, committed when `work`
   * resolves. Nothing is retried.
   * @throws LockTimeoutError when the lock is not gained in time
   */
  exclusive<T>(timeoutMs: number, work: (session: Queryable) => Promise<T>): Promise<T>;
  /** Whether somebody holds the lock now. */
  isLocked(): Promise<boolean>;
}

export class LockTimeoutError extends Error {
  override readonly name = 'LockTimeoutError';
}
