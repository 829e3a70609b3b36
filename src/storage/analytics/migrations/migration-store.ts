// The analytics store as the migrator needs it. ClickHouse knows neither transactions nor savepoints for DDL: each
// statement takes effect by itself, and a version that fails halfway is recorded as such.
import type { HistoryEntry } from '../../migrations/migration-history.ts';
import type { MigrationSession, MigrationStore } from '../../migrations/migration-store.ts';
import type { AnalyticsStore } from '../analytics-store.ts';
import { AnalyticsStoreError } from '../store-error.ts';
import { ensureHistory, forgetEntry, readHistory, recordEntry } from './history.ts';
import { leaseLock } from './lease-lock.ts';
import type { HeldLock, MigrationLock } from './lock.ts';
import { processLock } from './process-lock.ts';

/** Both engines take the same files. */
const DIALECT = 'clickhouse';

/** @param lock by default: a lease on a server; on the embedded engine, whose data one process owns, a lock of the process */
export function analyticsMigrationStore(
  store: AnalyticsStore,
  lock: MigrationLock = store.engine === 'chdb' ? processLock : leaseLock(store),
): MigrationStore {
  return {
    dialect: DIALECT,
    history: () => readHistory(store),
    isLocked: () => lock.isHeld(),
    flavour: async () => (statement) => statement,
    exclusive: (timeoutMs, work) =>
      lock.hold(timeoutMs, async (held) => {
        await ensureHistory(store);
        return work(sessionOn(store, held));
      }),
  };
}

function sessionOn(store: AnalyticsStore, held: HeldLock): MigrationSession {
  /** Another migrator may be at work once the lock is lost: nothing more is written then. */
  const whileHeld = async (work: () => Promise<void>): Promise<void> => {
    held.assert();
    await work();
  };
  return {
    history: () => readHistory(store),
    record: (entry: HistoryEntry) => whileHeld(() => recordEntry(store, entry)),
    forget: (version) => whileHeld(() => forgetEntry(store, version)),
    run: (_version, statement) => whileHeld(() => store.execute(statement)),
    savepoint: undefined,
    reasonOf,
  };
}

function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof AnalyticsStoreError)) return undefined;
  return error.code === undefined ? error.message : `${error.message} [${error.code}]`;
}
