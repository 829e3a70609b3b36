import { describe, expect, it } from 'vitest';
import { rewritten, squeezed } from './sql-options.ts';

const KV = 'default.key_verifications_raw_v2';
const KVH = 'default.key_verifications_per_hour_v3';
const OWN = "key_verifications_raw_v2.workspace_id = 'ws_1'";
const OWN_HOUR = "key_verifications_per_hour_v3.workspace_id = 'ws_1'";
const KS = { securityFilters: [{ column: 'key_space_id', values: ['ks_1'] }] };

describe('filters', () => {
  it.each([
    ['SELECT COUNT(*) FROM kv', `SELECT COUNT(*) FROM ${KV} WHERE ${OWN} LIMIT 1000`],
    [
      'SELECT count() FROM kv WHERE a = 1 OR 1=1',
      `SELECT count() FROM ${KV} WHERE ${OWN} AND (a = 1 OR 1 = 1) LIMIT 1000`,
    ],
    [
      'WITH c AS (SELECT key_id FROM kv) SELECT * FROM c',
      `WITH c AS (SELECT key_id FROM ${KV} WHERE ${OWN} LIMIT 1000) SELECT * FROM c LIMIT 1000`,
    ],
    [
      'WITH key_verifications_raw_v2 AS (SELECT 1) SELECT * FROM kv',
      `WITH key_verifications_raw_v2 AS (SELECT 1 LIMIT 1000) SELECT * FROM ${KV} WHERE ${OWN} LIMIT 1000`,
    ],
    [
      'SELECT * FROM kv AS `r-l`',
      `SELECT * FROM ${KV} AS \`r-l\` WHERE \`r-l\`.workspace_id = 'ws_1' LIMIT 1000`,
    ],
    ['SELECT * FROM kv k', `SELECT * FROM ${KV} AS k WHERE k.workspace_id = 'ws_1' LIMIT 1000`],
    [
      `SELECT * FROM kv WHERE key_id = '' OR '1'='1'`,
      `SELECT * FROM ${KV} WHERE ${OWN} AND (key_id = '' OR '1' = '1') LIMIT 1000`,
    ],
    [
      'SELECT * FROM kv WHERE key_id IN (SELECT key_id FROM kvh)',
      `SELECT * FROM ${KV} WHERE ${OWN} AND (key_id IN (SELECT key_id FROM ${KVH} WHERE ${OWN_HOUR} LIMIT 1000)) LIMIT 1000`,
    ],
    [
      'SELECT a FROM kv EXCEPT SELECT a FROM kvh',
      `SELECT a FROM ${KV} WHERE ${OWN} LIMIT 1000 EXCEPT SELECT a FROM ${KVH} WHERE ${OWN_HOUR} LIMIT 1000`,
    ],
    [
      'SELECT a FROM kv UNION ALL SELECT b FROM kvh WHERE c ORDER BY b LIMIT 3',
      `SELECT a FROM ${KV} WHERE ${OWN} LIMIT 1000 UNION ALL SELECT b FROM ${KVH} WHERE ${OWN_HOUR} AND (c) ORDER BY b LIMIT 3`,
    ],
    [
      'SELECT (SELECT max(time) FROM kvh) AS t FROM kv PREWHERE a HAVING b',
      `SELECT (SELECT max(time) FROM ${KVH} WHERE ${OWN_HOUR} LIMIT 1000) AS t FROM ${KV} PREWHERE a WHERE ${OWN} HAVING b LIMIT 1000`,
    ],
  ])('%s', async (input, expected) => {
    expect(await rewritten(input)).toBe(squeezed(expected));
  });

  it('adds the security filters first, the workspace last, each source left to right', async () => {
    expect(await rewritten('SELECT count() FROM kv a JOIN kvh b USING key_id WHERE x = 1', KS)).toBe(
      squeezed(`SELECT count() FROM ${KV} AS a JOIN ${KVH} AS b USING (key_id)
        WHERE b.workspace_id = 'ws_1' AND (a.workspace_id = 'ws_1' AND
          (b.key_space_id IN ('ks_1') AND (a.key_space_id IN ('ks_1') AND (x = 1)))) LIMIT 1000`),
    );
  });

  it('lets no row through for a security filter without values', async () => {
    const none = { securityFilters: [{ column: 'key_space_id', values: [] }] };
    expect(await rewritten('SELECT * FROM kv', none)).toContain(squeezed(`WHERE ${OWN} AND (0) LIMIT 1000`));
  });

  it('escapes the values that it writes', async () => {
    const options = { workspaceId: "ws'\\", securityFilters: [{ column: 'c', values: ["a'b"] }] };
    expect(await rewritten('SELECT 1 FROM kv', options)).toContain(`workspace_id='ws\\'\\\\'AND(`);
    expect(await rewritten('SELECT 1 FROM kv', options)).toContain(`IN('a\\'b')`);
  });

  it.each(['kv', '`kv`', '"kv"', "'kv'"])('takes the table name %s', async (name) => {
    expect(await rewritten(`SELECT * FROM ${name}`)).toBe(
      squeezed(`SELECT * FROM ${KV} WHERE ${OWN} LIMIT 1000`),
    );
  });
});

