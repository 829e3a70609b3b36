// keys.createKey beside the INSERTs of one key: a transaction each, of the rows that a createKey leaves behind.
import type { Bed } from '../bed.ts';
import { type BenchDatabase, openBenchDatabase, type Row } from '../database.ts';
import type { JobStatement, JobValue } from '../floors/sql-job.ts';
import { dataOf, type Subject } from '../subject.ts';
import type { StoreTraffic } from './store-scenario.ts';

/** What differs from one key to the next where the schema asks for it. */
const FRESH = new Set(['id', 'hash', 'event_id']);

export async function createKeyTraffic(
  { apiId, call }: Subject,
  { installation }: Bed,
): Promise<StoreTraffic> {
  const operation = 'keys.createKey';
  const body = { apiId, prefix: 'bench' };
  const { keyId } = dataOf<{ keyId: string }>(await call({ operation, body }));
  const database = await openBenchDatabase(installation.database);
  try {
    const statements = [
      insertAgain('keys', await only(database, 'SELECT * FROM `keys` WHERE id = ?', keyId)),
      insertAgain(
        'clickhouse_outbox',
        await only(database, 'SELECT * FROM clickhouse_outbox WHERE payload LIKE ?', `%${keyId}%`),
      ),
    ];
    return {
      operation,
      bodies: [body],
      expected: '"keyId"',
      floor: { is: 'INSERT of the same rows, a transaction each', variants: [statements], writes: true },
    };
  } finally {
    await database.close();
  }
}

async function only(database: BenchDatabase, sql: string, value: string): Promise<Row> {
  const [row, second] = await database.rows(sql, [value]);
  if (row === undefined || second !== undefined) throw new Error('a createKey writes one row of each table');
  return row;
}

/** The row once more, under a number and names of its own. */
function insertAgain(table: string, row: Row): JobStatement {
  const columns = Object.keys(row).filter((column) => column !== 'pk');
  const names = columns.map((column) => `\`${column}\``).join(', ');
  return {
    sql: `INSERT INTO \`${table}\` (${names}) VALUES (${columns.map(() => '?').join(', ')})`,
    values: columns.map(
      (column): JobValue => (FRESH.has(column) ? { fresh: 'text' } : (row[column] ?? null)),
    ),
  };
}
