// The subject of the benchmark: the compiled program, as it is published, running `unkey api serve` on an installation
// that was prepared for it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/servers-local.ts';
import { startUnkey, untilStarted } from '../test/support/unkey-process.ts';
import type { Installation } from './installation.ts';

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
  /** Makes one call. @throws Error unless the answer is 200. */
  call(call: Call): Promise<RecordedAnswer>;
  memory(): { readonly residentMb: number; readonly peakMb: number };
  /** Processor time of all its threads since it was started, in milliseconds. */
  processorMs(): number;
  stop(): Promise<void>;
}

export const PROGRAM = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const BUILD = fileURLToPath(new URL('../scripts/build.ts', import.meta.url));

/** Compiles the program that {@link PROGRAM} names. */
export function buildProgram(): void {
  execFileSync(process.execPath, [BUILD], { stdio: ['ignore', 'ignore', 'inherit'] });
}

const CONNECTION_HEADERS = new Set([
  'connection',
  'date',
  'keep-alive',
  'transfer-encoding',
  'content-length',
]);

/** Starts the server on the installation, whose files may lie in `folder`; without analytics unless a store is named. */
export async function startSubject(
  installation: Installation,
  folder: string,
  { clickhouse, metricsPort }: { readonly clickhouse?: string; readonly metricsPort?: number } = {},
): Promise<Subject> {
  const { rootKey, database, redis } = installation;
  const config = join(folder, 'unkey.toml');
  await writeFile(config, '[[auth]]\ntype = "root_key"\n\n[server]\ndrain_delay = "0s"\n');
  const port = await freePort();
  const server = startUnkey(['api', 'serve', '--host', '127.0.0.1', '--auto-migrate'], {
    program: PROGRAM,
    cwd: folder,
    env: {
      UNKEY_CONFIG: config,
      UNKEY_HTTP_PORT: String(port),
      UNKEY_DATABASE_PRIMARY: database,
      UNKEY_REDIS_URL: redis,
      ...(clickhouse === undefined ? {} : { UNKEY_CLICKHOUSE_URL: clickhouse }),
      ...(metricsPort === undefined
        ? {}
        : { UNKEY_OBSERVABILITY_METRICS_PROMETHEUS_PORT: String(metricsPort) }),
      // As the first line of bin/unkey does for everybody who runs the executable.
      NODE_OPTIONS: '--max-semi-space-size=8',
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await untilStarted(server, url);
  const call = (made: Call) => callOperation(url, rootKey, made);
  const { apiId } = dataOf<{ apiId: string }>(
    await call({ operation: 'apis.createApi', body: { name: 'bench' } }),
  );
  return {
    url,
    apiId,
    authorization: `Bearer ${rootKey}`,
    call,
    memory: () => memoryOf(server.pid),
    processorMs: () => processorMsOf(server.pid),
    stop: async () => void (await server.end('SIGTERM')),
  };
}

/** The `data` of an answer. The caller knows its form from the contract. */
export function dataOf<Data>(answer: RecordedAnswer): Data {
  return (JSON.parse(answer.body) as { data: Data }).data;
}

/** @throws Error unless the answer is 200. */
export async function callOperation(
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

/** Ticks are hundredths of a second in what Linux tells. Source: proc(5), fields utime and stime. */
function processorMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
