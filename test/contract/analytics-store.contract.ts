// What every analytics store must do; run on each adapter.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringifyJson } from '../../src/lib/json.ts';
import type { AnalyticsRow, AnalyticsStore } from '../../src/storage/analytics/analytics-store.ts';
import { AnalyticsStoreError, UndecodableColumnError } from '../../src/storage/analytics/store-error.ts';
import { freshName } from '../support/analytics.ts';

/** Expression → its JSON, exactly. */
const VALUES: readonly (readonly [expression: string, json: string])[] = [
  ['1', '1'],
  ['toUInt64(18446744073709551615)', '18446744073709551615'],
  ['toInt64(-9223372036854775808)', '-9223372036854775808'],
  ["toInt128('170141183460469231731687303715884105727')", '170141183460469231731687303715884105727'],
  ['toInt64(9007199254740993)', '9007199254740993'],
  ['[toUInt64(9007199254740993), 1]', '[9007199254740993,1]'],
  ['1.5', '1.5'],
  ['toFloat64(1e100)', '1e+100'],
  ['1e300 * 1e300', 'null'],
  ['0 / 0', 'null'],
  ['[0 / 0, 1.5, -1 / 0]', '[null,1.5,null]'],
  ['tuple(0 / 0)', '[null]'],
  ["map('a', 1 / 0)", '{"a":null}'],
  ["CAST(NULL, 'Nullable(Float64)')", 'null'],
  ['true', 'true'],
  ['[true, false]', '[true,false]'],
  ['1 = 1', '1'],
  ["'it''s \\\\ \"quoted\" \\n /'", '"it\'s \\\\ \\"quoted\\" \\n /"'],
  ["'\u00e9\u{1f511}'", '"\u00e9\u{1f511}"'],
  ["toFixedString('ab', 2)", '"ab"'],
  ["toLowCardinality('x')", '"x"'],
  ["CAST('b, ()', 'Enum8(\\'a\\' = 1, \\'b, ()\\' = 2)')", '"b, ()"'],
  ["toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')", '"61f0c404-5cb3-11e7-907b-a6006ad3dba0"'],
  ["toIPv4('1.2.3.4')", '"1.2.3.4"'],
  ["toIPv6('::1')", '"::1"'],
  ["toDateTime('2026-08-20 12:00:00', 'UTC')", '"2026-08-20T12:00:00Z"'],
  ["toDateTime64('2026-08-20 12:00:30.120', 3, 'UTC')", '"2026-08-20T12:00:30.12Z"'],
  ["toDateTime64('2026-08-20 12:00:30', 9, 'UTC')", '"2026-08-20T12:00:30Z"'],
  ["toDateTime('2026-08-20 12:00:00', 'Europe/Berlin')", '"2026-08-20T12:00:00+02:00"'],
  ["toDateTime('2026-01-20 12:00:00', 'America/St_Johns')", '"2026-01-20T12:00:00-03:30"'],
  ["[toDateTime('2026-08-20 12:00:00', 'UTC')]", '["2026-08-20T12:00:00Z"]'],
  ["toDate('2026-08-20')", '"2026-08-20T00:00:00Z"'],
  ["toDate32('1901-01-01')", '"1901-01-01T00:00:00Z"'],
  ["toNullable(toDate('2026-08-20'))", '"2026-08-20T00:00:00Z"'],
  ['toDecimal64(1.25, 4)', '"1.25"'],
  ["toDecimal128('12345678901234567890.5', 2)", '"12345678901234567890.5"'],
  ["[toDecimal32('2', 1)]", '["2"]'],
  ["CAST([], 'Array(String)')", '[]'],
  ['[toUInt8(1), toUInt8(255)]', '[1,255]'],
  ["[['a'], []]", '[["a"],[]]'],
  ["map('a', ['b'], 'c', [])", '{"a":["b"],"c":[]}'],
  ["map('n', toUInt64(9007199254740993))", '{"n":9007199254740993}'],
  ["tuple(1, 'x', toDate('2026-08-20'))", '[1,"x","2026-08-20T00:00:00Z"]'],
  [
    "CAST((1, toDate('2026-08-20')), 'Tuple(n UInt8, `d a y` Date)')",
    '{"n":1,"d a y":"2026-08-20T00:00:00Z"}',
  ],
  ['NULL', 'null'],
  ['toTypeName(now())', '"DateTime"'],
];

