import type { HistoryEntry } from './migration-history.ts';

/** A store as the migrator needs it: its records, its lock, and a way to run statements. */
export interface MigrationStore {
  /** Picks the file of a version that is written once per dialect. */
  readonly dialect: string;
  /** What is recorded, oldest version first; nothing when the table is not there yet. Needs no right to write. */
  history(): Promise<HistoryEntry[]>;
  /** Whether a migrator is at work now. */
  isLocked(): Promise<boolean>;
  /** How a statement of a file is written for this very server. */
  flavour(): Promise<(statement: string) => string>;
  /**
   * Runs `work` while no other migrator does, with the table of records in place. The lock ends with its holder.
   * @param timeoutMs how long to wait for the lock
   * @throws MigrationError `lock-timeout` when it is not gained in time
   */
  exclusive<T>(timeoutMs: number, work: (session: MigrationSession) => Promise<T>): Promise<T>;
}

/** The store while the lock is held. */
export interface MigrationSession {
  history(): Promise<HistoryEntry[]>;
  /** Writes the entry in place of what is recorded of its version. */
  record(entry: HistoryEntry): Promise<void>;
  /** Removes what is recorded of the version. */
  forget(version: string): Promise<void>;
  /** Runs one statement of a version. */
  run(version: string, statement: string): Promise<void>;
  /** Wraps each version, so that a failed one leaves no trace; undefined where every statement commits by itself. */
  readonly savepoint: Savepoint | undefined;
  /** What the store said, with its error code; undefined for an error that is not the store's. */
  reasonOf(error: unknown): string | undefined;
}

export interface Savepoint {
  set(): Promise<void>;
  rollBack(): Promise<void>;
  release(): Promise<void>;
}
