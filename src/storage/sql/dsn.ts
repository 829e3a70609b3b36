// Connection strings of the relational store. Rule: CFG-10 of the operations chapter.
import { hasDsnForm } from '../../lib/dsn-form.ts';
import { parseDuration } from '../../lib/duration.ts';

export type TlsMode = 'off' | 'verify' | 'skip-verify' | 'preferred';

export interface MysqlAddress {
  readonly dialect: 'mysql';
  readonly user: string;
  readonly password: string;
  /** Where the server listens: a host and port, or a Unix socket's path. */
  readonly host: string;
  readonly port: number;
  readonly socketPath: string | undefined;
  readonly database: string;
  readonly tls: TlsMode;
  /** How long connecting may take, in milliseconds; undefined = the adapter's default. */
  readonly connectTimeoutMs: number | undefined;
  /** Whether several statements may share one exchange with the server; a proxy in front of it may not want that. */
  readonly multiStatements: boolean;
}

export interface SqliteAddress {
  readonly dialect: 'sqlite';
  /** A file's path, or `:memory:`. */
  readonly path: string;
}

export type DatabaseAddress = MysqlAddress | SqliteAddress;

export interface ParsedDsn {
  readonly address: DatabaseAddress;
  /** One sentence for each parameter that means nothing here; no value is quoted. */
  readonly warnings: readonly string[];
}

/** Thrown for a connection string that cannot be read; its message quotes nothing of the string. */
export class DsnError extends Error {
  override readonly name = 'DsnError';
}

const TLS_MODES: Readonly<Record<string, TlsMode>> = {
  true: 'verify',
  false: 'off',
  'skip-verify': 'skip-verify',
  preferred: 'preferred',
};

/** Understood by the reference's driver and without effect here: times are read as text, values are always escaped. */
const WITHOUT_EFFECT = new Set(['parseTime', 'interpolateParams']);

const DEFAULT_PORT = 3306;

/**
 * Reads `user:pass@tcp(host:port)/db?params`, `user:pass@unix(path)/db?params`, `mysql://…`, `sqlite:<path>` or
 * `sqlite::memory:`. The password is raw in the first two forms and percent-encoded in the URL.
 * @throws DsnError
 */
export function parseDsn(text: string): ParsedDsn {
  if (text.startsWith('sqlite:')) return parseSqlite(text.slice('sqlite:'.length));
  if (hasDsnForm(text)) return parseMysqlDsn(text);
  if (text.startsWith('mysql://')) return parseMysqlUrl(text);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    throw new DsnError('the database address has a scheme other than mysql:// and sqlite:');
  }
  return parseMysqlDsn(text);
}

function parseSqlite(path: string): ParsedDsn {
  if (path === '')
    throw new DsnError('the sqlite: address names no file; write sqlite:<path> or sqlite::memory:');
  return { address: { dialect: 'sqlite', path }, warnings: [] };
}

function parseMysqlUrl(text: string): ParsedDsn {
  let url: URL;
  let decoded: { user: string; password: string; database: string };
  try {
    url = new URL(text);
    decoded = {
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname.slice(1)),
    };
  } catch {
    throw new DsnError(
      'the mysql:// address is malformed; percent-encode special characters of the password',
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return mysqlAddress(
    {
      ...decoded,
      host: host === '' ? '127.0.0.1' : host,
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
      socketPath: undefined,
    },
    url.searchParams,
  );
}

function parseMysqlDsn(text: string): ParsedDsn {
  const slash = text.lastIndexOf('/');
  if (slash === -1) throw new DsnError('the database address has no slash before the database name');
  const at = text.lastIndexOf('@', slash);
  const credentials = at === -1 ? '' : text.slice(0, at);
  const colon = credentials.indexOf(':');
  const [database = '', ...query] = text.slice(slash + 1).split('?');
  return mysqlAddress(
    {
      user: colon === -1 ? credentials : credentials.slice(0, colon),
      password: colon === -1 ? '' : credentials.slice(colon + 1),
      database,
      ...parseNetAddress(text.slice(at + 1, slash)),
    },
    new URLSearchParams(query.join('?').replaceAll('+', '%2B')),
  );
}

/** `tcp(host:port)`, `tcp(host)`, `tcp([v6]:port)`, `unix(path)`, or nothing at all, which is tcp on this machine. */
function parseNetAddress(text: string): Pick<MysqlAddress, 'host' | 'port' | 'socketPath'> {
  const match = /^(tcp|unix)?(?:\((.*)\))?$/.exec(text);
  if (match === null)
    throw new DsnError('the database address names its server neither as tcp(host:port) nor unix(path)');
  const [, network = 'tcp', address = ''] = match;
  if (network === 'unix') {
    return { host: '', port: 0, socketPath: address === '' ? '/tmp/mysql.sock' : address };
  }
  const parts = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(address);
  const port = Number(parts?.[3] ?? DEFAULT_PORT);
  if (parts === null || port < 1 || port > 65_535) {
    throw new DsnError('the database address has no host:port between its parentheses');
  }
  const host = parts[1] ?? parts[2] ?? '';
  return { host: host === '' ? '127.0.0.1' : host, port, socketPath: undefined };
}

type Place = Pick<MysqlAddress, 'user' | 'password' | 'host' | 'port' | 'socketPath' | 'database'>;

function mysqlAddress(place: Place, params: URLSearchParams): ParsedDsn {
  if (place.database === '')
    throw new DsnError('the database address names no database after its last slash');
  const warnings: string[] = [];
  let tls: TlsMode = 'off';
  let connectTimeoutMs: number | undefined;
  let multiStatements = true;
  for (const [name, value] of params) {
    if (name === 'tls') tls = parseTls(value);
    else if (name === 'timeout') connectTimeoutMs = parseTimeout(value);
    else if (name === 'multiStatements') multiStatements = parseFlag(name, value);
    else if (!WITHOUT_EFFECT.has(name))
      warnings.push(`database address: the parameter ${name} is not known and ignored`);
  }
  return { address: { dialect: 'mysql', ...place, tls, connectTimeoutMs, multiStatements }, warnings };
}

function parseTls(value: string): TlsMode {
  const mode = Object.hasOwn(TLS_MODES, value) ? TLS_MODES[value] : undefined;
  if (mode === undefined) {
    throw new DsnError('the database parameter tls is none of true, false, skip-verify and preferred');
  }
  return mode;
}

/** As the reference's driver spells it. */
function parseFlag(name: string, value: string): boolean {
  if (/^(1|true)$/i.test(value)) return true;
  if (/^(0|false)$/i.test(value)) return false;
  throw new DsnError(`the database parameter ${name} is neither true nor false`);
}

function parseTimeout(value: string): number | undefined {
  const ms = parseDuration(value);
  if (ms === undefined)
    throw new DsnError('the database parameter timeout is no duration such as 5s or 500ms');
  return ms === 0 ? undefined : Math.max(1, Math.round(ms));
}
