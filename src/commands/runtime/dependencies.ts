// Probes behind /health/ready: one per configured dependency. A dependency that has no client yet is probed at the
// connection level.

import type { DependencyName, ServerConfig } from '../../config/server-config.ts';
import type { RedisConnection } from '../../storage/counters/redis-connection.ts';
import type { Database } from '../../storage/sql/database.ts';
import { tryConnection } from '../cli/tcp.ts';

/** Rejects when the dependency does not answer; by name, configured ones only. */
export type DependencyProbes = Readonly<Partial<Record<DependencyName, () => Promise<void>>>>;

const CONNECT_TIMEOUT_MS = 1000;

/** Store and counters are asked over the connections that the service itself uses. */
export function dependencyProbes(
  config: ServerConfig,
  { db, redis }: { readonly db: Database; readonly redis: RedisConnection | undefined },
): DependencyProbes {
  const probes: Partial<Record<DependencyName, () => Promise<void>>> = { database: () => db.ping() };
  if (redis !== undefined) probes.redis = () => redis.ping();
  if (isNetworkUrl(config.clickhouse.url)) probes.clickhouse = connectionProbe(config.clickhouse.url);
  if (isNetworkUrl(config.vault?.url)) probes.vault = connectionProbe(config.vault.url);
  if (isNetworkUrl(config.control?.url)) probes.control = connectionProbe(config.control.url);
  return probes;
}

/** `chdb:` and `embedded:` name adapters inside this process, which need no probe. */
function isNetworkUrl(url: string | undefined): url is string {
  return url !== undefined && /^(https?|clickhouse):\/\//.test(url);
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'clickhouse:': 9000 };

function connectionProbe(url: string): () => Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const number = port === '' ? (DEFAULT_PORTS[protocol] ?? 443) : Number(port);
  return () => tryConnection(hostname, number, AbortSignal.timeout(CONNECT_TIMEOUT_MS));
}
