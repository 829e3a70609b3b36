// The isolation that the embedded engine itself gives, with nothing in front of it: statements arrive as a stranger
// writes them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type {
  AnalyticsRecord,
  ReaderLimits,
  WorkspaceReader,
} from '../../src/storage/analytics/analytics-store.ts';
import type { TableGrant } from '../../src/storage/analytics/chdb-readers.ts';
import type { ChdbStore } from '../../src/storage/analytics/chdb-store.ts';
import { AnalyticsStoreError, UndecodableColumnError } from '../../src/storage/analytics/store-error.ts';
import { freshName, openTestAnalytics } from '../support/analytics.ts';
import { GREEDY_STATEMENTS, HOSTILE_STATEMENTS } from '../support/hostile-statements.ts';

const RAW = 'default.key_verifications_raw_v2';
const AUDIT = 'default.audit_logs_raw_v1';
const LOGS = 'default.runtime_logs_raw_v1';
const OWN_ROWS = 2;
const LIMITS = {
  maxExecutionSeconds: 5,
  maxMemoryBytes: 500_000_000,
  maxResultRows: 1000,
  maxResultBytes: 4_194_304,
};
/** With which the engine itself keeps a statement from running: unknown table, no syntax, read-only, parameter not set. */
const ENGINE_REFUSALS = [60, 62, 164, 456];
const OWN = { predicate: "workspace_id = 'ws_own'" };

const AGGREGATE = /^(?:count|sum|avg|min|max|any|group|uniq|quantile)/;
/** What the analytics endpoints offer, one call each. */
const PUBLIC_FUNCTIONS = [
  ...[
    'count()',
    'sum(latency)',
    'avg(latency)',
    'min(time)',
    'max(time)',
    'any(key_id)',
    'groupArray(key_id)',
  ],
  ...['groupUniqArray(key_id)', 'uniq(key_id)', 'uniqExact(key_id)', 'quantile(0.5)(latency)'],
  ...["countIf(outcome = 'VALID')", 'sumIf(latency, latency > 1)', 'now()', 'now64(3)', 'today()'],
  ...[
    'toDate(now())',
    'toDateTime(time / 1000)',
    'toDateTime64(1, 3)',
    'toStartOfDay(now())',
    'toStartOfWeek(now())',
  ],
  ...['toStartOfMonth(now())', 'toStartOfQuarter(now())', 'toStartOfYear(now())', 'toStartOfHour(now())'],
  ...['toStartOfMinute(now())', "date_trunc('hour', now())", "formatDateTime(now(), '%Y')"],
  ...['fromUnixTimestamp64Milli(time)', 'toUnixTimestamp64Milli(now64(3))', 'now() - toIntervalDay(1)'],
  ...['now() - INTERVAL 2 WEEK', 'now64(3) + toIntervalMillisecond(5)', 'lower(key_id)', 'upper(key_id)'],
  ...[
    'substring(key_id, 1, 2)',
    "concat(key_id, 'x')",
    'length(tags)',
    'trim(key_id)',
    "startsWith(key_id, 'k')",
  ],
  ...[
    "endsWith(key_id, 'y')",
    "JSONExtractString('{}', 'a')",
    'round(latency)',
    'floor(latency)',
    'ceil(latency)',
  ],
  ...['abs(latency)', 'if(1, key_id, 0::String)', "CASE outcome WHEN 'VALID' THEN 1 ELSE 2 END"],
  ...[
    'coalesce(NULL, key_id)',
    'toString(time)',
    'toInt32(1)',
    'toInt64(1)',
    'toFloat64(time)',
    "has(tags, 'tag')",
  ],
  ...[
    "hasAny(tags, ['tag'])",
    "hasAll(tags, ['tag'])",
    "arrayJoin(['a', 'b'])",
    "arrayFilter(t -> t != 'x', tags)",
  ],
  ...['CAST(time AS String)', 'EXTRACT(YEAR FROM now())', 'latency > 1 ? 1 : 2', '[1, 2][1]', "(1, 'a').1"],
  ...[
    'time BETWEEN 1 AND 2',
    "key_id NOT LIKE 'x%'",
    'key_id IS NOT NULL',
    "key_id IN ('a', 'b')",
    '-latency % 3',
  ],
];

