import { resolve } from 'node:path';
import type { Logger } from '../../lib/logger.ts';
import { loadChdb } from './chdb-package.ts';
import { type ChdbStore, openChdbStore } from './chdb-store.ts';
import { type ClickHouseStore, openClickHouseStore } from './clickhouse-store.ts';

const CHDB_SCHEME = 'chdb:';

/** Told apart by `engine`. */
export type OpenedAnalyticsStore = ChdbStore | ClickHouseStore;

/**
 * Opens the analytics store that an address names.
 *
 * @param url `chdb:` (the engine in this process, data kept as long as the store is open), `chdb:<directory>` (data kept
 * there), `clickhouse://user:password@host:port/database` or `http(s)://…` (a server, which need not be up yet).
 * @returns undefined, after a line in the log, when the embedded engine is wanted and its optional package is absent.
 * @throws Error when the address or the directory cannot be used; the message holds no password.
 */
export async function openAnalyticsStore(
  url: string,
  { log }: { readonly log: Logger },
): Promise<OpenedAnalyticsStore | undefined> {
  if (!url.startsWith(CHDB_SCHEME)) return openClickHouseStore(url);
  const chdb = await loadChdb();
  if (chdb === undefined) {
    log.warn(
      { store: 'chdb' },
      'analytics is off: the optional package chdb is not installed for this platform',
    );
    return undefined;
  }
  const directory = url.slice(CHDB_SCHEME.length);
  return openChdbStore(chdb, directory === '' ? undefined : resolve(directory));
}
