// Probes behind /health/ready: one per configured dependency. A dependency that has no client yet is probed at the
// connection level.

import type { DependencyName, ServerConfig } from '../../config/server-config.ts';
import type { AnalyticsStore } from '../../storage/analytics/analytics-store.ts';
import type { RedisConnection } from '../../storage/counters/redis-connection.ts';
import type { Database } from '../../storage/sql/database.ts';
import { tryConnection } from '../cli/tcp.ts';
import type { OpenedVault } from './open-vault.ts';

/** Rejects when the dependency does not answer; by name, configured ones only. */
export type DependencyProbes = Readonly<Partial<Record<DependencyName, () => Promise<void>>>>;

const CONNECT_TIMEOUT_MS = 1000;

/** Stores, counters and Vault are asked over the connections that the service itself uses. */
export function dependencyProbes(
  config: ServerConfig,
  {
    db,
    redis,
    analytics,
    vault,
  }: {
    readonly db: Database;
    readonly redis: RedisConnection | undefined;
    readonly analytics: AnalyticsStore | undefined;
    readonly vault: OpenedVault | undefined;
  },
): DependencyProbes {
  const probes: Partial<Record<DependencyName, () => Promise<void>>> = { database: () => db.ping() };
  if (redis !== undefined) probes.redis = () => redis.ping();
  // The embedded engine is this process.
  if (analytics?.engine === 'clickhouse') {
    probes.clickhouse = () => analytics.ping(AbortSignal.timeout(CONNECT_TIMEOUT_MS));
  }
  if (vault?.ping !== undefined) probes.vault = vault.ping;
  if (config.control !== undefined) probes.control = connectionProbe(config.control.url);
  return probes;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

function connectionProbe(url: string): () => Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const number = port === '' ? (DEFAULT_PORTS[protocol] ?? 443) : Number(port);
  return () => tryConnection(hostname, number, AbortSignal.timeout(CONNECT_TIMEOUT_MS));
}
