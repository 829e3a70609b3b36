// What a test asks about the servers it may use. `npm test` (scripts/test.ts) provides them and says where they are
// through the environment; a test run straight by vitest uses the same variables, or skips what it has no server for.
import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';

export type ServerName = 'mysql' | 'redis' | 'browser';

/** The variable that carries the address of a server, or the path of the browser's binary. */
export const SERVER_VARIABLES: Readonly<Record<ServerName, string>> = {
  mysql: 'TEST_MYSQL_URL',
  redis: 'TEST_REDIS_URL',
  browser: 'TEST_CHROMIUM',
};

/**
 * Tells whether a suite that needs a server can run: `describe.runIf(requireOrSkip('mysql'))(…)`.
 * Says on stderr why not, so that a skipped suite is never silent.
 *
 * @throws Error when it cannot run although `TEST_REQUIRE_ALL=1` asks for every suite.
 */
export function requireOrSkip(name: ServerName): boolean {
  const variable = SERVER_VARIABLES[name];
  if (process.env[variable]) return true;
  const reason = `this suite needs ${name}: ${variable} is not set ("npm test" provides it where it can)`;
  if (process.env.TEST_REQUIRE_ALL === '1') throw new Error(reason);
  process.stderr.write(`skipped: ${reason}\n`);
  return false;
}

export type StoreName = 'sqlite' | 'mysql';

/** The relational stores that this run can use. */
export function availableStores(): readonly StoreName[] {
  return requireOrSkip('mysql') ? ['sqlite', 'mysql'] : ['sqlite'];
}

/** The MySQL server of this run as `mysql://user:password@host:port/`, with the right to create databases. */
export function mysqlServerUrl(): string {
  return provided('mysql');
}

/** The Redis server of this run as `redis://host:port`. Tests share it: prefix your keys, or take a database number. */
export function redisUrl(): string {
  return provided('redis');
}

/** The path of the Chromium binary of this run. */
export function chromiumPath(): string {
  return provided('browser');
}

export interface MysqlDatabase {
  readonly name: string;
  /** `mysql://user:password@host:port/name` */
  readonly url: string;
  /** Runs statements on the database from outside, as another client would. */
  execute(sql: string): Promise<void>;
  drop(): Promise<void>;
}

/** Creates an empty database of its own for a test, in the server's default character set. */
export async function freshMysqlDatabase(): Promise<MysqlDatabase> {
  const name = `unkey_test_${randomBytes(6).toString('hex')}`;
  const server = mysqlServerUrl();
  await runSql(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    execute: (sql) => runSql(url.href, sql),
    drop: () => runSql(server, `DROP DATABASE IF EXISTS ${name}`),
  };
}

async function runSql(uri: string, sql: string): Promise<void> {
  const connection = await createConnection({ uri, multipleStatements: true });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}

function provided(name: ServerName): string {
  const value = process.env[SERVER_VARIABLES[name]];
  if (!value) throw new Error(`guard this suite with requireOrSkip('${name}')`);
  return value;
}
