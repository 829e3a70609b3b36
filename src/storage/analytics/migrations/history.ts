// The table of recorded migrations in the analytics store. Source: MIG-2 of the operations chapter.
//
// Rows are never updated: of several with one version, the one of the highest revision counts, and one that says
// `forgotten` hides the version. Only the holder of the migration lock writes, so revisions do not collide.
import { randomUUID } from 'node:crypto';
import { HISTORY_TABLE, type HistoryEntry, type RecordedState } from '../../migrations/migration-history.ts';
import type { AnalyticsStore } from '../analytics-store.ts';

const CREATE = `
  CREATE TABLE IF NOT EXISTS ${HISTORY_TABLE}
  (
      version String,
      name String,
      checksum String,
      state LowCardinality(String),
      failed_statement Nullable(Int64),
      started_at Int64,
      finished_at Nullable(Int64),
      duration_ms Nullable(Int64),
      tool_version String,
      revision UInt64,
      forgotten UInt8
  )
  ENGINE = ReplacingMergeTree(revision, forgotten)
  ORDER BY version`;

const COLUMNS = [
  'version',
  'name',
  'checksum',
  'state',
  'failed_statement',
  'started_at',
  'finished_at',
  'duration_ms',
  'tool_version',
  'revision',
  'forgotten',
];

/** Creates the table unless it is there. */
export function ensureHistory(store: AnalyticsStore): Promise<void> {
  return store.execute(CREATE);
}

/** What is recorded, oldest version first; nothing when the table is not there yet. Needs no right to write. */
export async function readHistory(store: AnalyticsStore): Promise<HistoryEntry[]> {
  const found = await store.query(
    `SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = '${HISTORY_TABLE}'`,
  );
  if (found.length === 0) return [];
  const rows = await store.query(
    `SELECT version, name, checksum, state, failed_statement, started_at, finished_at, duration_ms, tool_version
       FROM ${HISTORY_TABLE} FINAL ORDER BY version`,
  );
  return rows.map((row) => ({
    version: String(row.version),
    name: String(row.name),
    checksum: String(row.checksum),
    state: String(row.state) as RecordedState,
    failedStatement: numberOrNull(row.failed_statement),
    startedAt: Number(row.started_at),
    finishedAt: numberOrNull(row.finished_at),
    durationMs: numberOrNull(row.duration_ms),
    toolVersion: String(row.tool_version),
  }));
}

/** Writes the entry in place of what is recorded of its version. */
export function recordEntry(store: AnalyticsStore, entry: HistoryEntry): Promise<void> {
  return append(store, entry, 0);
}

/** Removes what is recorded of the version. */
export function forgetEntry(store: AnalyticsStore, version: string): Promise<void> {
  const nothing = { finishedAt: null, durationMs: null, failedStatement: null };
  return append(
    store,
    { version, name: '', checksum: '', state: 'applied', startedAt: 0, toolVersion: '', ...nothing },
    1,
  );
}

async function append(store: AnalyticsStore, entry: HistoryEntry, forgotten: 0 | 1): Promise<void> {
  const [newest] = await store.query(`SELECT max(revision) AS revision FROM ${HISTORY_TABLE}`);
  await store.insert({
    table: HISTORY_TABLE,
    columns: COLUMNS,
    rows: [
      {
        version: entry.version,
        name: entry.name,
        checksum: entry.checksum,
        state: entry.state,
        failed_statement: entry.failedStatement,
        started_at: entry.startedAt,
        finished_at: entry.finishedAt,
        duration_ms: entry.durationMs,
        tool_version: entry.toolVersion,
        revision: Number(newest?.revision ?? 0) + 1,
        forgotten,
      },
    ],
    deduplicationToken: randomUUID(),
  });
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
