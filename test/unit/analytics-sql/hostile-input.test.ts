// Texts made to exhaust a parser: each is refused or rewritten, and leaves the checker working.
import { afterEach, describe, expect, it } from 'vitest';
import { parseSql } from '../../../src/services/analytics/sql/parser.ts';
import { refusal, rewritten } from './sql-options.ts';

const KV = 'default.key_verifications_raw_v2';

afterEach(async () => {
  expect(await rewritten('SELECT 1 FROM kv')).toContain(KV);
});

describe('texts within the size limit', () => {
  it.each([
    ['10 000 open brackets', `SELECT ${'('.repeat(10_000)}`],
    ['8 000 bracket pairs', `SELECT ${'('.repeat(8_000)}1${')'.repeat(8_000)} FROM kv`],
    ['99 nested arrays too many', `SELECT ${'['.repeat(150)}1${']'.repeat(150)} FROM kv`],
    ['nested subqueries', `SELECT * FROM ${'(SELECT * FROM '.repeat(500)}kv${')'.repeat(500)}`],
    ['a chain of fields', `SELECT a${'.a'.repeat(8_000)} FROM kv`],
    ['a chain of subscripts', `SELECT a${'[1]'.repeat(5_000)} FROM kv`],
    ['a chain of casts', `SELECT a${'::Int8'.repeat(2_600)} FROM kv`],
    ['a chain of minus signs', `SELECT ${'- '.repeat(8_000)}1 FROM kv`],
    ['a chain of NOT', `SELECT ${'NOT '.repeat(4_000)}1 FROM kv`],
    ['a chain of ternaries', `SELECT ${'a ? b : '.repeat(1_500)}1 FROM kv`],
    ['a sum', `SELECT 1${'+1'.repeat(8_000)} FROM kv`],
    ['a long list', `SELECT 1 FROM kv WHERE a IN (1${',1'.repeat(8_000)})`],
    ['many branches', `SELECT 1 FROM kv${' UNION ALL SELECT 1 FROM kv'.repeat(600)}`],
    ['many joins', `SELECT 1 FROM kv${' JOIN kv USING a'.repeat(1_000)}`],
    ['many statements', `SELECT 1 FROM kv${';SELECT 1'.repeat(1_800)}`],
    ['only semicolons', ';'.repeat(16_000)],
    ['open comments', '/*'.repeat(8_000)],
    ['an open string', `SELECT '${"''".repeat(8_000)}`],
    ['open braces', `SELECT ${'{'.repeat(90)} FROM kv`],
    ['a type that nests', `SELECT a::${'Array('.repeat(95)}Int8 FROM kv`],
    ['keywords', 'SELECT '.repeat(2_300)],
    ['a chain of empty subscripts', `SELECT a${'[]'.repeat(8_000)} FROM kv`],
    ['limits behind LIMIT BY', `SELECT 1 FROM kv LIMIT 1 BY a ${'LIMIT ('.repeat(99)}`],
  ])('refuses %s', async (_, sql) => {
    expect((await refusal(sql)).code).toBe('invalid_analytics_query');
  });

  it.each([
    ['a string as long as the text', `SELECT '${'x'.repeat(16_000)}' FROM kv`],
    ['comments in a row', `${'/**/'.repeat(3_900)}SELECT 1 FROM kv`],
    ['a chain of conditions', `SELECT 1 FROM kv WHERE a${' AND a'.repeat(900)}`],
    ['64 branches', `SELECT a FROM kv${' UNION ALL SELECT a FROM kv'.repeat(63)}`],
    ['1 700 windows', `SELECT 1 FROM kv WINDOW ${'w AS (), '.repeat(1_700)}v AS ()`],
    ['half a surrogate pair', "SELECT '\ud800' FROM kv"],
  ])('rewrites %s', async (_, sql) => {
    expect(await rewritten(sql)).toContain(KV);
  });
});

describe('the parser', () => {
  it('works again after its WebAssembly code has trapped', async () => {
    await expect(parseSql(`SELECT a${'[1]'.repeat(20_000)} FROM b`)).rejects.toThrow('Syntax error');
    await expect(parseSql('SELECT a FROM b')).resolves.toHaveLength(1);
  });

  it('lets go of the memory of the instances that trapped', async () => {
    for (let times = 0; times < 40; times += 1) {
      await expect(parseSql(`SELECT a${'[1]'.repeat(20_000)} FROM b`)).rejects.toThrow('Syntax error');
    }
    // An instance takes some 75 MB of it.
    expect(process.memoryUsage().external).toBeLessThan(1_500_000_000);
  });
});
