// The process of a ClickHouse front: HTTP as a ClickHouse server speaks it, over the embedded engine. It checks names and
// passwords, takes the statement from address and body, parameters and settings from the address, and answers errors with
// their status and header. It does not know CREATE USER, GRANT, row policies, quotas, profiles, sessions, roles,
// compression or multipart requests.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from 'chdb';
import { loadChdb } from '../../src/storage/analytics/chdb-package.ts';
import type {
  FromFront,
  FrontFault,
  FrontOptions,
  FrontRequest,
  FrontUser,
  ToFront,
} from './clickhouse-front-protocol.ts';

/** Parameters of an address that are no settings. */
const NO_SETTINGS = new Set(['query', 'query_id', 'database', 'user', 'password', 'default_format']);
const FREE_FOR_READERS = new Set(['max_execution_time']);

/** ClickHouse's status for its own codes; 500 for the others. */
const STATUS: Readonly<Record<string, number>> = {
  36: 400,
  46: 404,
  47: 404,
  60: 404,
  62: 400,
  81: 404,
  159: 408,
  192: 403,
  193: 403,
  194: 401,
  516: 403,
};

class FrontError extends Error {
  readonly code: number;

  constructor(code: number, codeName: string, text: string) {
    super(`Code: ${code}. DB::Exception: ${text}. (${codeName}) (version 26.7 of a test front)`);
    this.code = code;
  }
}

type OpenSession = (settings: Readonly<Record<string, string>>) => Session;

let fault: FrontFault = { kind: 'none' };
const seen: FrontRequest[] = [];

async function start({
  directory,
  port,
  users,
}: FrontOptions): Promise<(fault: FrontFault) => Promise<void>> {
  const chdb = await loadChdb();
  if (chdb === undefined) throw new Error('the package chdb is not installed');
  const open: OpenSession = (settings) =>
    new chdb.Session(directory, {
      connectionArgs: Object.entries({ session_timezone: 'UTC', ...settings }).map(
        ([name, value]) => `--${name}=${value}`,
      ),
    });
  // Kept open, so that the engine stays up between requests.
  const root = open({});
  const names = (await root.queryAsync('SELECT name FROM system.settings', { format: 'TSV' })).text();
  const known = new Set(names.split('\n'));
  const server = createServer((request, response) => {
    answer(request, response, { users, known, open }).catch((error: unknown) => fail(response, error));
  });
  await listen(server, port);
  const listening = (server.address() as AddressInfo).port;
  tell({ type: 'listening', port: listening });
  return async (next) => {
    fault = next;
    if (next.kind === 'down') {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    } else if (!server.listening) {
      await listen(server, listening);
    }
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

interface Engine {
  readonly users: readonly FrontUser[];
  /** Names of the engine's settings. */
  readonly known: ReadonlySet<string>;
  readonly open: OpenSession;
}

async function answer(request: IncomingMessage, response: ServerResponse, engine: Engine): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://front');
  if (fault.kind === 'slow') await sleep(fault.ms);
  if (url.pathname === '/ping') {
    response.end('Ok.\n');
    return;
  }
  const body = await buffer(request);
  const user = logIn(request, url, engine.users);
  const settings = settingsOf(url, user, engine.known);
  const inAddress = url.searchParams.get('query');
  seen.push({
    user: user.name,
    statement: inAddress ?? body.toString(),
    settings,
    acceptEncoding: String(request.headers['accept-encoding'] ?? ''),
  });
  if (fault.kind === 'error') throw new FrontError(fault.code, fault.codeName, 'told to fail');
  const statement = inAddress === null ? body.toString() : `${inAddress}\n${body.toString()}`;
  send(response, await run(engine.open, statement, settings, parametersOf(url)));
}

function logIn(request: IncomingMessage, url: URL, users: readonly FrontUser[]): FrontUser {
  const [, encoded] = /^Basic (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  const basic = encoded === undefined ? [] : Buffer.from(encoded, 'base64').toString().split(/:(.*)/s);
  const header = (name: string) => request.headers[name]?.toString();
  const name = basic[0] ?? header('x-clickhouse-user') ?? url.searchParams.get('user') ?? 'default';
  const password = basic[1] ?? header('x-clickhouse-key') ?? url.searchParams.get('password') ?? '';
  const user = users.find((one) => one.name === name && one.password === password);
  if (user !== undefined) return user;
  throw new FrontError(
    516,
    'AUTHENTICATION_FAILED',
    `${name}: Authentication failed: password is incorrect, or there is no user with such name`,
  );
}

function settingsOf(url: URL, user: FrontUser, known: ReadonlySet<string>): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (NO_SETTINGS.has(name) || name.startsWith('param_')) continue;
    if (!known.has(name)) throw new FrontError(115, 'UNKNOWN_SETTING', `Unknown setting '${name}'`);
    if (user.readonly && !FREE_FOR_READERS.has(name)) {
      throw new FrontError(164, 'READONLY', `Cannot modify '${name}' setting in readonly mode`);
    }
    settings[name] = value;
  }
  return user.readonly ? { ...settings, readonly: '1' } : settings;
}

/** Parameters arrive escaped, and the binding escapes what it is given. */
function parametersOf(url: URL): Record<string, string> | undefined {
  const found = [...url.searchParams].flatMap(([name, value]) =>
    name.startsWith('param_') ? [[name.slice('param_'.length), unescapeValue(value)] as const] : [],
  );
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', 0: '\0' };

function unescapeValue(text: string): string {
  return text.replace(/\\(.)/gs, (_pair, char: string) => ESCAPES[char] ?? char);
}

async function run(
  open: OpenSession,
  statement: string,
  settings: Readonly<Record<string, string>>,
  parameters: Readonly<Record<string, string>> | undefined,
): Promise<Uint8Array> {
  const session = open(settings);
  try {
    const options = { format: 'TabSeparated' };
    const result = await (parameters === undefined
      ? session.queryAsync(statement, options)
      : session.queryBindAsync(statement, parameters, options));
    return result.bytes();
  } finally {
    session.close();
  }
}

function send(response: ServerResponse, bytes: Uint8Array): void {
  response.writeHead(200, {
    'content-type': 'text/plain; charset=UTF-8',
    'x-clickhouse-timezone': 'UTC',
    'x-clickhouse-summary': '{}',
  });
  const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
  if (fault.kind === 'break') {
    response.write(half.length > 0 ? half : ' ', () => response.destroy());
  } else if (fault.kind === 'late-error') {
    response.write(half);
    response.end(`\n${new FrontError(fault.code, fault.codeName, 'told to fail').message}\n`);
  } else {
    response.end(bytes);
  }
}

function fail(response: ServerResponse, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const code = /^Code: (\d+)/.exec(message)?.[1] ?? '1000';
  response.writeHead(STATUS[code] ?? 500, {
    'content-type': 'text/plain; charset=UTF-8',
    'x-clickhouse-exception-code': code,
  });
  response.end(`${message}\n`);
}

function tell(message: FromFront): void {
  process.send?.(message);
}

let setFault: ((fault: FrontFault) => Promise<void>) | undefined;

async function obey(message: ToFront): Promise<void> {
  if (message.type === 'start') setFault = await start(message.options);
  else if (message.type === 'requests') tell({ type: 'requests', requests: seen });
  else {
    await setFault?.(message.fault);
    tell({ type: 'done' });
  }
}

process.on('message', (message: ToFront) => {
  obey(message).catch((error: unknown) => tell({ type: 'failed', message: String(error) }));
});
// The test is gone.
process.on('disconnect', () => process.exit(0));
