// Connections to a ClickHouse server, where each workspace has a user of its own. Source: the analytics connection manager
// of the analytics chapter. What binds us beyond the reference: a connection is made once for all who wait, within
// seconds; refused credentials are read again; a server that is down costs nobody a wait once the circuit breaker has
// seen it.

import { createCircuitBreaker } from '../../../lib/circuit-breaker.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Metrics } from '../../../lib/metrics.ts';
import type { AnalyticsRecord } from '../../../storage/analytics/analytics-store.ts';
import { AnalyticsStoreError } from '../../../storage/analytics/store-error.ts';
import type { Vault } from '../../vault/vault.ts';
import type { AnalyticsConnections } from './connections.ts';
import { createReaderCache } from './reader-cache.ts';
import { connectToServer, type ServerReader } from './server-reader.ts';
import type { WorkspaceSettings, WorkspaceSettingsLoader } from './workspace-settings.ts';

/** Failures of the network within a cycle after which nobody is sent there, for how long, and how it is tried again. */
const BREAKER = { failures: 5, openMs: 10_000, probes: 3 };

export interface ServerConnectionsDeps {
  readonly settings: WorkspaceSettingsLoader;
  readonly vault: Vault;
  /** Makes a client of the server for one user; it connects when it is used. */
  readonly openReader: (credentials: {
    readonly username: string;
    readonly password: string;
  }) => ServerReader;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** How workspaces reach a ClickHouse server. */
export function createServerConnections(deps: ServerConnectionsDeps): AnalyticsConnections {
  const { settings: settingsOf, log } = deps;
  const breaker = createCircuitBreaker({
    ...deps,
    ...BREAKER,
    name: 'clickhouse_analytics',
    isFailure: (error) => error instanceof AnalyticsStoreError && error.failure === 'network',
  });
  const readers = createReaderCache({
    ...deps,
    open: (settings) => connectToServer({ ...deps, breaker }, settings),
    serves: sameCredentials,
  });

  /** What the workspace's reader of now answers to a statement that was refused with the credentials of before. */
  const queryAnew = async (
    before: WorkspaceSettings,
    refusal: unknown,
    statement: string,
    signal: AbortSignal,
  ): Promise<readonly AnalyticsRecord[]> => {
    const { workspaceId } = before;
    const current = await settingsOf.reload(workspaceId);
    if (sameCredentials(current, before)) throw refusal;
    log.info({ workspaceId }, 'analytics credentials have changed, connecting anew');
    return await readers.use(current, (reader) => reader.query(statement, { signal }));
  };

  return {
    async use(workspaceId, work) {
      const settings = await settingsOf.find(workspaceId);
      return await readers.use(settings, (reader) =>
        work({
          settings,
          tableRules: undefined,
          query: async (statement, signal) => {
            try {
              return await reader.query(statement, { signal });
            } catch (error) {
              if (!isAuthenticationFailure(error)) throw error;
              return await queryAnew(settings, error, statement, signal);
            }
          },
        }),
      );
    },
    close: () => readers.close(),
  };
}

function sameCredentials(one: WorkspaceSettings, other: WorkspaceSettings): boolean {
  return one.username === other.username && one.passwordEncrypted === other.passwordEncrypted;
}

function isAuthenticationFailure(error: unknown): boolean {
  return error instanceof AnalyticsStoreError && error.failure === 'authentication';
}
