import type { Metrics } from '../../lib/metrics.ts';
import type { MigratableDatabase } from '../../storage/sql/database.ts';
import { openDatabase } from '../../storage/sql/open-database.ts';
import type { ApiRuntimeOptions } from './api-runtime-options.ts';
import { prepareStore } from './prepare-store.ts';
import { waitForStore } from './wait-for-store.ts';

type StoreOptions = Pick<
  ApiRuntimeOptions,
  'config' | 'build' | 'log' | 'signal' | 'autoMigrate' | 'onStatement'
>;

/** Opens the relational store of the configuration, without a word to it yet. */
export function openStore(
  { config, build, log, onStatement }: StoreOptions,
  metrics: Metrics,
): MigratableDatabase {
  const { primary, readonlyReplica } = config.database;
  return openDatabase({
    primary,
    ...(readonlyReplica === undefined ? {} : { readonlyReplica }),
    metrics,
    log,
    tags: { region: config.region, releaseSha: build.revision },
    ...(onStatement === undefined ? {} : { onStatement }),
  });
}

/** Waits until the store answers and has the schema. Throws a CliError when it does not, or cannot be prepared. */
export async function readyStore(
  db: MigratableDatabase,
  { config, signal, autoMigrate, log }: StoreOptions,
  metrics: Metrics,
): Promise<void> {
  await waitForStore(db, { timeoutMs: config.server.startupTimeoutMs, signal, log });
  await prepareStore(db, { autoMigrate, signal, log, metrics });
}