describe('LIMIT', () => {
  it.each([
    ['LIMIT -1', 'LIMIT 1000'],
    ['LIMIT ALL', 'LIMIT 1000'],
    ['LIMIT 999999999', 'LIMIT 1000'],
    ['LIMIT 99999999999999999999999', 'LIMIT 1000'],
    ['LIMIT 1e9', 'LIMIT 1000'],
    ['LIMIT 0x10', 'LIMIT 1000'],
    ['LIMIT 1+1', 'LIMIT 1000'],
    ['LIMIT sleep(3)', 'LIMIT 1000'],
    ['LIMIT (SELECT 1)', 'LIMIT 1000'],
    ['LIMIT 0', 'LIMIT 0'],
    ['LIMIT 1000', 'LIMIT 1000'],
    ['LIMIT 100000 OFFSET 0', 'LIMIT 1000 OFFSET 0'],
    ['LIMIT 5, 10', 'LIMIT 10 OFFSET 5'],
    ['LIMIT 20000 BY a', 'LIMIT 20000 BY a LIMIT 1000'],
    ['LIMIT 2 BY a, b LIMIT 5', 'LIMIT 2 BY a, b LIMIT 5'],
    ['LIMIT 2 OFFSET 1 BY a LIMIT 5000 OFFSET 3', 'LIMIT 2 OFFSET 1 BY a LIMIT 1000 OFFSET 3'],
    ['LIMIT 1, 2 BY a LIMIT 3, 4', 'LIMIT 2 OFFSET 1 BY a LIMIT 4 OFFSET 3'],
    ['LIMIT 2 BY a LIMIT (1)', 'LIMIT 2 BY a LIMIT 1000'],
    ['LIMIT 2 BY a LIMIT -1', 'LIMIT 2 BY a LIMIT 1000'],
    ['LIMIT 2 BY a LIMIT ALL', 'LIMIT 2 BY a LIMIT 1000'],
    ['LIMIT 2 BY a LIMIT sleep(3) OFFSET 1 + 1', 'LIMIT 2 BY a LIMIT 1000 OFFSET 1 + 1'],
    [
      'LIMIT 2 BY a LIMIT (SELECT 1) OFFSET (SELECT 2)',
      'LIMIT 2 BY a LIMIT 1000 OFFSET (SELECT 2 LIMIT 1000)',
    ],
  ])('%s becomes %s', async (limit, expected) => {
    expect(await rewritten(`SELECT * FROM kv ${limit}`)).toBe(
      squeezed(`SELECT * FROM ${KV} WHERE ${OWN} ${expected}`),
    );
  });

  it('bounds inner and outer SELECTs on their own', async () => {
    expect(await rewritten('SELECT * FROM (SELECT * FROM kv LIMIT 10000) LIMIT 5')).toBe(
      squeezed(`SELECT * FROM (SELECT * FROM ${KV} WHERE ${OWN} LIMIT 1000) LIMIT 5`),
    );
  });

  it('turns TOP into LIMIT', async () => {
    expect(await rewritten('SELECT TOP 5 a FROM kv')).toBe(
      squeezed(`SELECT a FROM ${KV} WHERE ${OWN} LIMIT 5`),
    );
    expect(await rewritten('SELECT TOP 5000 a FROM kv')).toContain('LIMIT1000');
  });

  it('is left alone when there is no row limit', async () => {
    expect(await rewritten('SELECT * FROM kv LIMIT 5000', { rowLimit: 0 })).toContain('LIMIT5000');
    expect(await rewritten('SELECT * FROM kv', { rowLimit: 0 })).not.toContain('LIMIT');
  });
});

