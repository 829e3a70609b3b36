// The subject of the benchmark: the compiled program, as it is published, running `unkey api serve` on SQLite and
// in-process counters, with keys already stored.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/servers-local.ts';
import { type DevAccess, startDev, startUnkey, untilStarted } from '../test/support/unkey-process.ts';
import { storeKeys } from './stored-keys.ts';

export interface Call {
  readonly operation: string;
  readonly body: unknown;
}

/** An answer without what differs from one connection or moment to the next. */
export interface RecordedAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Subject {
  readonly url: string;
  readonly apiId: string;
  readonly authorization: string;
  /** Plaintext of the keys that were stored before the server started; none was verified yet. */
  readonly keys: readonly string[];
  /** Makes one call. @throws Error unless the answer is 200. */
  call(call: Call): Promise<RecordedAnswer>;
  memory(): { readonly residentMb: number; readonly peakMb: number };
  stop(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const CONNECTION_HEADERS = new Set([
  'connection',
  'date',
  'keep-alive',
  'transfer-encoding',
  'content-length',
]);

/** Prepares an installation with `keyCount` keys in `folder` and starts the server on it. */
export async function startSubject(folder: string, keyCount: number): Promise<Subject> {
  const access = await prepare(folder);
  const keys = await storeKeys(join(folder, 'unkey.db'), access.template, keyCount);

  const config = join(folder, 'unkey.toml');
  await writeFile(config, '[[auth]]\ntype = "root_key"\n\n[server]\ndrain_delay = "0s"\n');
  const port = await freePort();
  const server = startUnkey(['api', 'serve', '--host', '127.0.0.1'], {
    program: PROGRAM,
    cwd: folder,
    env: {
      UNKEY_CONFIG: config,
      UNKEY_HTTP_PORT: String(port),
      UNKEY_DATABASE_PRIMARY: `sqlite:${join(folder, 'unkey.db')}`,
      UNKEY_REDIS_URL: 'memory:',
      // As the first line of bin/unkey does for everybody who runs the executable.
      NODE_OPTIONS: '--max-semi-space-size=8',
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await untilStarted(server, url);
  return {
    url,
    apiId: access.apiId,
    authorization: `Bearer ${access.rootKey}`,
    keys,
    call: (call) => callOperation(url, access.rootKey, call),
    memory: () => memoryOf(server.pid),
    stop: async () => void (await server.end('SIGTERM')),
  };
}

/** Migrates and bootstraps the data folder and issues the one key that the stored keys are copies of. */
async function prepare(folder: string): Promise<DevAccess & { readonly template: string }> {
  const dev = await startDev(['--data-dir', folder], { cwd: folder });
  const { body } = await callOperation(dev.url, dev.rootKey, {
    operation: 'keys.createKey',
    body: { apiId: dev.apiId, prefix: 'bench' },
  });
  await dev.process.end('SIGTERM');
  const { data } = JSON.parse(body) as { data: { key: string } };
  return { ...dev, template: data.key };
}

async function callOperation(
  url: string,
  rootKey: string,
  { operation, body }: Call,
): Promise<RecordedAnswer> {
  const response = await fetch(`${url}/v2/${operation}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${rootKey}` },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${operation} answered ${response.status}: ${text}`);
  const headers = [...response.headers].filter(([name]) => !CONNECTION_HEADERS.has(name));
  return { headers: Object.fromEntries(headers), body: text };
}

function memoryOf(pid: number): { residentMb: number; peakMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string) => {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kilobytes === undefined) throw new Error(`the kernel does not tell ${field}`);
    return Math.round(Number(kilobytes) / 1024);
  };
  return { residentMb: megabytes('VmRSS'), peakMb: megabytes('VmHWM') };
}
