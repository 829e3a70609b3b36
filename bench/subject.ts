// The subject of the benchmark: the compiled program, as it is published, running `unkey api serve` on an installation
// that was prepared for it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROGRAM } from '../test/support/compiled-program.ts';
import { freePort } from '../test/support/servers-local.ts';
import { startUnkey, type UnkeyProcess, untilStarted } from '../test/support/unkey-process.ts';
import type { Installation } from './installation.ts';
import { type Memory, memoryOf, processorMsOf } from './processes.ts';

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
  readonly pid: number;
  readonly url: string;
  readonly apiId: string;
  readonly authorization: string;
  /** Makes one call. @throws Error unless the answer is 200. */
  call(call: Call): Promise<RecordedAnswer>;
  /** Of all its processes. */
  memory(): Memory;
  /** Processor time of all its threads and processes since it was started, in milliseconds. */
  processorMs(): number;
  stop(): Promise<void>;
}

export interface SubjectOptions {
  /** Address of an analytics store; without it there is none. */
  readonly clickhouse?: string;
  readonly metricsPort?: number;
  /** Processes that share the port. */
  readonly workers?: number;
  /** More settings, as environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

const CONNECTION_HEADERS = new Set([
  'connection',
  'date',
  'keep-alive',
  'transfer-encoding',
  'content-length',
]);

/** A server of which nothing is known but its process and its address; it may not have started yet. */
export interface Launched {
  readonly url: string;
  readonly process: UnkeyProcess;
}

const running = new Set<UnkeyProcess>();

/** Ends every server that was launched here and runs still, or is about to start. */
export async function endLaunched(): Promise<void> {
  await Promise.all([...running].map((server) => server.end('SIGTERM')));
}

/** Starts the server on the installation, whose files may lie in `folder`, and returns at once. */
export async function launchSubject(
  { database, redis }: Pick<Installation, 'database' | 'redis'>,
  folder: string,
  { clickhouse, metricsPort, workers = 1, env = {} }: SubjectOptions = {},
): Promise<Launched> {
  const config = join(folder, 'unkey.toml');
  await writeFile(config, '[[auth]]\ntype = "root_key"\n\n[server]\ndrain_delay = "0s"\n');
  const port = await freePort();
  const process = startUnkey(
    ['api', 'serve', '--host', '127.0.0.1', '--auto-migrate', '--workers', String(workers)],
    {
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
        ...env,
      },
    },
  );
  running.add(process);
  void process.ended.then(() => running.delete(process));
  return { url: `http://127.0.0.1:${port}`, process };
}

/** Starts the server on the installation and makes an API on it; resolves once it has started. */
export async function startSubject(
  installation: Installation,
  folder: string,
  options: SubjectOptions = {},
): Promise<Subject> {
  const { rootKey } = installation;
  const { url, process: server } = await launchSubject(installation, folder, options);
  await untilStarted(server, url);
  const call = (made: Call) => callOperation(url, rootKey, made);
  const { apiId } = dataOf<{ apiId: string }>(
    await call({ operation: 'apis.createApi', body: { name: 'bench' } }),
  );
  return {
    pid: server.pid,
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
