// The engine with the rows of two workspaces, and beside them a copy of the tables without the foreign rows: a query
// that sees nothing foreign answers the same on both.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChdbPackage } from '../../../src/storage/analytics/chdb-package.ts';
import { FOREIGN_MARKER } from '../../support/sql-grammar.ts';

export interface FuzzDatabase {
  /** The answer, its lines in order of the alphabet; undefined when the engine refuses the query. */
  run(sql: string): Promise<string | undefined>;
  runWithoutForeignRows(sql: string): Promise<string | undefined>;
  close(): Promise<void>;
}

const TABLES = ['key_verifications_raw_v2', 'key_verifications_per_hour_v3', 'secret_raw_v1'];

const COLUMNS = `workspace_id String, time Int64, key_id String, key_space_id String, count Int64, tags Array(String),
  attributes JSON`;

const OWN_ROWS = `SELECT 'ws_1', 100, 'own', 'ks_own', 1, ['own'], '{"workspace_id":"ws_1"}'`;
const FOREIGN_ROWS = `SELECT 'ws_2', 7, concat('${FOREIGN_MARKER}', toString(number)), 'ks_${FOREIGN_MARKER}', 1000000,
  ['${FOREIGN_MARKER}'], '{"workspace_id":"ws_1"}' FROM numbers(3)`;

export async function openFuzzDatabase({ Session }: ChdbPackage): Promise<FuzzDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'unkey-fuzz-'));
  const writer = new Session(directory);
  await writer.queryAsync('CREATE DATABASE clean');
  for (const table of TABLES) {
    for (const database of ['default', 'clean']) {
      await writer.queryAsync(
        `CREATE TABLE ${database}.${table} (${COLUMNS}) ENGINE = ReplacingMergeTree ORDER BY (workspace_id, key_id)`,
      );
      await writer.queryAsync(`INSERT INTO ${database}.${table} ${OWN_ROWS}`);
    }
    await writer.queryAsync(`INSERT INTO default.${table} ${FOREIGN_ROWS}`);
  }
  const reader = new Session(directory, {
    connectionArgs: ['--readonly=1', '--max_execution_time=5', '--max_threads=1', '--max_result_rows=100000'],
  });
  const run = async (sql: string): Promise<string | undefined> => {
    try {
      const result = await reader.queryAsync(sql, { format: 'JSONCompactEachRow' });
      return result.text().split('\n').sort().join('\n');
    } catch (error) {
      if (error instanceof Error && 'clickhouseCode' in error) return undefined;
      throw error;
    }
  };
  return {
    run,
    runWithoutForeignRows: (sql) =>
      run(sql.replaceAll('default.key_verifications', 'clean.key_verifications')),
    async close() {
      reader.close();
      writer.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
