import { afterAll, describe } from 'vitest';
import type { MigratableDatabase } from '../../src/storage/sql/database.ts';
import { describeSchema } from '../../src/storage/sql/schema-description.ts';
import { explainMysql, rowsRead } from '../support/query-plans/explain-mysql.ts';
import { listedValues } from '../support/query-plans/findings.ts';
import { freshMysqlDatabase, type MysqlDatabase, requireOrSkip } from '../support/servers.ts';
import { describePlans, type Inspect } from './query-plans.contract.ts';
import { openStore } from './stores.ts';

/** Rows that a statement may read beside those that it returns, changes or looks up. */
const SPARE_ROWS = 500;
/** Rows read for each one that is returned, changed or looked up: its joins, and the index beside the table. */
const ROWS_PER_ROW = 20;

const inspect: Inspect = async (q, statement, run) => {
  const remarks = await explainMysql(q, statement);
  const start = await rowsRead(q);
  const overhead = (await rowsRead(q)) - start;
  const result = await run();
  const read = (await rowsRead(q)) - start - 2 * overhead;
  const returned = Array.isArray(result) ? result.length : affectedRows(result);
  const most = SPARE_ROWS + ROWS_PER_ROW * (returned + listedValues(statement));
  const problem = `reads ${read} rows for ${returned} (${remarks.join(', ')})`;
  return { findings: read > most ? [{ statement: statement.name, problem }] : [], result };
};

function affectedRows(result: unknown): number {
  if (typeof result !== 'object' || result === null || !('affectedRows' in result)) return 0;
  return Number(result.affectedRows);
}

async function analyze(database: MigratableDatabase): Promise<void> {
  const tables = (await describeSchema(database.primary)).map(({ name }) => `\`${name}\``);
  await database.primary.all('analyze', `ANALYZE TABLE ${tables.join(', ')}`);
}

describe.runIf(requireOrSkip('mysql'))('MySQL', () => {
  let fresh: MysqlDatabase | undefined;
  afterAll(() => fresh?.drop());

  describePlans('MySQL', {
    open: async () => {
      fresh = await freshMysqlDatabase();
      return openStore(fresh.url);
    },
    analyze,
    inspect,
    accepted: {
      countPendingOutboxRows: 'counts what waits to be exported, in the index alone; shown to operators only',
      countExportedOutboxRows: 'counts what waits to be deleted, in the index alone; shown to operators only',
      countKeysDueForRefill: 'counts what waits to be refilled; shown to operators only',
      cancelDeployments: 'on the way to deleting the rows that it reads, with their environment',
      stopDeployments: 'on the way to deleting the rows that it reads, with their environment',
    },
  });
});
