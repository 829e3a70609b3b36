import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { ClickHouseAddress } from './clickhouse-address.ts';
import { asStoreError } from './clickhouse-errors.ts';
import { abortedError } from './engine-errors.ts';

export type ClickHouseClient = ReturnType<typeof createClient>;

const MAX_CONNECTIONS = 50;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * A client that connects when it is first used, keeps connections alive, and never sends settings of its own.
 *
 * @param idleTimeoutMs longest time without a byte from the server while an answer is awaited.
 */
export function connectLazily(address: ClickHouseAddress, idleTimeoutMs: number): ClickHouseClient {
  return createClient({
    url: address.origin,
    username: address.username,
    password: address.password,
    database: address.database,
    application: 'unkey',
    request_timeout: idleTimeoutMs,
    max_open_connections: MAX_CONNECTIONS,
    http_agent: agentFor(address),
    // Both off by default; a readonly user may not be sent the setting that turns the second one on.
    compression: { request: false, response: false },
    // What fails is thrown, and logged by whoever knows what it means.
    log: { level: ClickHouseLogLevel.OFF },
  });
}

/**
 * Whether the server answers.
 *
 * @param select whether to run a statement, which tries user and password too.
 * @throws AnalyticsStoreError
 */
export async function pingServer(
  client: ClickHouseClient,
  { select, signal }: { readonly select: boolean; readonly signal: AbortSignal | undefined },
): Promise<void> {
  if (signal?.aborted) throw abortedError(signal);
  const outcome = await client.ping({ select, ...(signal !== undefined && { abort_signal: signal }) });
  if (!outcome.success) throw asStoreError(outcome.error, signal);
}

function agentFor({ origin, skipVerify }: ClickHouseAddress): HttpAgent {
  const options = { keepAlive: true, maxSockets: MAX_CONNECTIONS };
  const agent = origin.startsWith('https:')
    ? new HttpsAgent({ ...options, rejectUnauthorized: !skipVerify })
    : new HttpAgent(options);
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (target, done) => withinTime(connect(target, done));
  return agent;
}

/** Node's agents wait for a connection as long as the operating system does. */
function withinTime(socket: Duplex | null | undefined): Duplex | null | undefined {
  const timer = setTimeout(
    () => socket?.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`)),
    CONNECT_TIMEOUT_MS,
  ).unref();
  socket?.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  return socket;
}
