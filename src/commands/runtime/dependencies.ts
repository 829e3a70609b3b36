// Probes behind /health/ready: one per configured dependency.

import type { DependencyName } from '../../config/server-config.ts';
import type { AnalyticsStore } from '../../storage/analytics/analytics-store.ts';
import type { RedisConnection } from '../../storage/counters/redis-connection.ts';
import type { Database } from '../../storage/sql/database.ts';
import type { OpenedControl } from './open-control.ts';
import type { OpenedVault } from './open-vault.ts';

/** Rejects when the dependency does not answer; by name, configured ones only. */
export type DependencyProbes = Readonly<Partial<Record<DependencyName, () => Promise<void>>>>;

const CONNECT_TIMEOUT_MS = 1000;

/** All are asked over the connections that the service itself uses. */
export function dependencyProbes({
  db,
  redis,
  analytics,
  vault,
  control,
}: {
  readonly db: Database;
  readonly redis: RedisConnection | undefined;
  readonly analytics: AnalyticsStore | undefined;
  readonly vault: OpenedVault | undefined;
  readonly control: OpenedControl;
}): DependencyProbes {
  const probes: Partial<Record<DependencyName, () => Promise<void>>> = { database: () => db.ping() };
  if (redis !== undefined) probes.redis = () => redis.ping();
  // The embedded engine is this process.
  if (analytics?.engine === 'clickhouse') {
    probes.clickhouse = () => analytics.ping(AbortSignal.timeout(CONNECT_TIMEOUT_MS));
  }
  if (vault?.ping !== undefined) probes.vault = vault.ping;
  if (control.ping !== undefined) probes.control = control.ping;
  return probes;
}
