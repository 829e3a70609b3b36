import type { ServerConfig } from '../../../config/server-config.ts';
import { sendRequest } from '../../cli/http.ts';
import { tryConnection } from '../../cli/tcp.ts';
import { type Check, type Finding, fail, ok, skip, skippedCheck, warn } from '../check.ts';

const IDS = [
  'clickhouse.connect',
  'clickhouse.version',
  'clickhouse.migrations',
  'clickhouse.grants',
  'clickhouse.analytics',
];
/** The schema has JSON columns. */
const NEEDED = [25, 3] as const;
const REMEDY = 'check clickhouse.url, and that ClickHouse runs';
const NATIVE_PORT = 9000;
const NATIVE_TLS_PORT = 9440;

type Query = (sql: string, signal: AbortSignal) => Promise<string>;

/** Speaks ClickHouse's HTTP interface; undefined when the address is one of the native protocol. */
function httpQuery(address: URL, timeoutMs: number): Query | undefined {
  if (!/^https?:$/.test(address.protocol)) return undefined;
  const login = `${decodeURIComponent(address.username) || 'default'}:${decodeURIComponent(address.password)}`;
  const headers = { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  return async (sql, signal) => {
    const url = `${address.origin}/?${new URLSearchParams({ query: sql })}`;
    const answer = await sendRequest(url, { timeoutMs, signal, headers });
    if (answer.status === 200) return answer.text.trim();
    if (answer.status === 401 || answer.status === 403) throw new Error('user or password refused');
    throw new Error(`answered ${answer.status}`);
  };
}

async function connectNatively(address: URL, signal: AbortSignal): Promise<Finding> {
  const secure = address.searchParams.get('secure') === 'true';
  const port = address.port === '' ? (secure ? NATIVE_TLS_PORT : NATIVE_PORT) : Number(address.port);
  await tryConnection(address.hostname, port, signal);
  return ok(`port ${port} of ${address.hostname} accepts connections; user and password were not tried`);
}

function judgeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const old = major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1]);
  return old
    ? fail(`ClickHouse ${version} is too old`, `upgrade to ${NEEDED.join('.')} or newer`, { version })
    : ok(`ClickHouse ${version}`, { version });
}

function judgeGrants(grants: string): Finding {
  const missing = ['SELECT', 'INSERT'].filter((right) => !new RegExp(`\\b(?:${right}|ALL)\\b`).test(grants));
  return missing.length === 0
    ? ok('may read and write')
    : fail(
        `the user lacks ${missing.join(' and ')}`,
        `GRANT ${missing.join(', ')} ON default.* to the user of clickhouse.url`,
      );
}

function judgeAnalytics(config: ServerConfig, grants: string): Finding {
  if (config.clickhouse.analyticsUrl === undefined) return skip('clickhouse.analytics_url is not set');
  if (config.vault === undefined) {
    return warn(
      'clickhouse.analytics_url is set without a vault',
      'set vault.url and vault.token, or remove it',
    );
  }
  return /\b(?:CREATE USER|ACCESS MANAGEMENT|ALL)\b/.test(grants)
    ? ok('users of workspaces can be created')
    : warn(
        'the user may not create users of workspaces',
        'GRANT ACCESS MANAGEMENT ON *.* to the user of clickhouse.url',
      );
}

export function clickhouseChecks({
  config,
  timeoutMs,
}: {
  readonly config: ServerConfig | undefined;
  readonly timeoutMs: number;
}): Check[] {
  const url = config?.clickhouse.url;
  if (config === undefined || url === undefined || url.startsWith('chdb:')) {
    const why = url === undefined ? 'clickhouse.url is not set' : 'the engine runs inside the server';
    return IDS.map((id) => skippedCheck(id, why));
  }
  const address = new URL(url);
  const query = httpQuery(address, timeoutMs);
  const connectCheck: Check = {
    id: 'clickhouse.connect',
    remedy: REMEDY,
    run: async (signal) => {
      if (query === undefined) return connectNatively(address, signal);
      await query('SELECT 1', signal);
      return ok(`answers at ${address.host}`);
    },
  };
  const overHttp = (id: string, judge: (query: Query, signal: AbortSignal) => Promise<Finding>): Check => ({
    id,
    parent: 'clickhouse.connect',
    remedy: REMEDY,
    run: async (signal) =>
      query === undefined
        ? skip('cannot be asked over the native protocol; use an http address')
        : judge(query, signal),
  });
  return [
    connectCheck,
    overHttp('clickhouse.version', async (ask, signal) =>
      judgeVersion(await ask('SELECT version()', signal)),
    ),
    {
      ...skippedCheck('clickhouse.migrations', 'this build brings no ClickHouse migrations'),
      parent: 'clickhouse.connect',
    },
    overHttp('clickhouse.grants', async (ask, signal) => judgeGrants(await ask('SHOW GRANTS', signal))),
    overHttp('clickhouse.analytics', async (ask, signal) =>
      judgeAnalytics(config, await ask('SHOW GRANTS', signal)),
    ),
  ];
}
