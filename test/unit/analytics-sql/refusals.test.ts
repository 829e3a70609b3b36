import { describe, expect, it } from 'vitest';
import { refusal, rewritten } from './sql-options.ts';

const QUERY = 'invalid_analytics_query';
const TYPE = 'invalid_analytics_query_type';
const TABLE = 'invalid_analytics_table';
const FUNCTION = 'invalid_analytics_function';

describe('statements', () => {
  it.each(['', '  ', ';', ' ;; ', '-- nothing', '/* nothing */'])(
    'refuses the empty text %j',
    async (sql) => {
      expect((await refusal(sql)).code).toBe(QUERY);
    },
  );

  it.each([
    'SELECT count() FROM kv; DROP TABLE x',
    'SELECT 1 FROM kv; SELECT 1 FROM kv',
    'DROP TABLE a; DROP TABLE b',
  ])('refuses two statements: %s', async (sql) => {
    expect((await refusal(sql)).code).toBe(QUERY);
  });

  it('allows trailing semicolons', async () => {
    await expect(rewritten('SELECT count() FROM kv ; ;')).resolves.toContain('count()');
  });

  it.each([
    'CREATE TABLE x (a Int8) ENGINE = Memory',
    'ATTACH TABLE x',
    'ALTER TABLE kv DELETE WHERE 1',
    'DROP TABLE kv',
    'DETACH TABLE kv',
    'TRUNCATE TABLE kv',
    'RENAME TABLE kv TO x',
    'DELETE FROM kv WHERE time < now()',
    'INSERT INTO kv SELECT * FROM kvh',
    'USE system',
    'SET max_rows = 1',
    'SYSTEM FLUSH LOGS',
    'OPTIMIZE TABLE kv',
    'CHECK TABLE kv',
    'EXPLAIN AST SELECT 1',
    'EXPLAIN SYNTAX SELECT 1',
    'EXPLAIN PIPELINE SELECT 1',
    'EXPLAIN ESTIMATE SELECT 1',
    'GRANT SELECT ON *.* TO x',
    'SHOW TABLES',
    'SHOW DATABASES',
    'SHOW CREATE TABLE kv',
    'DESC kv',
    'describe table kv',
  ])('%s is no SELECT', async (sql) => {
    expect((await refusal(sql)).code).toBe(TYPE);
  });

  it.each([
    'UPDATE kv SET a = 1',
    'KILL QUERY WHERE 1',
    'EXISTS TABLE kv',
    'EXPLAIN SELECT 1',
    'SHOW COLUMNS FROM kv',
    'GRANT SELECT',
    'GRANT TO x',
    'garbage',
    'SELECT',
    'CREATE',
    'CREATE TABLE',
    'ALTER TABLE',
    'DROP',
    'INSERT',
    'DELETE kv',
    'TRUNCATE',
    'RENAME TABLE kv',
    'USE',
    'SET x',
    'SYSTEM',
    'OPTIMIZE kv',
    'DESCRIBE',
    'EXPLAIN AST',
  ])('%s is no statement of the grammar', async (sql) => {
    expect((await refusal(sql)).code).toBe(QUERY);
  });

  it.each([
    'SELECT 1 FROM kv SETTINGS max_execution_time = 100',
    'SELECT 1 FROM (SELECT 1 FROM kv SETTINGS a = 1)',
    'SELECT 1 FROM kv WHERE a IN (SELECT 1 SETTINGS a = 1)',
    'SELECT 1 FROM kv UNION ALL SELECT 1 SETTINGS a = 1',
    'WITH c AS (SELECT 1 SETTINGS a = 1) SELECT 1 FROM kv',
    'SELECT 1 FROM kv SETTINGS a = 1 FORMAT JSON',
    "SELECT 1 FROM kv LIMIT 1 BY a SETTINGS additional_table_filters = {'x': '1'}",
  ])('refuses settings: %s', async (sql) => {
    expect((await refusal(sql)).code).toBe(QUERY);
  });
});

