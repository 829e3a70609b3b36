// What a MySQL or MariaDB server tells about itself; read by `unkey doctor`.
import type { Queryable } from '../database.ts';

/** `8.0.36`, `11.4.2-MariaDB-1:11.4.2+maria~ubu2404`. */
export async function serverVersion(q: Queryable): Promise<string> {
  const [row] = await q.all<{ version: string }>('doctor.version', 'SELECT VERSION() AS version');
  return row?.version ?? '';
}

/** The grants of the connected account, one GRANT statement each. */
export async function currentGrants(q: Queryable): Promise<string[]> {
  const rows = await q.all<Record<string, string>>('doctor.grants', 'SHOW GRANTS');
  return rows.flatMap((row) => Object.values(row));
}

export interface ServerSettings {
  readonly database: string;
  /** Default character set of the connected database. */
  readonly charset: string;
  readonly maxConnections: number;
  /** `REPEATABLE-READ`; what a new session gets. */
  readonly isolation: string;
  readonly readOnly: boolean;
}

export async function serverSettings(q: Queryable): Promise<ServerSettings> {
  const [place] = await q.all<{ name: string; charset: string }>(
    'doctor.charset',
    'SELECT DATABASE() AS name, @@character_set_database AS charset',
  );
  // MariaDB before 11.1 calls the isolation tx_isolation; SHOW takes a name that does not exist.
  const rows = await q.all<{ Variable_name: string; Value: string }>(
    'doctor.settings',
    `SHOW GLOBAL VARIABLES
     WHERE Variable_name IN ('max_connections', 'transaction_isolation', 'tx_isolation', 'read_only')`,
  );
  const variables = new Map(rows.map((row) => [row.Variable_name.toLowerCase(), row.Value]));
  return {
    database: place?.name ?? '',
    charset: place?.charset ?? '',
    maxConnections: Number(variables.get('max_connections')),
    isolation: variables.get('transaction_isolation') ?? variables.get('tx_isolation') ?? '',
    readOnly: ['on', '1'].includes((variables.get('read_only') ?? '').toLowerCase()),
  };
}

/** The server's clock in unix milliseconds. */
export async function serverTime(q: Queryable): Promise<number> {
  const [row] = await q.all<{ seconds: string | number }>(
    'doctor.clock',
    'SELECT UNIX_TIMESTAMP(NOW(3)) AS seconds',
  );
  return Number(row?.seconds) * 1000;
}

/** How far a replica is behind; null when it cannot tell, undefined when the server is no replica. */
export async function replicationLagSeconds(
  q: Queryable,
  mariaDb: boolean,
): Promise<number | null | undefined> {
  const [row] = await q.all<Record<string, string | number | null>>(
    'doctor.replication',
    mariaDb ? 'SHOW SLAVE STATUS' : 'SHOW REPLICA STATUS',
  );
  if (row === undefined) return undefined;
  const lag = row.Seconds_Behind_Source ?? row.Seconds_Behind_Master ?? null;
  return lag === null ? null : Number(lag);
}
