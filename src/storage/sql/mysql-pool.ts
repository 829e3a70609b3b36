// The connections to one MySQL server: Sequelize's pool over mysql2. Sequelize opens, checks, lends and retires them; the
// statements themselves go to the driver, since on its own way they cost Sequelize more time than the rest of us together.
import mysql2, { type Connection, type ConnectionOptions, type QueryResult } from 'mysql2';
import { Sequelize } from 'sequelize';
import type { MysqlAddress } from './dsn.ts';

const CONNECT_TIMEOUT_MS = 2000;

/** Connections that a process may open to one server. Source, as of the times below: data model, section 1. */
export const MAX_CONNECTIONS = 25;

/** How long connections live (idle, in all) and may be waited for. */
const POOL = { idleMs: 60_000, lifetimeMs: 300_000, acquireMs: 4000, sweepMs: 10_000 } as const;

/**
 * What every session is set to, so that nothing depends on the server's configuration: UTC, errors instead of silent
 * truncation, and backslash escapes in literals, which the escaping of values relies on.
 */
const SESSION =
  "SET SESSION time_zone = '+00:00', SESSION sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";
const ISOLATION = 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ';

/**
 * Options that Sequelize's types do not know. The session's time zone is set with the rest of SESSION; the server's
 * version does not matter to raw statements, and asking for it would cost a connection of its own.
 */
const UNTYPED_OPTIONS = { keepDefaultTimezone: true, databaseVersion: '8.0.0' };

export interface MysqlPool {
  /**
   * A connection for one statement, or for all of a transaction; to be given back. Rejects with the driver's error or
   * Sequelize's when there is none in time.
   */
  lend(): Promise<LentConnection>;
  close(): Promise<void>;
}

export interface LentConnection {
  /**
   * Runs statements one after the other, up to the first that fails; yields of each the rows that it read, else what it has
   * done. Rejects with the driver's error. They travel together, unless the address forbids it.
   */
  query(statements: readonly string[]): Promise<readonly QueryResult[]>;
  /** Whether statements can still be sent. */
  isUsable(): boolean;
  /** Ends the loan: the next may have it, unless it is of no use any more. */
  giveBack(): void;
  /** Ends the loan and closes the connection, in whatever state it is. */
  discard(): void;
}

/** A pool that has no connection yet. */
export function createMysqlPool(address: MysqlAddress): MysqlPool {
  const sequelize = createSequelize(address);
  const { connectionManager } = sequelize;
  return {
    async lend() {
      const connection = (await connectionManager.getConnection({ type: 'write' })) as Connection;
      // Closing it fails at most with an error of its own, which leaves nothing to be done.
      const discard = () => void connectionManager.destroyConnection(connection).catch(() => undefined);
      return {
        query: (statements) =>
          address.multiStatements && mayShareAPacket(statements)
            ? runTogether(connection, statements)
            : runInTurn(connection, statements),
        isUsable: () => isUsable(connection),
        giveBack: () => (isUsable(connection) ? connectionManager.releaseConnection(connection) : discard()),
        discard,
      };
    },
    close: () => sequelize.close(),
  };
}

/**
 * Characters of one packet beyond which statements go one by one: each may fit into what the server takes
 * (`max_allowed_packet`, 16 MiB at least where nobody has lowered it) where all together do not.
 */
const SHARED_PACKET = 2 ** 20;

function mayShareAPacket(statements: readonly string[]): boolean {
  return statements.reduce((sum, { length }) => sum + length, 0) <= SHARED_PACKET;
}

/** In one exchange with the server. */
async function runTogether(
  connection: Connection,
  statements: readonly string[],
): Promise<readonly QueryResult[]> {
  // A line of its own for the separator, which the end of a statement could otherwise comment out.
  const result = await run(connection, statements.join('\n;\n'));
  return statements.length === 1 ? [result] : (result as readonly QueryResult[]);
}

async function runInTurn(
  connection: Connection,
  statements: readonly string[],
): Promise<readonly QueryResult[]> {
  const results: QueryResult[] = [];
  for (const statement of statements) results.push(await run(connection, statement));
  return results;
}

function run(connection: Connection, text: string): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    connection.query(text, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

function createSequelize(address: MysqlAddress): Sequelize {
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
    multipleStatements: address.multiStatements,
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
      max: MAX_CONNECTIONS,
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

/** The code of the one failure that makes `tls=preferred` go on without TLS; the retry of the statement does the rest. */
export const TLS_FALLBACK = 'TLS_FALLBACK';

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
        if (error.code !== 'HANDSHAKE_NO_SSL_SUPPORT') return;
        plain = true;
        error.code = TLS_FALLBACK;
      });
      return connection;
    },
  };
}

/** Whether statements can still be sent: mysql2 closes the stream of a connection that is lost or being closed. */
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