describe('size', () => {
  const padded = (bytes: number) => `SELECT 1 FROM kv -- ${'x'.repeat(bytes - 20)}`;

  it('counts UTF-8 bytes and names the maximum length', async () => {
    await expect(rewritten(padded(16_384))).resolves.toContain('LIMIT1000');
    const tooLong = await refusal(padded(16_385));
    expect(tooLong).toMatchObject({ code: QUERY, detail: expect.stringContaining('maximum length') });
    expect((await refusal(`SELECT '${'é'.repeat(8_200)}' FROM kv`)).detail).toContain('maximum length');
  });

  it('allows 2 000 nodes', async () => {
    await expect(rewritten(`SELECT 1${'+1'.repeat(996)} FROM kv`)).resolves.toContain('LIMIT1000');
    expect((await refusal(`SELECT 1${'+1'.repeat(997)} FROM kv`)).code).toBe(QUERY);
  });

  it('allows 64 projected columns in all', async () => {
    await expect(rewritten(`SELECT 1${',1'.repeat(63)} FROM kv`)).resolves.toContain('LIMIT1000');
    expect((await refusal(`SELECT 1${',1'.repeat(64)} FROM kv`)).code).toBe(QUERY);
    const branches = `SELECT 1 FROM kv EXCEPT (SELECT 1${',1'.repeat(63)})`;
    expect((await refusal(branches)).code).toBe(QUERY);
  });
});

describe('tables', () => {
  it.each([
    'SELECT * FROM KV',
    'SELECT * FROM key_verifications',
    'SELECT * FROM key_verifications_raw_v2',
    'SELECT * FROM default.key_verifications_raw_v2',
    'SELECT * FROM default.kv',
    'SELECT * FROM system.tables',
    'SELECT * FROM a.b.c',
    'SELECT * FROM kv JOIN ratelimits_v1 AS r ON 1',
    'SELECT * FROM kv WHERE a IN (SELECT 1 FROM system.one)',
    'SELECT * FROM kv ORDER BY (SELECT 1 FROM other)',
    'SELECT 1 FROM kv UNION ALL SELECT 1 FROM other',
    'SELECT 1 FROM kv EXCEPT SELECT 1 FROM other',
    'SELECT sum((SELECT 1 FROM other)) OVER (ORDER BY (SELECT 2 FROM other)) FROM kv',
    'WITH KV AS (SELECT 1) SELECT * FROM kv',
    'SELECT * FROM (WITH kvh AS (SELECT 1) SELECT 1 FROM kv)',
    'SELECT * FROM (WITH d AS (SELECT 1) SELECT * FROM d)',
    'WITH c AS (SELECT 1) SELECT * FROM default.c',
    'WITH c AS (SELECT * FROM c) SELECT * FROM c',
    'WITH c AS (SELECT * FROM d), d AS (SELECT 1) SELECT * FROM c',
    'WITH (SELECT 1) AS c SELECT * FROM c',
    'SELECT * FROM kv WHERE a IN (kvh)',
    'SELECT * FROM kv WHERE a IN ((key_verifications_raw_v2))',
    'SELECT * FROM kv WHERE a IN (default.key_verifications_raw_v2)',
    'SELECT * FROM kv WHERE a IN (key_verifications_raw_v2 AS x)',
  ])('refuses %s', async (sql) => {
    expect((await refusal(sql)).code).toBe(TABLE);
  });

  it('refuses a physical table that is not listed, or a system table behind an alias', async () => {
    const aliases = new Map([
      ['kv', 'default.elsewhere'],
      ['sys', 'System.tables'],
    ]);
    expect((await refusal('SELECT 1 FROM kv', { aliases })).code).toBe(TABLE);
    const allowedTables = ['System.tables'];
    expect((await refusal('SELECT 1 FROM sys', { aliases, allowedTables })).code).toBe(TABLE);
  });

  it.each(['SELECT 1', 'SELECT 1 UNION ALL SELECT 1 FROM kv', 'WITH 1 AS a SELECT a'])(
    'wants FROM: %s',
    async (sql) => {
      expect((await refusal(sql)).code).toBe(QUERY);
    },
  );

  it.each([
    'numbers(10)',
    "file('x')",
    "url('http://x')",
    "remote('h', a, b)",
    "merge('default', 'r')",
    'count(1)',
  ])('refuses the table function %s', async (call) => {
    expect((await refusal(`SELECT * FROM ${call}`)).code).toBe(FUNCTION);
    expect((await refusal(`SELECT * FROM kv JOIN ${call} AS x ON 1`)).code).toBe(FUNCTION);
  });

  it('refuses VALUES as a table', async () => {
    expect((await refusal("SELECT * FROM VALUES('a Int8', 1)")).code).toBe(FUNCTION);
  });
});

