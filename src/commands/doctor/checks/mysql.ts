// The relational store: its primary, its replica, and the root side that lives in it.
import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';
import type { ServerConfig } from '../../../config/server-config.ts';
import { systemClock } from '../../../lib/clock.ts';
import { silentLogger } from '../../../lib/logger.ts';
import { silentMetrics } from '../../../lib/metrics.ts';
import { listRootKeys } from '../../../services/root-keys/list-root-keys.ts';
import { isLive } from '../../../services/root-keys/root-key.ts';
import { findRootSide } from '../../../services/root-keys/root-side.ts';
import { DatabaseError, DriverError, type MigratableDatabase } from '../../../storage/sql/database.ts';
import { type MysqlAddress, parseDsn } from '../../../storage/sql/dsn.ts';
import { createMigrator } from '../../../storage/sql/migrator.ts';
import { openDatabase } from '../../../storage/sql/open-database.ts';
import {
  currentGrants,
  replicationLagSeconds,
  serverSettings,
  serverTime,
  serverVersion,
} from '../../../storage/sql/queries/server-facts.ts';
import { packageVersion } from '../../cli/package.ts';
import {
  type Check,
  type CheckGroup,
  type Finding,
  fail,
  medianOfThree,
  ok,
  skip,
  skippedCheck,
  warn,
} from '../check.ts';
import { judgeMigrations } from './migration-rules.ts';
import { judgeGrants } from './mysql-grants.ts';
import { judgeClock, judgeLag, judgeLatency, judgeSettings, judgeVersion } from './mysql-rules.ts';

const PRIMARY_IDS = [
  'mysql.connect',
  'mysql.version',
  'mysql.tls',
  'mysql.grants',
  'mysql.settings',
  'mysql.migrations',
  'mysql.clock',
  'mysql.latency',
];
const REPLICA_IDS = ['mysql.replica.connect', 'mysql.replica.lag'];

function open(address: string): MigratableDatabase {
  return openDatabase({ primary: address, metrics: silentMetrics, log: silentLogger, tags: { region: '' } });
}

const migratorOf = (database: MigratableDatabase) =>
  createMigrator({ database, clock: systemClock, toolVersion: packageVersion() });

/** Which step of connecting failed. */
function connectFailure(error: unknown, setting: string): Finding {
  const driver =
    error instanceof DatabaseError && error.cause instanceof DriverError ? error.cause : undefined;
  const code = driver?.code ?? '';
  const detail = driver?.message || (error instanceof Error ? error.message : String(error));
  if (/^(ENOTFOUND|EAI_AGAIN)$/.test(code)) return fail(`DNS: ${detail}`, `correct the host in ${setting}`);
  if (/SSL|CERT|TLS/.test(code))
    return fail(`TLS: ${detail}`, `correct the tls parameter of ${setting}, or the certificate`);
  if (/ACCESS_DENIED|AUTH/.test(code))
    return fail(`authentication: ${detail}`, `correct user and password in ${setting}`);
  if (code === 'ER_BAD_DB_ERROR')
    return fail(`no such database: ${detail}`, `create it, or correct the name in ${setting}`);
  return fail(`TCP: ${detail}`, `check that MySQL runs and that host and port in ${setting} are right`);
}

function connectCheck(id: string, database: MigratableDatabase, setting: string): Check {
  return {
    id,
    remedy: `check that MySQL runs and that host and port in ${setting} are right`,
    run: async () => {
      try {
        await database.ping();
        return ok('answers');
      } catch (error) {
        return connectFailure(error, setting);
      }
    },
  };
}

async function checkTls(address: MysqlAddress): Promise<Finding> {
  if (address.socketPath !== undefined) return ok('a socket on this machine');
  if (address.tls !== 'off') return ok(`tls=${address.tls}`);
  const found = await lookup(address.host, { all: true });
  const outside = found.filter((each) => ipaddr.process(each.address).range() === 'unicast');
  return outside.length === 0
    ? ok('plaintext to a private address')
    : warn('plaintext to a public address', 'add tls=true to the parameters of database.primary');
}

