// What a store records of its migrations. Source: MIG-2 of the operations chapter.

/** The table that the records are in, in every store. */
export const HISTORY_TABLE = 'unkey_schema_migrations';

/** `running` and `reverting` are stages that a killed migrator leaves behind where statements commit by themselves. */
export type RecordedState = 'applied' | 'failed' | 'running' | 'reverting';

export interface HistoryEntry {
  readonly version: string;
  readonly name: string;
  /** SHA-256 of the up file, lower-case hex. */
  readonly checksum: string;
  readonly state: RecordedState;
  /** Number of the statement that failed, from 1. */
  readonly failedStatement: number | null;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly durationMs: number | null;
  readonly toolVersion: string;
}
