// Sends the requests of a job and takes the time of each.
import { quantile } from '../statistics.ts';
import { type Connection, openConnection } from './connection.ts';
import type { Job, Measured, Pace } from './job.ts';
import { requestsOf } from './requests.ts';

/** How long an arrival may come late where the generator sleeps in between. */
const TICK_MS = 1;

/** What decides when the next request goes out. */
interface Sender {
  /** Called when a connection is free, with what it was sent for. */
  free(connection: Connection): void;
  /** Resolves when every request has its answer. */
  readonly finished: Promise<void>;
  start(): void;
}

/** Notes the start of a request on a connection, and sends it. */
type Send = (connection: Connection, startedAt: number) => void;

/** @throws Error when any answer was not a right one, or a connection broke */
export async function driveJob(job: Job): Promise<Measured> {
  const { hostname, port } = new URL(job.url);
  const requests = requestsOf(job);
  const durations: number[] = [];
  const startedAt = new Map<Connection, number>();
  const failure = Promise.withResolvers<never>();
  // It is waited for below; a failure before that would end the process.
  failure.promise.catch(() => undefined);
  let turn = 0;

  const send: Send = (connection, at) => {
    const request = requests[turn++ % requests.length];
    if (request === undefined) throw new Error('a job without bodies');
    startedAt.set(connection, at);
    connection.send(request);
  };
  const connections = await openAll(job.connections, () =>
    openConnection({
      host: hostname,
      port: Number(port),
      expected: Buffer.from(job.expected),
      onFailure: failure.reject,
      onAnswer: (connection) => {
        durations.push(performance.now() - (startedAt.get(connection) ?? Number.NaN));
        sender.free(connection);
      },
    }),
  );
  const sender = senderOf(job.pace, connections, send);
  const processor = process.cpuUsage();
  const started = performance.now();
  try {
    sender.start();
    await Promise.race([sender.finished, failure.promise]);
    const elapsedMs = performance.now() - started;
    const { user, system } = process.cpuUsage(processor);
    return measuredOf(durations, elapsedMs, (user + system) / 1_000 / elapsedMs);
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** Opens so many, or none when one cannot be opened. */
async function openAll(count: number, open: () => Promise<Connection>): Promise<readonly Connection[]> {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, open));
  const opened = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const refused = outcomes.find((outcome) => outcome.status === 'rejected');
  if (refused === undefined) return opened;
  for (const connection of opened) connection.close();
  throw refused.reason;
}

function senderOf(pace: Pace, connections: readonly Connection[], send: Send): Sender {
  return pace.kind === 'closed'
    ? closedSender(pace.extent, connections, send)
    : pacedSender(pace, connections, send);
}

function closedSender(
  extent: Extract<Pace, { kind: 'closed' }>['extent'],
  connections: readonly Connection[],
  send: Send,
): Sender {
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  const most = 'requests' in extent ? extent.requests : Number.POSITIVE_INFINITY;
  let deadline = Number.POSITIVE_INFINITY;
  let sent = 0;
  let answered = 0;
  const free = (connection: Connection): void => {
    answered++;
    next(connection);
  };
  const next = (connection: Connection): void => {
    const now = performance.now();
    if (sent < most && now < deadline) {
      sent++;
      send(connection, now);
    } else if (answered === sent) {
      resolve();
    }
  };
  const start = (): void => {
    if ('seconds' in extent) deadline = performance.now() + extent.seconds * 1_000;
    for (const connection of connections) next(connection);
  };
  return { free, finished, start };
}

function pacedSender(
  { rate, requests, spin }: Extract<Pace, { kind: 'paced' }>,
  connections: readonly Connection[],
  send: Send,
): Sender {
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  const idle = [...connections];
  let started = 0;
  let sent = 0;
  let answered = 0;
  const sendDue = (): void => {
    const now = performance.now();
    const due = Math.min(requests, Math.floor(((now - started) / 1_000) * rate) + 1);
    while (sent < due) {
      // In turn: a connection that is left alone is closed by the server after a while.
      const connection = idle.shift();
      if (connection === undefined) return;
      send(connection, started + (sent / rate) * 1_000);
      sent++;
    }
  };
  const watch = (): void => {
    sendDue();
    if (sent === requests) return;
    if (spin) setImmediate(watch);
    else setTimeout(watch, TICK_MS);
  };
  return {
    finished,
    free(connection) {
      answered++;
      idle.push(connection);
      if (answered === requests) resolve();
      else sendDue();
    },
    start() {
      started = performance.now();
      watch();
    },
  };
}

function measuredOf(durations: readonly number[], elapsedMs: number, generatorBusy: number): Measured {
  const sorted = Float64Array.from(durations).sort();
  return {
    requests: sorted.length,
    requestsPerSecond: sorted.length / (elapsedMs / 1_000),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    maxMs: quantile(sorted, 1),
    generatorBusy,
  };
}