async function checkRoot(database: MigratableDatabase, rootApiId: string | undefined): Promise<Finding> {
  try {
    const root = await findRootSide(database.primary, rootApiId);
    const keys = await listRootKeys({ db: database }, rootApiId === undefined ? {} : { rootApiId });
    const live = keys.filter((key) => key.permissionCount > 0 && isLive(key, systemClock.now()));
    if (live.length === 0) {
      return warn(
        'no live root key has any permission',
        "create one with 'unkey root-key create --preset full'",
      );
    }
    return ok(`root API ${root.apiId}, ${live.length} root key${live.length === 1 ? '' : 's'}`);
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    return fail(error instanceof Error ? error.message : String(error), "run 'unkey bootstrap'");
  }
}

/** Checks of the relational store that the configuration names; SQLite has no server to check. */
export function databaseChecks({
  config,
  rootApiId,
}: {
  readonly config: ServerConfig | undefined;
  readonly rootApiId: string | undefined;
}): CheckGroup {
  const ids = [...PRIMARY_IDS, ...REPLICA_IDS, 'root'];
  const primary = config?.database.primary ?? '';
  if (primary === '') return { checks: ids.map((id) => skippedCheck(id, 'database.primary is not set')) };
  let address: ReturnType<typeof parseDsn>['address'];
  try {
    address = parseDsn(primary).address;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const broken: Check = {
      id: 'mysql.connect',
      remedy: '',
      run: async () => fail(detail, 'correct database.primary'),
    };
    return {
      checks: [
        broken,
        ...ids.slice(1).map((id) => ({ ...skippedCheck(id, detail), parent: 'mysql.connect' })),
      ],
    };
  }
  if (address.dialect === 'sqlite') {
    return { checks: ids.map((id) => skippedCheck(id, 'SQLite has no server to check')) };
  }
  const database = open(primary);
  const replica = replicaChecks(config?.database.readonlyReplica, database);
  return {
    checks: [
      ...primaryChecks(database, address),
      ...replica.checks,
      {
        id: 'root',
        parent: 'mysql.migrations',
        remedy: "run 'unkey bootstrap'",
        run: () => checkRoot(database, rootApiId),
      },
    ],
    close: async () => {
      await Promise.all([database.close(), replica.close?.()]);
    },
  };
}

function primaryChecks(database: MigratableDatabase, address: MysqlAddress): Check[] {
  const q = database.primary;
  const child = (id: string, run: () => Promise<Finding>): Check => ({
    id,
    parent: 'mysql.connect',
    remedy: 'see the log of the database server',
    run,
  });
  return [
    connectCheck('mysql.connect', database, 'database.primary'),
    child('mysql.version', async () => judgeVersion(await serverVersion(q))),
    child('mysql.tls', () => checkTls(address)),
    child('mysql.grants', async () => judgeGrants(await currentGrants(q), address.database)),
    child('mysql.settings', async () => judgeSettings(await serverSettings(q))),
    child('mysql.migrations', async () => judgeMigrations(await migratorOf(database).status())),
    child('mysql.clock', async () => {
      const before = Date.now();
      const there = await serverTime(q);
      return judgeClock(there - (before + Date.now()) / 2);
    }),
    {
      ...child('mysql.latency', async () => judgeLatency(await medianOfThree(() => database.ping()))),
      isMeasurement: true,
    },
  ];
}

function replicaChecks(url: string | undefined, primary: MigratableDatabase): CheckGroup {
  if (url === undefined) {
    return { checks: REPLICA_IDS.map((id) => skippedCheck(id, 'database.readonly_replica is not set')) };
  }
  const replica = open(url);
  const versionsOf = async (database: MigratableDatabase) =>
    (await migratorOf(database).status())
      .filter(({ state }) => state !== 'pending')
      .map(({ version }) => version);
  const checkLag = async (): Promise<Finding> => {
    const [there, here] = await Promise.all([versionsOf(replica), versionsOf(primary)]);
    if (there.join() !== here.join()) {
      return fail('the schema differs from that of the primary', 'wait for replication, or repair it');
    }
    const { readOnly } = await serverSettings(replica.primary);
    const mariaDb = /mariadb/i.test(await serverVersion(replica.primary));
    try {
      return judgeLag(await replicationLagSeconds(replica.primary, mariaDb), readOnly);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      return skip('the user may not read the replication status');
    }
  };
  return {
    checks: [
      connectCheck('mysql.replica.connect', replica, 'database.readonly_replica'),
      {
        id: 'mysql.replica.lag',
        parent: 'mysql.replica.connect',
        remedy: 'see the log of the replica',
        run: checkLag,
      },
    ],
    close: () => replica.close(),
  };
}
