/** Where a ClickHouse server answers, and as whom to ask. */
export interface ClickHouseAddress {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string;
  readonly username: string;
  readonly password: string;
  readonly database: string;
  /** Accept any certificate. */
  readonly skipVerify: boolean;
}

/** The native protocol's ports in addresses of other clients, and where the same servers speak HTTP. */
const NATIVE_PORTS: Readonly<Record<string, string>> = { '9000': '8123', '9440': '8443' };
const NATIVE_TLS_PORT = '9440';

/**
 * Reads `clickhouse://user:password@host:port/database?secure=true&skip_verify=true` or `http(s)://…`. The HTTP interface
 * is used in every case; other parameters mean something to other clients only and are passed over.
 *
 * @throws Error when it is no such address; the message holds nothing of it.
 */
export function parseClickHouseAddress(url: string): ClickHouseAddress {
  const scheme = /^(clickhouse|https?):\/\//i.exec(url)?.[1]?.toLowerCase();
  // As http, so that the host is read by the rules of the web in each case.
  const parsed = URL.parse(url.replace(/^[^:]+:/, 'http:'));
  if (scheme === undefined || parsed === null) {
    throw new Error('the address of ClickHouse is not of the form clickhouse://… or http(s)://…');
  }
  const native = scheme === 'clickhouse';
  const secure =
    scheme === 'https' ||
    (native && (isTrue(parsed.searchParams.get('secure')) || parsed.port === NATIVE_TLS_PORT));
  const defaultPort = native ? (secure ? '8443' : '8123') : secure ? '443' : '80';
  const port = NATIVE_PORTS[parsed.port] ?? (parsed.port === '' ? defaultPort : parsed.port);
  return {
    origin: `${secure ? 'https' : 'http'}://${parsed.hostname}:${port}`,
    username: decodePart(parsed.username) || 'default',
    password: decodePart(parsed.password),
    database: decodePart(parsed.pathname.slice(1)) || 'default',
    skipVerify: isTrue(parsed.searchParams.get('skip_verify')),
  };
}

function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A bare `%` in a password that nobody escaped.
    return part;
  }
}
