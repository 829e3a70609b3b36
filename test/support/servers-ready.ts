// A server that was started for a test run, and the wait until it really answers: an open port alone says too little.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';

const POLL_MS = 100;

export interface StartedServer {
  readonly url: string;
  /** Where it came from, for people: `container mysql:8.4`. */
  readonly origin: string;
  stop(): Promise<void>;
  /** Ends it on the spot, as a crash would. */
  kill(): Promise<void>;
  /** Brings it up again after `kill`, with what it had written to disk. Yields its address, which may be another one. */
  restart(): Promise<string>;
  /** Stops it without ending it, as SIGSTOP does: connections stay, nothing is answered. */
  pause(): Promise<void>;
  /** Lets it go on after `pause`. */
  resume(): Promise<void>;
}

/** Resolves once the server lets the user of `url` in; rejects with the last refusal after `timeoutMs`. */
export function mysqlReady(url: string, timeoutMs: number): Promise<void> {
  return poll(timeoutMs, async () => {
    const connection = await createConnection({ uri: url, connectTimeout: 2_000 });
    await connection.query('SELECT 1');
    await connection.end();
  });
}

/** Resolves once the server answers PING; rejects with the last refusal after `timeoutMs`. */
export function redisReady(url: string, timeoutMs: number): Promise<void> {
  return poll(timeoutMs, async () => {
    const client = new Redis(url, {
      lazyConnect: true,
      connectTimeout: 2_000,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    // A refusal also rejects connect(), which is where it is dealt with.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.ping();
    } finally {
      client.disconnect();
    }
  });
}

async function poll(timeoutMs: number, attempt: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await sleep(POLL_MS);
  }
}