let store: ChdbStore;
let reader: WorkspaceReader;

beforeAll(async () => {
  store = await openTestAnalytics();
  await store.execute("CREATE VIEW audit_descriptions AS SELECT 'audited-foreign' AS description");
  await insert('key_verifications_raw_v2', [
    ...Array.from({ length: OWN_ROWS }, (_, index) => verification('ws_own', `own-${index}`)),
    ...Array.from({ length: 7 }, (_, index) => verification('ws_foreign', `secret-foreign-${index}`)),
  ]);
  await insert('audit_logs_raw_v1', [
    {
      event_id: 'log_1',
      time: 1,
      inserted_at: Date.now(),
      workspace_id: 'ws_foreign',
      description: 'audited-foreign',
    },
  ]);
  await insert('runtime_logs_raw_v1', [
    { time: Date.now(), log_id: 'l1', workspace_id: 'ws_own', message: 'hello', platform: 'hidden-platform' },
  ]);
  reader = await store.openReader({
    tables: new Map([RAW, ...rollups()].map((table) => [table, OWN])),
    limits: LIMITS,
  });
});

afterAll(() => store.close());

function verification(workspaceId: string, externalId: string) {
  return {
    request_id: freshName('req'),
    time: Date.now(),
    workspace_id: workspaceId,
    key_space_id: 'ks',
    external_id: externalId,
    key_id: 'key',
    outcome: 'VALID',
    tags: ['tag'],
  };
}

function rollups(): string[] {
  return ['minute', 'hour', 'day', 'month'].map((unit) => `default.key_verifications_per_${unit}_v3`);
}

async function insert(table: string, rows: readonly AnalyticsRecord[]): Promise<void> {
  await store.insert({
    table,
    columns: Object.keys(rows[0] ?? {}),
    rows,
    deduplicationToken: freshName('batch'),
  });
}

/** Statements of the test below that the engine works on. */
async function runningReads(): Promise<number> {
  const rows = await store.query(
    "SELECT query FROM system.processes WHERE query LIKE 'SELECT count() FROM (SELECT arrayJoin%'",
  );
  return rows.length;
}

/** With a name that shows on one line. */
function named(statements: readonly string[]): [name: string, statement: string][] {
  return statements.map((statement) => [JSON.stringify(statement), statement]);
}

function isRefused(failure: unknown): boolean {
  return failure instanceof AnalyticsStoreError && failure.failure === 'refused';
}

function fill(statement: string): string {
  return statement.replaceAll('{raw}', RAW).replaceAll('{audit}', AUDIT).replaceAll('{dir}', store.directory);
}

function expectOwnRows(rows: readonly AnalyticsRecord[]): void {
  expect(JSON.stringify(rows)).not.toContain('foreign-');
  expect(JSON.stringify(rows)).not.toContain('audited-foreign');
  for (const { n } of rows) if (n !== undefined) expect(Number(n)).toBeLessThanOrEqual(OWN_ROWS);
}