describe('functions', () => {
  it.each([
    ['COUNTIF(a = 1)', 'countIf(a=1)'],
    ["jsonextractstring(a, 'b')", "JSONExtractString(a,'b')"],
    ['toDATE(a)', 'toDate(a)'],
    ['COUNT(*)', 'COUNT(*)'],
    ['Sum(a)', 'Sum(a)'],
    ['`max`(a)', 'max(a)'],
    ['ANY(a)', 'ANY(a)'],
    ['GROUPARRAY(3)(a)', 'groupArray(3)(a)'],
    ['quantile(0.95)(a)', 'quantile(0.95)(a)'],
  ])('%s is emitted as %s', async (call, expected) => {
    expect(await rewritten(`SELECT ${call} FROM kv`)).toContain(`SELECT${expected}FROM`);
  });
});

describe('tables with rules', () => {
  const rules = {
    tableRules: new Map([[KV, { predicate: (qualifier: string) => `${qualifier}.time >= 5` }]]),
  };

  it('adds the predicate next to the workspace filter', async () => {
    expect(await rewritten('SELECT a FROM kv AS k WHERE b', rules)).toBe(
      squeezed(
        `SELECT a FROM ${KV} AS k WHERE k.workspace_id = 'ws_1' AND ((k.time >= 5) AND (b)) LIMIT 1000`,
      ),
    );
  });

  it('puts PREWHERE behind the filters', async () => {
    const where = `k.workspace_id = 'ws_1' AND ((k.time >= 5) AND`;
    expect(await rewritten('SELECT a FROM kv AS k PREWHERE b OR c', rules)).toBe(
      squeezed(`SELECT a FROM ${KV} AS k WHERE ${where} (b OR c)) LIMIT 1000`),
    );
    expect(await rewritten('SELECT a FROM kv AS k PREWHERE b OR c WHERE d OR e', rules)).toBe(
      squeezed(`SELECT a FROM ${KV} AS k WHERE ${where} ((b OR c) AND (d OR e))) LIMIT 1000`),
    );
  });

  it('replaces a table with column grants by a subquery of them', async () => {
    const grants = { tableRules: new Map([[KV, { columns: ['time', 'workspace_id', 'a'] }]]) };
    expect(await rewritten('SELECT a FROM kv FINAL PREWHERE b WHERE c', grants)).toBe(
      squeezed(`SELECT a FROM (SELECT time, workspace_id, a FROM ${KV} FINAL WHERE ${OWN}) AS key_verifications_raw_v2
        WHERE ${OWN} AND ((b) AND (c)) LIMIT 1000`),
    );
    expect(await rewritten('SELECT a FROM kvh AS h JOIN kv AS k ON h.a = k.a', grants)).toContain(
      squeezed(`JOIN (SELECT time, workspace_id, a FROM ${KV} WHERE ${OWN}) AS k ON h.a = k.a WHERE`),
    );
  });
});