describe('set operands', () => {
  it.each(['kvh', 'default.kvh', "'a'", 'concat(a)', '{p:Array(String)}', 'a.b', '`kvh`', '1'])(
    'refuses IN %s',
    async (operand) => {
      expect((await refusal(`SELECT * FROM kv WHERE key_id IN ${operand}`)).code).toBe(QUERY);
      expect((await refusal(`SELECT * FROM kv WHERE key_id NOT IN ${operand}`)).code).toBe(QUERY);
      expect((await refusal(`SELECT * FROM kv WHERE key_id GLOBAL IN ${operand}`)).code).toBe(QUERY);
    },
  );

  it('binds a CTE in the brackets of IN to its definition', async () => {
    expect(
      await rewritten('WITH c AS (SELECT key_id FROM kv) SELECT 1 FROM kv WHERE key_id IN (C)'),
    ).toContain('IN(c)');
  });
});

describe('functions', () => {
  it.each([
    "file('/etc/passwd')",
    'exists(SELECT 1)',
    'EXISTS (SELECT 1 FROM kv)',
    'in(1, 2)',
    'tuple(1)',
    'quantiles(0.5)(a)',
    'quantileTDigest(a)',
    'countState()',
    'sumMerge(a)',
    'avgIf(a, b)',
    'row_number() OVER ()',
    'arrayMap(x -> x, a)',
    'mod(1, 2)',
    'intDiv(1, 2)',
    'ifNull(a, 1)',
    'nullIf(a, 1)',
    'toUnixTimestamp(a)',
    'toStartOfInterval(a, INTERVAL 1 DAY)',
    "JSONExtractRaw(a, 'b')",
    "url('x')",
    'sleep(1)',
    "dictGet('a', 'b', 1)",
    "COLUMNS('a')",
    '* EXCEPT (a)',
    '* EXCEPT a',
    '* REPLACE (1 AS a)',
    '* APPLY(sum)',
    "quantile(0.95)(file('x'))",
    "quantile(file('x'))(a)",
    "arrayFilter(x -> file('y'), a)",
    'arrayFilter(sleep, [1])',
    'arrayFilter((sleep AS f), [1])',
    "[1][sleep(1)] + {'a': sleep(1)}['a']",
    'CASE WHEN sleep(1) THEN 1 END',
    'CAST(sleep(1) AS Int8)',
    'EXTRACT(YEAR FROM sleep(1))',
    'INTERVAL sleep(1) DAY',
    'a ? sleep(1) : 2',
    '(a, sleep(1)).1',
    'sum(a) OVER (ORDER BY sleep(1))',
  ])('refuses %s', async (call) => {
    expect((await refusal(`SELECT ${call} FROM kv`)).code).toBe(FUNCTION);
  });

  it.each([
    'WITH sleep(1) AS s SELECT 1 FROM kv',
    'WITH c AS (SELECT sleep(1)) SELECT 1 FROM kv',
    'SELECT DISTINCT ON (sleep(1)) a FROM kv',
    'SELECT 1 FROM kv SAMPLE sleep(1)',
    'SELECT 1 FROM kv JOIN kvh AS b ON sleep(1)',
    'SELECT 1 FROM kv ARRAY JOIN sleep(1) AS t',
    'SELECT 1 FROM kv PREWHERE sleep(1)',
    'SELECT 1 FROM kv WHERE sleep(1)',
    'SELECT 1 FROM kv GROUP BY sleep(1)',
    'SELECT 1 FROM kv GROUP BY GROUPING SETS ((sleep(1)))',
    'SELECT 1 FROM kv HAVING sleep(1)',
    'SELECT 1 FROM kv WINDOW w AS (PARTITION BY sleep(1))',
    'SELECT 1 FROM kv ORDER BY sleep(1)',
    'SELECT 1 FROM kv ORDER BY a WITH FILL FROM sleep(1) TO 2',
    'SELECT 1 FROM kv ORDER BY a WITH FILL INTERPOLATE (a AS sleep(1))',
    'SELECT 1 FROM kv LIMIT 1 BY sleep(1)',
    'SELECT 1 FROM kv LIMIT sleep(1) BY a',
    'SELECT 1 FROM kv LIMIT 1 + EXISTS(SELECT 1)',
    'SELECT 1 FROM kv LIMIT (SELECT 1 FROM numbers(3))',
    'SELECT 1 FROM kv LIMIT 1 BY a LIMIT (SELECT 1 FROM numbers(3))',
    'SELECT 1 FROM kv LIMIT 1 OFFSET sleep(1)',
    'SELECT 1 FROM kv UNION ALL SELECT sleep(1)',
    'SELECT 1 FROM kv EXCEPT SELECT sleep(1)',
    'SELECT 1 FROM (SELECT sleep(1))',
  ])('looks everywhere: %s', async (sql) => {
    expect((await refusal(sql)).code).toBe(FUNCTION);
  });
});