describe('a reader of the embedded engine', () => {
  test.each(named(GREEDY_STATEMENTS))('shows own rows alone: %s', async (_name, statement) => {
    expectOwnRows(await reader.query(fill(statement)));
  });

  test.each(named(HOSTILE_STATEMENTS))('does not run: %s', async (_name, statement) => {
    const failure: unknown = await reader.query(fill(statement)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AnalyticsStoreError);
    if (!isRefused(failure)) expect(ENGINE_REFUSALS).toContain((failure as AnalyticsStoreError).code);
    expect(existsSync(join(store.directory, 'written'))).toBe(false);
  });

  test('shows the rows of the workspace at all', async () => {
    expect(await reader.query(`SELECT external_id FROM ${RAW} ORDER BY external_id`)).toEqual([
      { external_id: 'own-0' },
      { external_id: 'own-1' },
    ]);
    expect(await store.query(`SELECT count() AS n FROM ${RAW}`)).toEqual([{ n: 9 }]);
  });

  test('sees what is written after it was opened', async () => {
    const before = await reader.query(`SELECT count() AS n FROM ${LOGS}`).catch((error: unknown) => error);
    expect(before).toMatchObject({ failure: 'refused' });
    const late = await store.openReader({ tables: new Map([[LOGS, OWN]]), limits: LIMITS });
    await insert('runtime_logs_raw_v1', [{ time: 1, log_id: 'l2', workspace_id: 'ws_own', message: 'late' }]);
    expect(await late.query(`SELECT message FROM ${LOGS} WHERE log_id = 'l2'`)).toEqual([
      { message: 'late' },
    ]);
    await late.close();
  });

  test('may use what analysis needs', async () => {
    const rows = await reader.query(`
      SELECT toStartOfHour(fromUnixTimestamp64Milli(time)) AS hour, countIf(outcome = 'VALID') AS valid,
        quantile(0.5)(latency) AS median, arrayFilter(t -> startsWith(t, 'ta'), any(tags)) AS kept,
        CASE WHEN count() > 1 THEN 'many' ELSE 'few' END AS size, sumIf(spent_credits, latency >= 0) AS credits,
        if(has(any(tags), 'tag'), 1, 0) AS tagged, CAST(count() AS String) AS text
      FROM ${RAW} WHERE time >= toUnixTimestamp64Milli(now64(3) - INTERVAL 1 DAY) AND outcome IN ('VALID', 'OTHER')
      GROUP BY hour ORDER BY hour`);
    expect(rows.reduce((sum, { valid }) => sum + Number(valid), 0)).toBe(OWN_ROWS);
    expect(rows[0]).toMatchObject({ kept: ['tag'], tagged: 1 });
  });

  test('lets a column have the name of a harmless function', async () => {
    expect(
      await reader.query(`SELECT workspace_id AS user, count() AS version FROM ${RAW} GROUP BY user`),
    ).toEqual([{ user: 'ws_own', version: OWN_ROWS }]);
  });

  test.each(PUBLIC_FUNCTIONS)('lets %s be called', async (call) => {
    await expect(reader.query(`SELECT ${call} AS value FROM ${RAW}`)).resolves.toHaveLength(
      call.startsWith('arrayJoin') ? 2 * OWN_ROWS : AGGREGATE.test(call) ? 1 : OWN_ROWS,
    );
  });

  test('does not decode the state of an aggregate', async () => {
    await expect(
      reader.query('SELECT latency_avg FROM default.key_verifications_per_hour_v3'),
    ).rejects.toBeInstanceOf(UndecodableColumnError);
  });
});

