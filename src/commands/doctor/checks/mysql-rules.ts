// What the answers of a MySQL or MariaDB server mean. Thresholds: the table of `unkey doctor` in the operations chapter.
import { MAX_CONNECTIONS } from '../../../storage/sql/mysql-pool.ts';
import type { ServerSettings } from '../../../storage/sql/queries/server-facts.ts';
import { type Finding, fail, ok, warn } from '../check.ts';

const TESTED_MYSQL = [8, 9];
const TESTED_MARIADB = [10, 11, 12];
const CLOCK = { warnMs: 500, failMs: 5000 } as const;
const LATENCY = { warnMs: 10, failMs: 250 } as const;
const LAG_SECONDS = 2;

export function judgeVersion(text: string): Finding {
  // Old MariaDB servers put `5.5.5-` before their version for clients of that time.
  const version = text.replace(/^5\.5\.5-/, '');
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number);
  const mariaDb = /mariadb/i.test(version);
  const name = `${mariaDb ? 'MariaDB' : 'MySQL'} ${version.split('-')[0]}`;
  const tooOld = mariaDb ? major < 10 || (major === 10 && minor < 11) : major < 8;
  if (tooOld) {
    return fail(`${name} is too old`, 'upgrade to MySQL 8.0 or MariaDB 10.11 or newer', { version });
  }
  return (mariaDb ? TESTED_MARIADB : TESTED_MYSQL).includes(major)
    ? ok(name, { version })
    : warn(`${name} has not been tested`, 'use MySQL 8 or 9, or MariaDB 10.11 to 12', { version });
}

export function judgeSettings(settings: ServerSettings): Finding {
  const { database, charset, maxConnections, isolation } = settings;
  if (charset !== 'utf8mb4') {
    return fail(
      `the database uses ${charset}`,
      `ALTER DATABASE ${database} CHARACTER SET utf8mb4, then convert its tables`,
    );
  }
  if (maxConnections < MAX_CONNECTIONS * 2) {
    return warn(
      `max_connections is ${maxConnections}`,
      `SET GLOBAL max_connections = ${MAX_CONNECTIONS * 2} or more`,
    );
  }
  if (/^READ-UNCOMMITTED$/i.test(isolation)) {
    return warn(
      `transaction isolation is ${isolation}`,
      "SET GLOBAL transaction_isolation = 'REPEATABLE-READ'",
    );
  }
  return ok(`${charset}, max_connections ${maxConnections}, ${isolation}`);
}

/** `skewMs` = their clock minus ours. */
export function judgeClock(skewMs: number): Finding {
  const detail = `the clock of the server is ${Math.abs(Math.round(skewMs))} ms ${skewMs < 0 ? 'behind' : 'ahead'}`;
  const remedy = 'synchronise the clocks of both machines (NTP)';
  if (Math.abs(skewMs) > CLOCK.failMs) return fail(detail, remedy);
  return Math.abs(skewMs) > CLOCK.warnMs ? warn(detail, remedy) : ok(detail);
}

export function judgeLatency(latencyMs: number): Finding {
  const detail = `median ${latencyMs.toFixed(2)} ms`;
  const remedy = 'move the database closer to the servers';
  if (latencyMs > LATENCY.failMs) return fail(detail, remedy, { latencyMs });
  return latencyMs > LATENCY.warnMs ? warn(detail, remedy, { latencyMs }) : ok(detail, { latencyMs });
}

/** `lagSeconds` as in replicationLagSeconds: null = unknown, undefined = not a replica. */
export function judgeLag(lagSeconds: number | null | undefined, readOnly: boolean): Finding {
  if (lagSeconds === undefined) {
    return warn('the server is no replica', 'set database.readonly_replica to one, or remove it');
  }
  if (!readOnly) return fail('the replica accepts writes', 'SET GLOBAL read_only = ON on the replica');
  if (lagSeconds === null) return warn('replication is not running', 'START REPLICA on the replica');
  return lagSeconds > LAG_SECONDS
    ? warn(`${lagSeconds} s behind the primary`, 'find what slows the replica down')
    : ok(`${lagSeconds} s behind the primary`);
}
