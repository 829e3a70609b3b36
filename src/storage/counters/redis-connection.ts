import { setTimeout as sleep } from 'node:timers/promises';
import type { CommonRedisOptions } from 'ioredis';
import { withDeadline } from '../../lib/deadline.ts';
import type { Logger } from '../../lib/logger.ts';
import { createRedisClient, type RedisClient } from './redis-client.ts';

export interface RedisConnection {
  /** For defining scripts. Commands go through {@link RedisConnection.run}. */
  readonly client: RedisClient;
  /**
   * Yields what `work` gets from the server. Commands issued within one turn of the event loop, by anybody, travel in one
   * write. Rejects at once while there is no connection, and after 500 ms without an answer, with a DeadlineError; the
   * server may still have done what it was told.
   */
  run<T>(work: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Resolves when the first attempt to connect has worked, or has failed for whatever reason; 2 s at most. */
  firstAttempt(): Promise<void>;
  /** Rejects when the server does not answer. */
  ping(): Promise<void>;
  /** Ends the connection for good; what is unanswered rejects. */
  close(): void;
}

/** Redis refused a command, or cannot be reached. Unlike the client's own errors it does not carry the arguments. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
}

const CONNECT_TIMEOUT_MS = 1_000;
const COMMAND_TIMEOUT_MS = 500;
/** Later than any command's deadline, so that callers learn of that one. */
const SILENCE_TIMEOUT_MS = 600;
const FIRST_ATTEMPT_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 1_000;

const CONNECTION: CommonRedisOptions = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  // A connection that keeps silent while it owes an answer is given up: the network may have lost it without a word.
  socketTimeout: SILENCE_TIMEOUT_MS,
  // Who waits for a counter rather decides without it than waits for a reconnect; and an increment that a lost
  // connection leaves in doubt must not be sent again.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: true,
};

/**
 * Opens a connection that comes back by itself, for ever, whatever happens to the server; the log gets one line when it
 * is lost and one when it is back. Returns before it is connected.
 * @param url `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. With `?cluster=true` the host is one
 * node of a Redis Cluster, or a name for several; the others are found through it.
 * @throws RedisError for a URL that is none
 */
export function openRedis(url: string, { log }: { readonly log: Logger }): RedisConnection {
  const parsed = URL.parse(url);
  if (parsed === null) throw new RedisError('the URL of Redis cannot be parsed');
  const client = createRedisClient(parsed, {
    connection: CONNECTION,
    enableOfflineQueue: false,
    lazyConnect: false,
    reconnectDelay,
  });
  let isClosed = false;
  logOutages(client, { log, isOver: () => isClosed });

  const run: RedisConnection['run'] = async (work) => {
    if (isClosed || client.status !== 'ready') throw new RedisError('Redis is not connected');
    try {
      return await withDeadline(work(client), COMMAND_TIMEOUT_MS);
    } catch (error) {
      throw withoutArguments(error);
    }
  };
  const attempted = Promise.withResolvers<void>();
  for (const event of ['ready', 'close']) client.once(event, attempted.resolve);
  return {
    client,
    run,
    async firstAttempt() {
      await Promise.race([attempted.promise, sleep(FIRST_ATTEMPT_MS, undefined, { ref: false })]);
    },
    async ping() {
      await run((redis) => redis.ping());
    },
    close() {
      isClosed = true;
      client.disconnect();
    },
  };
}

function reconnectDelay(attempt: number): number {
  return Math.min(attempt * 100, MAX_RECONNECT_DELAY_MS);
}

/** The client's errors may carry a command with all its arguments, the password of a refused login among them. */
function logOutages(
  client: RedisClient,
  { log, isOver }: { readonly log: Logger; readonly isOver: () => boolean },
): void {
  let isLost = false;
  const lose = (reason: string): void => {
    if (isLost || isOver()) return;
    isLost = true;
    log.warn({ reason }, 'Redis is unreachable, reconnecting in the background');
  };
  client.on('error', (error: Error) => lose(error.message));
  client.on('close', () => lose('connection closed'));
  client.on('ready', () => {
    if (isLost) log.info({}, 'Redis is back');
    isLost = false;
  });
}

function withoutArguments(error: unknown): unknown {
  if (!(error instanceof Error) || !('command' in error)) return error;
  const hint = error.message.startsWith('MOVED ') ? '; add ?cluster=true to the URL of a Redis Cluster' : '';
  return new RedisError(`${error.message}${hint}`);
}