describe('limits of a reader', () => {
  const all = "SELECT arrayJoin(range(3000000)) AS n, repeat('x', 20) AS text";

  test.each<[string, Partial<ReaderLimits>, string, number]>([
    ['rows', { maxResultRows: 10 }, `SELECT arrayJoin(range(11)) FROM ${RAW}`, 396],
    ['time', { maxExecutionSeconds: 1 }, `SELECT count() FROM (${all}) AS a, (${all}) AS b`, 159],
    ['memory', { maxMemoryBytes: 20_000_000 }, `SELECT uniqExact(n, text) FROM (${all})`, 241],
    ['bytes', { maxResultBytes: 100_000, maxResultRows: 0 }, all, 396],
    ['bytes of a constant', { maxResultBytes: 1000 }, `SELECT repeat('x', 100000) FROM ${RAW}`, 396],
  ])('bound %s', async (_name, limits, statement, code) => {
    const bounded = await store.openReader({
      tables: new Map([[RAW, OWN]]),
      limits: { ...LIMITS, ...limits },
    });
    await expect(bounded.query(statement)).rejects.toMatchObject({ failure: 'server', code });
    await bounded.close();
  });

  test('a statement given up by its caller is ended in the engine', async () => {
    const patient = await store.openReader({
      tables: new Map([[RAW, OWN]]),
      limits: { ...LIMITS, maxExecutionSeconds: 600 },
    });
    const controller = new AbortController();
    const slow = patient.query(`SELECT count() FROM (${all}) AS a, (${all}) AS b`, {
      signal: controller.signal,
    });
    await vi.waitUntil(async () => (await runningReads()) > 0);
    controller.abort();
    await expect(slow).rejects.toMatchObject({ failure: 'aborted' });
    // The next one waits for the session, and so for the end of the first.
    expect(await patient.query(`SELECT count() AS n FROM ${RAW}`)).toEqual([{ n: OWN_ROWS }]);
    expect(await runningReads()).toBe(0);
    await patient.close();
    await expect(patient.query('SELECT 1')).rejects.toMatchObject({ failure: 'network' });
  });

  test('a statement at its limit of time does not hold up writing', async () => {
    const slow = `SELECT count() FROM (${all}) AS a, (${all}) AS b`;
    let ended = false;
    const running = reader.query(slow).catch((error: unknown) => {
      ended = true;
      return error;
    });
    await insert('key_verifications_raw_v2', [verification('ws_other', 'other')]);
    expect(ended).toBe(false);
    expect(await running).toMatchObject({ code: 159 });
  });
});

describe('columns that are not granted', () => {
  const columns = ['log_id', 'time', 'message', 'workspace_id', 'attributes_text'];
  let restricted: WorkspaceReader;

  beforeAll(async () => {
    restricted = await store.openReader({
      tables: new Map<string, TableGrant>([
        [LOGS, { ...OWN, columns }],
        [RAW, OWN],
      ]),
      limits: LIMITS,
    });
  });

  test.each([
    'SELECT platform FROM {logs}',
    'SELECT message FROM {logs} WHERE platform != 0::String',
    'SELECT message FROM {logs} ORDER BY platform',
    'SELECT max(platform) FROM {logs}',
    'SELECT l.platform FROM {logs} AS l',
    'SELECT `platform` FROM {logs}',
    'SELECT default.runtime_logs_raw_v1.platform FROM {logs}',
    'SELECT attributes.route FROM {logs}',
    "SELECT getSubcolumn(attributes, 'route') FROM {logs}",
    'SELECT (SELECT max(platform) FROM {logs})',
    'SELECT 1 UNION ALL SELECT length(platform) FROM {logs}',
    'WITH l AS (SELECT platform AS p FROM {logs}) SELECT p FROM l',
    'SELECT message FROM {logs} AS a JOIN {logs} AS b USING (platform)',
    'SELECT * FROM {logs}',
    'SELECT l.* FROM {logs} AS l',
    'SELECT * FROM (SELECT * FROM {logs})',
    'SELECT (SELECT l.* LIMIT 1) FROM {logs} AS l',
    'SELECT tuple(*) FROM {logs}',
    "SELECT COLUMNS('plat') FROM {logs}",
    'SELECT * EXCEPT (message) FROM {logs}',
    'SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n FROM {logs} AS x (a, b, c, d, e, f, g, h, i, j, k, l, m, n)',
    'SELECT 1 AS `x\n    Identifier message`, platform FROM {logs}',
  ])('are not shown by %s', async (statement) => {
    await expect(restricted.query(statement.replaceAll('{logs}', LOGS))).rejects.toMatchObject({
      name: 'AnalyticsStoreError',
    });
  });

  test.each([
    'SELECT count() AS n FROM {logs}',
    'SELECT count(*) AS n FROM {logs}',
    'SELECT * FROM (SELECT message FROM {logs})',
    'SELECT message, attributes_text FROM {logs} ORDER BY time',
    `SELECT * FROM ${RAW}`,
  ])('do not keep %s from running', async (statement) => {
    const rows = await restricted.query(statement.replaceAll('{logs}', LOGS));
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain('hidden-platform');
  });
});
