// What the commands around analytics credentials work with: the relational store, the Vault, and ClickHouse with the
// rights of its administrator.

import type { Command } from 'commander';
import type { LoadedConfig } from '../../config/load.ts';
import type { ServerConfig } from '../../config/server-config.ts';
import type { ProvisioningDeps } from '../../services/analytics/provisioning/provision-workspace.ts';
import type { AnalyticsStore } from '../../storage/analytics/analytics-store.ts';
import type { Database } from '../../storage/sql/database.ts';
import { addStoreOptions, outputLogger, type StoreInvocation, withCurrentStore } from '../admin/store.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { withAnalyticsStore } from '../migrate/clickhouse.ts';

export type WorkspaceFlags = { readonly workspace: string } & Record<string, unknown>;

/** Adds the flags of the relational store and `--workspace`. */
export function addWorkspaceOptions(command: Command): Command {
  return addStoreOptions(command.requiredOption('--workspace <id|slug>', 'the workspace'));
}

export interface AdminStores {
  readonly db: Database;
  /** Of the workspace that the flags name. */
  readonly workspaceId: string;
  /** The ClickHouse server; undefined with the embedded engine. */
  readonly server: AnalyticsStore | undefined;
}

/**
 * Opens the relational store and ClickHouse, finds the workspace, runs `work`, and closes them. The embedded engine is not
 * opened: it has no users, and its directory belongs to the process that serves it.
 * @throws CliError exit 6 when no ClickHouse is configured, exit 8 when one does not answer
 */
export async function withAdminStores<T>(
  invocation: StoreInvocation & { readonly options: WorkspaceFlags },
  work: (stores: AdminStores, config: ServerConfig) => Promise<T>,
): Promise<T> {
  const { config, once } = await loadOnce(invocation);
  const address = config.clickhouse.url;
  if (address === undefined) {
    throw unmet('clickhouse_not_configured', 'no ClickHouse is configured', 'set clickhouse.url');
  }
  return withCurrentStore(once, async (db) => {
    const { resolveWorkspace } = await import('../../services/root-keys/workspace.ts');
    const { id: workspaceId } = await resolveWorkspace(db.primary, invocation.options.workspace);
    if (address.startsWith('chdb:')) return work({ db, workspaceId, server: undefined }, config);
    return withAnalyticsStore(address, invocation, 0, (server) => work({ db, workspaceId, server }, config));
  });
}

/**
 * The same with the Vault beside.
 * @throws CliError exit 6 also when there is no Vault that outlives this command
 */
export async function withProvisioning<T>(
  invocation: StoreInvocation & { readonly options: WorkspaceFlags },
  work: (deps: ProvisioningDeps, workspaceId: string) => Promise<T>,
): Promise<T> {
  return withAdminStores(invocation, async ({ workspaceId, ...stores }, config) => {
    const [{ openVault }, { systemClock }, { randomIds }, { silentMetrics }] = await Promise.all([
      import('../runtime/open-vault.ts'),
      import('../../lib/clock.ts'),
      import('../../lib/uid.ts'),
      import('../../lib/metrics.ts'),
    ]);
    const log = outputLogger(invocation.output);
    requireLastingVault(config);
    const opened = await openVault(config, {
      clock: systemClock,
      ids: randomIds,
      metrics: silentMetrics,
      log,
    });
    if (opened === undefined) throw noVault();
    try {
      return await work({ ...stores, vault: opened.vault, clock: systemClock, log }, workspaceId);
    } finally {
      opened.close();
    }
  });
}

/** An embedded Vault in memory ends with its process: nobody could ever decrypt what this one encrypts. */
function requireLastingVault({ vault }: ServerConfig): void {
  if (vault === undefined) throw noVault();
  if (vault.embedded === undefined || vault.embedded.storage !== undefined) return;
  throw unmet(
    'vault_in_memory',
    'the embedded Vault is kept in memory, so that no other process has it',
    'set vault.storage.disk.path or vault.storage.s3, or vault.url to a Vault on the network',
  );
}

function noVault(): CliError {
  return unmet('vault_not_configured', 'no Vault is configured to keep the password', 'set vault.url');
}

function unmet(code: string, detail: string, hint: string): CliError {
  return new CliError({ exitCode: EXIT.conflict, code, title: 'precondition failed', detail, hint });
}

/** The configuration, read once, so that its warnings are told once. */
async function loadOnce<I extends StoreInvocation>(
  invocation: I,
): Promise<{ readonly config: ServerConfig; readonly once: I }> {
  const { database, databaseFile } = invocation.options;
  const hasDatabase = database !== undefined || databaseFile !== undefined;
  const loaded: LoadedConfig = await invocation.loadConfig({
    profile: 'tool',
    require: hasDatabase ? [] : ['database.primary'],
  });
  return { config: loaded.config, once: { ...invocation, loadConfig: async () => loaded } };
}
