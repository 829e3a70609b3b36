// The table of recorded migrations in the relational store. Source: MIG-2 of the operations chapter.
import { HISTORY_TABLE, type HistoryEntry } from '../migrations/migration-history.ts';
import type { Queryable } from './database.ts';

const COLUMNS = [
  'version varchar(14) NOT NULL PRIMARY KEY',
  'name varchar(255) NOT NULL',
  'checksum varchar(64) NOT NULL',
  'state varchar(16) NOT NULL',
  'failed_statement int DEFAULT NULL',
  'started_at bigint NOT NULL',
  'finished_at bigint DEFAULT NULL',
  'duration_ms bigint DEFAULT NULL',
  'tool_version varchar(64) NOT NULL',
].join(', ');

/** Creates the table unless it is there. */
export async function ensureHistory(q: Queryable): Promise<void> {
  const options =
    q.dialect === 'mysql' ? ' ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin' : '';
  await q.run('ensureHistory', `CREATE TABLE IF NOT EXISTS ${HISTORY_TABLE} (${COLUMNS})${options}`);
}

/** What is recorded, oldest version first; nothing when the table is not there yet. Needs no right to write. */
export async function readHistory(q: Queryable): Promise<HistoryEntry[]> {
  if (!(await historyExists(q))) return [];
  return q.all<HistoryEntry>(
    'readHistory',
    `SELECT version, name, checksum, state, failed_statement AS failedStatement, started_at AS startedAt,
            finished_at AS finishedAt, duration_ms AS durationMs, tool_version AS toolVersion
       FROM ${HISTORY_TABLE} ORDER BY version`,
  );
}

async function historyExists(q: Queryable): Promise<boolean> {
  const sql =
    q.dialect === 'mysql'
      ? 'SELECT 1 AS found FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = :table'
      : "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = :table";
  return (await q.all('historyExists', sql, { table: HISTORY_TABLE })).length > 0;
}

/** Writes the entry in place of what is recorded of its version. */
export async function recordEntry(q: Queryable, entry: HistoryEntry): Promise<void> {
  await q.run(
    'recordEntry',
    `REPLACE INTO ${HISTORY_TABLE} (version, name, checksum, state, failed_statement, started_at, finished_at, duration_ms, tool_version)
     VALUES (:version, :name, :checksum, :state, :failedStatement, :startedAt, :finishedAt, :durationMs, :toolVersion)`,
    { ...entry },
  );
}

/** Forgets the version. */
export async function removeEntry(q: Queryable, version: string): Promise<void> {
  await q.run('removeEntry', `DELETE FROM ${HISTORY_TABLE} WHERE version = :version`, { version });
}