describe('names that could stand in for the filter', () => {
  it.each([
    "SELECT CAST(('ws_1', 1) AS Tuple(workspace_id String, a Int8)) AS key_verifications_raw_v2 FROM kv",
    "WITH CAST(('ws_1', 1) AS Tuple(workspace_id String, a Int8)) AS K SELECT 1 FROM kv AS k",
    "SELECT 1 FROM kv ARRAY JOIN ['ws_1'] AS `key_verifications_raw_v2.workspace_id`",
    "SELECT 1 FROM kv AS k, (SELECT 'ws_1' AS workspace_id) AS k",
    "SELECT 1 FROM kv AS k, (SELECT 'ws_1' AS `k.workspace_id`) AS s",
    "SELECT 1 FROM kv AS k, (SELECT 'ws_1' AS `K.a.b`) AS s",
    'SELECT 1 FROM kv AS `a.b`',
    'SELECT 1 FROM kv, kv',
    'SELECT 1 FROM kv AS a JOIN kv ON 1 = 1',
    'SELECT 1 FROM kv JOIN kv AS a ON 1 = 1',
    'SELECT 1 FROM kv AS key_verifications_per_hour_v3 JOIN kvh AS b ON 1 = 1',
    'WITH key_verifications_raw_v2 AS (SELECT 1) SELECT 1 FROM kv, key_verifications_raw_v2 AS c',
    'SELECT 1 FROM kv AS attributes',
    'WITH key_verifications_raw_v2 AS (SELECT 1) SELECT 1 FROM kv, key_verifications_raw_v2',
    'WITH c AS (SELECT 1), C AS (SELECT 2) SELECT 1 FROM kv',
  ])('refuses %s', async (sql) => {
    expect((await refusal(sql)).code).toBe(QUERY);
  });
});

describe('column grants', () => {
  const tableRules = new Map([['default.key_verifications_raw_v2', { columns: ['time', 'workspace_id'] }]]);

  it.each([
    'SELECT * FROM kv',
    'SELECT k.* FROM kv AS k',
    'SELECT concat(*) FROM kv',
    'SELECT 1 FROM (SELECT * FROM kv)',
  ])('refuses %s', async (sql) => {
    const refused = await refusal(sql, { tableRules });
    expect(refused).toMatchObject({ code: QUERY, detail: expect.stringContaining('instead of *') });
  });

  it.each(['SELECT count(*) FROM kv', 'SELECT * FROM (SELECT time FROM kv)', 'SELECT time * 2 FROM kv'])(
    'allows %s',
    async (sql) => {
      await expect(rewritten(sql, { tableRules })).resolves.toContain('LIMIT1000');
    },
  );
});

describe('the order of the checks', () => {
  it.each([
    ['DROP TABLE x; SELECT sleep(1)', QUERY],
    ['DROP TABLE system.x', TYPE],
    ['WITH kv AS (SELECT 1) SELECT 1 FROM kv WHERE a IN b SETTINGS x = 1', QUERY],
    ['WITH kv AS (SELECT 1) SELECT 1 FROM kv WHERE a IN b', TABLE],
    ['SELECT 1 FROM system.one WHERE a IN b', QUERY],
    ['SELECT sleep(1)', QUERY],
    ['SELECT sleep(1) FROM system.one', TABLE],
    ['SELECT 1 FROM numbers(10), system.one', TABLE],
    ['SELECT 1 FROM numbers(10) WHERE a IN b', QUERY],
    ["SELECT 1 FROM numbers(10) WHERE time > '2000-01-01'", FUNCTION],
    ['SELECT sleep(1) FROM kv, kv', FUNCTION],
    ["SELECT 1 FROM kv, kv WHERE time > '2000-01-01'", 'query_range_exceeds_retention'],
    ['SELECT 1 FROM kv, kv', QUERY],
    ["SELECT sleep(1) FROM kv WHERE time > '2000-01-01'", FUNCTION],
    ["SELECT 1 FROM kv WHERE time > '2000-01-01'", 'query_range_exceeds_retention'],
  ])('%s', async (sql, code) => {
    expect((await refusal(sql)).code).toBe(code);
  });
});
