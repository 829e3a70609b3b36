// Analytics straight from the stores of the server configuration: the service that answers the API, without a caller. What
// it may see is the whole workspace, and nothing but that workspace.

import type { ServerConfig } from '../../config/server-config.ts';
import type { OpenedAnalyticsStore } from '../../storage/analytics/open-store.ts';
import type { NamedRow } from '../../storage/sql/queries/analytics-names.ts';
import { outputLogger } from '../admin/store.ts';
import { CliError } from '../cli/cli-error.ts';
import type { Invocation } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { withAnalyticsStore } from '../migrate/clickhouse.ts';
import { type AdminStores, type WorkspaceFlags, withAdminStores } from './admin-stores.ts';
import type { AnalyticsSource, Names } from './source.ts';

const EMBEDDED = 'chdb:';

/**
 * Runs `work` on the stores, and closes them.
 * @throws CliError exit 5 for an unknown workspace, exit 6 when analytics are not configured or another process has them
 */
export async function withStoreSource<T>(
  invocation: Invocation<WorkspaceFlags>,
  work: (source: AnalyticsSource) => Promise<T>,
): Promise<T> {
  return withAdminStores(invocation, async (stores, config) => {
    const { url } = config.clickhouse;
    if (url?.startsWith(EMBEDDED)) {
      if (url === EMBEDDED) throw inMemory();
      return withAnalyticsStore(url, invocation, 0, (store) =>
        withService({ ...invocation, ...stores, config, store }, work),
      );
    }
    assertQueryable(config);
    return withService({ ...invocation, ...stores, config, store: undefined }, work);
  });
}

type ServiceParts = Pick<Invocation, 'output' | 'signal'> &
  AdminStores & {
    readonly config: ServerConfig;
    /** The embedded engine; undefined where a server is asked. */
    readonly store: OpenedAnalyticsStore | undefined;
  };

async function withService<T>(
  { db, workspaceId, config, store, output, signal }: ServiceParts,
  work: (source: AnalyticsSource) => Promise<T>,
): Promise<T> {
  const [
    { createAnalyticsService },
    { createKeyspaceScope },
    { openConnections },
    { openVault },
    { systemClock: clock },
    { randomIds: ids },
    { silentMetrics: metrics },
    { findApiNamesByKeyspace, findKeyNames },
  ] = await Promise.all([
    import('../../services/analytics/analytics-service.ts'),
    import('../../services/analytics/reading/keyspace-scope.ts'),
    import('../../services/analytics/reading/open-connections.ts'),
    import('../runtime/open-vault.ts'),
    import('../../lib/clock.ts'),
    import('../../lib/uid.ts'),
    import('../../lib/metrics.ts'),
    import('../../storage/sql/queries/analytics-names.ts'),
  ]);
  const log = outputLogger(output);
  const opened = store === undefined ? await openVault(config, { clock, ids, metrics, log }) : undefined;
  const shared = { db, clock, log, metrics };
  const { analyticsUrl } = config.clickhouse;
  const connections = openConnections({
    ...shared,
    analyticsStore: store,
    analyticsUrl,
    vault: opened?.vault,
  });
  const service = createAnalyticsService({ connections, scope: createKeyspaceScope(shared), clock });
  try {
    return await work({
      query: ({ tables }, sql) => service.query({ workspaceId, sql, tables, filters: [], signal }),
      keyNames: async (keyIds) => namesOf(await findKeyNames(db.replica, workspaceId, keyIds)),
      apiNames: async (keyspaceIds) =>
        namesOf(await findApiNamesByKeyspace(db.replica, workspaceId, keyspaceIds)),
    });
  } finally {
    await service.close();
    opened?.close();
  }
}

function namesOf(rows: readonly NamedRow[]): Names {
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** @throws CliError exit 6 when workspaces cannot query the server */
function assertQueryable({ clickhouse, vault }: ServerConfig): void {
  if (clickhouse.analyticsUrl === undefined) {
    throw unmet('analytics_not_configured', 'clickhouse.analytics_url is not set', 'set it, and vault.url');
  }
  if (vault === undefined || (vault.embedded !== undefined && vault.embedded.storage === undefined)) {
    throw unmet(
      'vault_not_configured',
      "no Vault holds the password of the workspace's ClickHouse user",
      'set vault.url, and vault.storage with "embedded:"',
    );
  }
}

function inMemory(): CliError {
  return unmet(
    'analytics_in_memory',
    'with clickhouse.url = "chdb:" the rows are in the memory of the server',
    'leave --workspace out, to ask that server through its API with a root key',
  );
}

function unmet(code: string, detail: string, hint: string): CliError {
  return new CliError({ exitCode: EXIT.conflict, code, title: 'precondition failed', detail, hint });
}
