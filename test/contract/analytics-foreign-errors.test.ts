// A statement that fails on the value of a foreign row, and succeeds without it, tells of that row: asked often enough, it
// spells the value. So every statement has to end in the same way with and without rows of other workspaces, be it
// checked or as a stranger writes it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkQuery } from '../../src/services/analytics/sql/check-query.ts';
import type { AnalyticsRow, WorkspaceReader } from '../../src/storage/analytics/analytics-store.ts';
import type { ChdbStore } from '../../src/storage/analytics/chdb-store.ts';
import { retentionPredicate, workspaceRows } from '../../src/storage/analytics/retention.ts';
import { AnalyticsStoreError } from '../../src/storage/analytics/store-error.ts';
import { freshName, openTestAnalytics } from '../support/analytics.ts';
import { verificationRow } from '../support/analytics-api.ts';

const RAW = 'default.key_verifications_raw_v2';
const ALIASES = new Map([['kv', RAW]]);
const RETENTION_DAYS = 30;
/** Before and behind the own one in the order of the table, so that all of them lie in one granule. */
const FOREIGN = ['ws_a', 'ws_z'];
const OWN = 'ws_own';

/** On own rows `external_id` and `key_id` are numbers, on foreign ones they are not. */
const STATEMENTS = [
  'SELECT count() AS n FROM kv WHERE toInt32(external_id) >= 0',
  'SELECT count() AS n FROM kv WHERE external_id::Int32 >= 0',
  "SELECT count() AS n FROM kv WHERE if(workspace_id != 'ws_own' AND key_id LIKE 's%', toInt32(key_id), 1) >= 0",
  "SELECT count() AS n FROM kv WHERE outcome = 'VALID' AND (spent_credits >= 0 AND toInt32(external_id) > 0)",
  'SELECT count() AS n FROM kv WHERE [1, 2][external_id::Int32 + 1] >= 0',
  'SELECT count() AS n FROM kv WHERE toInt32(external_id) IN (SELECT toInt32(external_id) FROM kv)',
  'SELECT toInt32(external_id) AS x FROM kv WHERE x > 1 ORDER BY x',
  'SELECT toInt32(external_id) AS x, count() AS n FROM kv GROUP BY x HAVING x > 1 ORDER BY x',
  'SELECT sum(toInt32(external_id)) AS n FROM kv',
  'SELECT external_id, max(toInt32(key_id)) OVER (ORDER BY toInt32(external_id)) AS m FROM kv ORDER BY external_id',
  'SELECT external_id FROM kv ORDER BY toInt32(external_id) LIMIT 1 BY toInt32(key_id) LIMIT 3',
  'SELECT count() AS n FROM kv AS a JOIN kv AS b ON toInt32(a.external_id) = toInt32(b.external_id)',
  'SELECT count() AS n FROM kv AS a JOIN kv AS b ON a.external_id = b.external_id AND toInt32(a.key_id) >= 0',
  'SELECT count() AS n FROM kv AS a LEFT JOIN kv AS b ON a.external_id = b.external_id WHERE toInt32(b.key_id) >= 0',
  'SELECT count() AS n FROM kv ARRAY JOIN tags AS t WHERE toInt32(external_id) >= 0 AND toInt32(t) >= 0',
  'SELECT count() AS n FROM (SELECT external_id, tags FROM kv) WHERE toInt32(external_id) >= 0',
  'WITH c AS (SELECT toInt32(external_id) AS x FROM kv) SELECT count() AS n FROM c WHERE x >= 0',
  'SELECT count() AS n FROM kv WHERE (SELECT max(toInt32(external_id)) FROM kv) >= 0',
  'SELECT 1 AS n FROM kv WHERE toInt32(key_id) = 1 UNION ALL SELECT 1 FROM kv WHERE toInt32(external_id) = 1',
];

const PREWHERE = [
  'SELECT count() AS n FROM kv PREWHERE toInt32(external_id) >= 0',
  "SELECT count() AS n FROM kv PREWHERE toInt32(external_id) >= 0 WHERE outcome = 'VALID'",
];

let store: ChdbStore;
let reader: WorkspaceReader;

beforeAll(async () => {
  store = await openTestAnalytics();
  const own = Array.from({ length: 5 }, (_, n) =>
    verificationRow(OWN, { external_id: String(n), key_id: String(n % 2), tags: [String(n)] }),
  );
  const foreign = FOREIGN.map((workspace) =>
    verificationRow(workspace, { external_id: 'secret', key_id: 'secret', tags: ['secret'] }),
  );
  await insert([...own, ...foreign]);
  reader = await store.openReader({
    tables: new Map([[RAW, { predicate: workspaceRows(RAW, OWN, RETENTION_DAYS) }]]),
    limits: {
      maxExecutionSeconds: 5,
      maxMemoryBytes: 500_000_000,
      maxResultRows: 1000,
      maxResultBytes: 4_194_304,
    },
  });
});

afterAll(async () => {
  await reader.close();
  await store.close();
});

async function insert(rows: readonly AnalyticsRow[]): Promise<void> {
  const [first = {}] = rows;
  await store.insert({
    table: 'key_verifications_raw_v2',
    columns: Object.keys(first),
    rows,
    deduplicationToken: freshName('batch'),
  });
}

function checked(sql: string): Promise<string> {
  const retained = retentionPredicate(RAW, RETENTION_DAYS);
  return checkQuery(sql, {
    workspaceId: OWN,
    aliases: ALIASES,
    allowedTables: [RAW],
    securityFilters: [],
    rowLimit: 1000,
    retentionDays: RETENTION_DAYS,
    now: Date.now(),
    tableRules: new Map([
      [RAW, { predicate: (qualifier: string) => retained?.(`${qualifier}.time`) ?? '1' }],
    ]),
  });
}

describe('a statement that would fail on foreign rows', () => {
  test('fails indeed where nothing filters them', async () => {
    await expect(store.query(`SELECT count() FROM ${RAW} WHERE toInt32(external_id) >= 0`)).rejects.toThrow(
      'secret',
    );
  });

  test.each([...STATEMENTS, ...PREWHERE])('is answered when checked: %s', async (sql) => {
    await expect(reader.query(await checked(sql))).resolves.not.toHaveLength(0);
  });

  test.each(STATEMENTS)('is answered without the checker: %s', async (sql) => {
    await expect(reader.query(sql.replaceAll(/\bkv\b/g, RAW))).resolves.not.toHaveLength(0);
  });

  test.each(PREWHERE)('is refused without the checker: %s', async (sql) => {
    const refused = reader.query(sql.replaceAll(/\bkv\b/g, RAW));
    await expect(refused).rejects.toThrow(AnalyticsStoreError);
    await expect(refused).rejects.toThrow('PREWHERE is not allowed');
  });

  test('may have the word in a text or a name', async () => {
    const sql = "SELECT 'PREWHERE' AS `PREWHERE x`, ' \\' PREWHERE ' AS y FROM kv LIMIT 1";
    await expect(reader.query(await checked(sql))).resolves.toHaveLength(1);
  });
});
