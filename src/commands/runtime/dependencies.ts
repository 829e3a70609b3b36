// Probes behind /health/ready: one per configured dependency. A dependency that has no client yet is probed at the
// connection level.

import { Redis } from 'ioredis';
import type { DependencyName, ServerConfig } from '../../config/server-config.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Database } from '../../storage/sql/database.ts';
import { tryConnection } from '../cli/tcp.ts';

export interface Dependencies {
  /** Rejects when the dependency does not answer; by name, configured ones only. */
  readonly checks: Readonly<Partial<Record<DependencyName, () => Promise<void>>>>;
  close(): void;
}

const CONNECT_TIMEOUT_MS = 1000;

/** Connects to what is probed by its own client; a dependency that is down is reconnected in the background. */
export function openDependencies(config: ServerConfig, db: Database, log: Logger): Dependencies {
  const redis = openRedis(config.redisUrl, log);
  const checks: Partial<Record<DependencyName, () => Promise<void>>> = { database: () => db.ping() };
  if (redis !== undefined) {
    checks.redis = async () => {
      await redis.ping();
    };
  }
  if (isNetworkUrl(config.clickhouse.url)) checks.clickhouse = probe(config.clickhouse.url);
  if (isNetworkUrl(config.vault?.url)) checks.vault = probe(config.vault.url);
  if (isNetworkUrl(config.control?.url)) checks.control = probe(config.control.url);
  return {
    checks,
    close: () => redis?.disconnect(),
  };
}

/** `memory:`, `chdb:` and `embedded:` name adapters inside this process, which need no probe. */
function isNetworkUrl(url: string | undefined): url is string {
  return url !== undefined && /^(https?|clickhouse|rediss?):\/\//.test(url);
}

function openRedis(url: string, log: Logger): Redis | undefined {
  if (!isNetworkUrl(url)) return undefined;
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: 500,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (attempt) => Math.min(attempt * 200, 5000),
  });
  let reported = false;
  redis.on('error', (error: Error) => {
    // The client reconnects for ever; one line per outage is enough.
    if (!reported) log.warn({ err: error }, 'Redis is unreachable, reconnecting in the background');
    reported = true;
  });
  redis.on('ready', () => {
    if (reported) log.info({}, 'Redis is back');
    reported = false;
  });
  return redis;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'clickhouse:': 9000 };

function probe(url: string): () => Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const number = port === '' ? (DEFAULT_PORTS[protocol] ?? 443) : Number(port);
  return () => tryConnection(hostname, number, AbortSignal.timeout(CONNECT_TIMEOUT_MS));
}