const UNDECODABLE = [
  'sumState(1)',
  'INTERVAL 1 DAY',
  '[avgState(1.5)]',
  "map('a', sumState(1))",
  'tuple(1, INTERVAL 1 SECOND)',
];

const RAW_COLUMNS =
  "workspace_id String, time Int64, amount Int64, tags Array(String), late String DEFAULT 'later'";

/**
 * @param open a store on an engine with or without the schema. Called once.
 */
export function describeAnalyticsStore(name: string, open: () => Promise<AnalyticsStore>): void {
  describe(`analytics on ${name}`, () => {
    let store: AnalyticsStore;

    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    async function freshTable(): Promise<string> {
      const table = freshName('events');
      const settings = 'SETTINGS non_replicated_deduplication_window = 100';
      await store.execute(
        `CREATE TABLE ${table} (${RAW_COLUMNS}) ENGINE = MergeTree ORDER BY (workspace_id, time) ${settings}`,
      );
      for (const [from, to] of [
        ['', '_hour'],
        ['_hour', '_day'],
      ]) {
        await store.execute(`CREATE TABLE ${table}${to} (workspace_id String,
          amount SimpleAggregateFunction(sum, Int64)) ENGINE = AggregatingMergeTree ORDER BY workspace_id ${settings}`);
        await store.execute(`CREATE MATERIALIZED VIEW ${table}${to}_mv TO ${table}${to}
          AS SELECT workspace_id, sum(events.amount) AS amount FROM ${table}${from} AS events GROUP BY workspace_id`);
      }
      return table;
    }

    function insert(table: string, rows: readonly AnalyticsRow[], token = freshName('batch')): Promise<void> {
      const columns = ['workspace_id', 'time', 'amount', 'tags'];
      return store.insert({ table, columns, rows, deduplicationToken: token });
    }

    const row = { workspace_id: 'ws_1', time: 1, amount: 2, tags: ['a'] };

    test('answers a ping', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });

    test.each(VALUES)('decodes %s', async (expression, json) => {
      const [record] = await store.query(`SELECT ${expression} AS value`);
      expect(stringifyJson(record?.value)).toBe(json);
    });

    test.each(UNDECODABLE)('has no JSON for %s', async (expression) => {
      const failure = store.query(`SELECT 1 AS one, ${expression} AS value`);
      await expect(failure).rejects.toBeInstanceOf(UndecodableColumnError);
      await expect(failure).rejects.toMatchObject({ column: 'value' });
    });

    test('names columns as the engine does, and keeps the last of equal names', async () => {
      expect(await store.query('SELECT count(), 1 AS a, 2 AS `__proto__`')).toEqual([
        JSON.parse('{"count()": 1, "a": 1, "__proto__": 2}'),
      ]);
      expect(
        await store.query('SELECT x.a, y.a FROM (SELECT 1 AS a) AS x, (SELECT 2 AS a) AS y'),
      ).toHaveLength(1);
    });

    test('answers no rows with an empty list', async () => {
      expect(await store.query('SELECT 1 AS one WHERE 0')).toEqual([]);
    });

    test('binds parameters, which end no literal', async () => {
      const parameters = { text: "'; DROP TABLE x -- \\", list: ['a', 'b'], number: 3 };
      expect(
        await store.query(
          'SELECT {text:String} AS text, {list:Array(String)} AS list, {number:UInt8} AS number',
          {
            parameters,
          },
        ),
      ).toEqual([parameters]);
    });

    test('stores rows exactly, and leaves other columns to their default', async () => {
      const table = await freshTable();
      const text = 'tab\t quote" back\\slash newline\n nul\0 \u00e9\u{1f511}';
      await insert(table, [{ workspace_id: text, time: 9007199254740993n, amount: -1, tags: [text, ''] }]);

      const [stored] = await store.query(`SELECT * FROM ${table}`);
      expect(stored).toEqual({
        workspace_id: text,
        time: 9007199254740993n,
        amount: -1,
        tags: [text, ''],
        late: 'later',
      });
    });

    test('stores a batch of many rows whole', async () => {
      const table = await freshTable();
      const rows = Array.from({ length: 2345 }, (_, index) => ({ ...row, time: index }));
      await insert(table, rows);
      expect(await store.query(`SELECT count() AS n, uniqExact(time) AS times FROM ${table}`)).toEqual([
        { n: 2345, times: 2345 },
      ]);
    });

    test('does not send an empty batch', async () => {
      await expect(insert('no_such_table', [])).resolves.toBeUndefined();
    });

    test('stores a batch once however often it is sent, in the aggregates too', async () => {
      const table = await freshTable();
      const token = freshName('batch');
      const batch = [row, row, { ...row, workspace_id: 'ws_2' }];
      for (let attempt = 0; attempt < 3; attempt++) await insert(table, batch, token);

      expect(await store.query(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: 3 }]);
      for (const level of ['_hour', '_day']) {
        const sums = await store.query(
          `SELECT workspace_id, sum(amount) AS total FROM ${table}${level} GROUP BY workspace_id ORDER BY workspace_id`,
        );
        expect(sums).toEqual([
          { workspace_id: 'ws_1', total: 4 },
          { workspace_id: 'ws_2', total: 2 },
        ]);
      }
    });

    test('stores two batches with the same rows twice', async () => {
      const table = await freshTable();
      await insert(table, [row]);
      await insert(table, [row]);
      expect(await store.query(`SELECT count() AS n FROM ${table}`)).toEqual([{ n: 2 }]);
      expect(await store.query(`SELECT sum(amount) AS total FROM ${table}_day`)).toEqual([{ total: 4 }]);
    });

    test.each([
      ['SELECT nowhere FROM system.one', 47, 'UNKNOWN_IDENTIFIER'],
      ['SELECT * FROM no_such_table', 60, 'UNKNOWN_TABLE'],
      ['SELEC 1', 62, 'SYNTAX_ERROR'],
      ['SELECT no_such_function(1)', 46, 'UNKNOWN_FUNCTION'],
      ["SELECT throwIf(number = 3, 'told to') FROM numbers(10)", 395, 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
    ])('reports the failure of %s by code and name', async (statement, code, codeName) => {
      const failure = store.query(statement);
      await expect(failure).rejects.toBeInstanceOf(AnalyticsStoreError);
      await expect(failure).rejects.toMatchObject({ failure: 'server', code, codeName });
    });

    test('answers as ever after a failure in the middle of an answer', async () => {
      const broken = "SELECT throwIf(number = 200000, 'told to') AS value FROM numbers(300000)";
      await expect(store.query(broken)).rejects.toMatchObject({ failure: 'server', code: 395 });
      expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    test('reports a batch that does not fit its table', async () => {
      const table = await freshTable();
      await expect(insert(table, [{ ...row, time: 'never' }])).rejects.toMatchObject({ failure: 'server' });
      await expect(insert('no_such_table', [row])).rejects.toMatchObject({ failure: 'server', code: 60 });
    });

    test('stops waiting when told to, and goes on with other work', async () => {
      const controller = new AbortController();
      const slow = store.query('SELECT count() FROM numbers(3) WHERE sleepEachRow(0.5) = 0', {
        signal: controller.signal,
      });
      await sleep(100);
      controller.abort();
      await expect(slow).rejects.toMatchObject({ failure: 'aborted' });
      expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    test('does not begin when it was already told to stop', async () => {
      const signal = AbortSignal.abort();
      await expect(store.query('SELECT 1', { signal })).rejects.toMatchObject({ failure: 'aborted' });
      await expect(store.ping(signal)).rejects.toMatchObject({ failure: 'aborted' });
    });

    test('answers many queries at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          store.query('SELECT {index:UInt8} AS own', { parameters: { index } }),
        ),
      );
      expect(answers).toEqual(Array.from({ length: 20 }, (_, own) => [{ own }]));
    });
  });
}
