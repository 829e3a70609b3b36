// The stores that a migrate command works on, one after the other: the relational one first, since analytics can wait.
import type { LoadedConfig } from '../../config/load.ts';
import type { Migrator, MigratorSettings } from '../../storage/migrations/migrator.ts';
import { type StoreInvocation, withStore } from '../admin/store.ts';
import { usageError } from '../cli/cli-error.ts';
import { packageVersion } from '../cli/package.ts';
import { clickhouseAddress, withAnalyticsStore } from './clickhouse.ts';
import { reportingMigrationErrors } from './errors.ts';
import { directoryOf, type StoresFlags } from './target.ts';

/** As documents name it: `mysql` stands for SQLite, too. */
export type Target = 'mysql' | 'clickhouse';

/** What people read; a flag value, too. */
export const TARGET_LABEL: Readonly<Record<Target, string>> = { mysql: 'sql', clickhouse: 'clickhouse' };

export interface MigratableStore {
  readonly target: Target;
  /**
   * Opens the store, checks that it answers, and runs `work` with its migrator. What the migrator refuses, does not know or
   * failed at is reported as by {@link reportingMigrationErrors}.
   */
  read<T>(work: (migrator: Migrator) => Promise<T>): Promise<T>;
  /** The same for work that takes the lock: waits as long for another process that has the store to itself. */
  change<T>(work: (migrator: Migrator) => Promise<T>): Promise<T>;
}

export type StoresInvocation = StoreInvocation & { readonly options: StoresFlags };

/**
 * The stores that the flags mean and that are configured; says so of ClickHouse when it is left out for want of an address.
 * @throws CliError exit 2 when `--directory` would have to hold the files of both
 */
export async function migratableStores(invocation: StoresInvocation): Promise<readonly MigratableStore[]> {
  const { options } = invocation;
  const once = loadingOnce(invocation);
  const address = isMeant(options, 'clickhouse') ? await clickhouseAddress(once) : undefined;
  const stores: MigratableStore[] = [];
  if (isMeant(options, 'mysql')) stores.push(relational(once));
  if (address !== undefined) stores.push(analytics(once, address));
  if (stores.length > 1 && options.directory !== undefined) {
    throw usageError('--directory holds the files of one store; say which with --target');
  }
  return stores;
}

/**
 * The one store that a command works on which names versions or counts them; undefined when it is not configured.
 * @param because what makes it one, e.g. `--steps`
 * @throws CliError exit 2 when the flags mean several
 */
export async function oneStore(
  invocation: StoresInvocation,
  because: string,
): Promise<MigratableStore | undefined> {
  const stores = await migratableStores(invocation);
  if (stores.length > 1) {
    throw usageError(`${because} concerns one store; say which with --target mysql or --target clickhouse`);
  }
  return stores[0];
}

function isMeant({ target }: StoresFlags, store: Target): boolean {
  return target === 'all' || target === store || (target === 'sql' && store === 'mysql');
}

/** Both addresses come from one reading of the configuration, which tells its warnings once. */
function loadingOnce(invocation: StoresInvocation): StoresInvocation {
  const { options } = invocation;
  const needsDatabase =
    isMeant(options, 'mysql') && options.database === undefined && options.databaseFile === undefined;
  let loaded: Promise<LoadedConfig> | undefined;
  return {
    ...invocation,
    loadConfig: (load) => {
      loaded ??= invocation.loadConfig({ ...load, require: needsDatabase ? ['database.primary'] : [] });
      return loaded;
    },
  };
}

function relational(invocation: StoresInvocation): MigratableStore {
  const use: MigratableStore['read'] = (work) =>
    withStore(invocation, async (database) => {
      const { createMigrator } = await import('../../storage/sql/migrator.ts');
      const migrator = createMigrator({ database, ...(await settingsOf(invocation)) });
      return reportingMigrationErrors(() => work(migrator));
    });
  return { target: 'mysql', read: use, change: use };
}

function analytics(invocation: StoresInvocation, address: string): MigratableStore {
  const use = <T>(waitMs: number, work: (migrator: Migrator) => Promise<T>): Promise<T> =>
    withAnalyticsStore(address, invocation, waitMs, async (store) => {
      const { createAnalyticsMigrator } = await import('../../storage/analytics/migrate.ts');
      const migrator = createAnalyticsMigrator({ store, ...(await settingsOf(invocation)) });
      return reportingMigrationErrors(() => work(migrator));
    });
  return {
    target: 'clickhouse',
    read: (work) => use(0, work),
    async change(work) {
      const { LOCK_TIMEOUT_MS } = await import('../../storage/migrations/migrator.ts');
      return use(invocation.options.lockTimeout ?? LOCK_TIMEOUT_MS, work);
    },
  };
}

/** What a migrator of either store is told by the flags. */
export async function settingsOf({
  io,
  options,
}: Pick<StoresInvocation, 'io' | 'options'>): Promise<MigratorSettings & { directory: string | undefined }> {
  const { systemClock } = await import('../../lib/clock.ts');
  return {
    clock: systemClock,
    toolVersion: packageVersion(),
    directory: directoryOf(options, io),
    lockTimeoutMs: options.lockTimeout,
  };
}
