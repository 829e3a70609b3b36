import { describe, expect, test } from 'vitest';
import type { SqlParams } from '../../../src/storage/sql/database.ts';
import { fillPlaceholders } from '../../../src/storage/sql/statement.ts';

const fill = (dialect: 'mysql' | 'sqlite', sql: string, params: SqlParams = {}) =>
  fillPlaceholders(dialect, sql, params, (value) => `<${value}>`);

describe('fillPlaceholders', () => {
  test('fills every placeholder, also right before an operator or a bracket', () => {
    expect(fill('mysql', 'a=:a AND (:a+:b)>:b2;', { a: 1, b: 2, b2: 3 })).toBe('a=<1> AND (<1>+<2>)><3>;');
  });

  test('never looks for placeholders in a value that it has written', () => {
    expect(fill('mysql', ':a :b', { a: ':b', b: ':a' })).toBe('<:b> <:a>');
  });

  test.each(["':a'", "'it''s :a'", '":a"', '`:a`', '-- :a', '/* :a */', 'x::a'])('leaves %s alone', (sql) => {
    expect(fill('mysql', sql)).toBe(sql);
    expect(fill('sqlite', sql)).toBe(sql);
  });

  test('a backslash escapes a quote in MySQL literals only', () => {
    expect(fill('mysql', String.raw`'\' :a'`)).toBe(String.raw`'\' :a'`);
    expect(fill('sqlite', String.raw`'\' :a`, { a: 1 })).toBe(String.raw`'\' <1>`);
  });

  test('writes a list with commas and an empty one as NULL', () => {
    expect(fill('mysql', 'IN (:a) IN (:b)', { a: [1, 2], b: [] })).toBe('IN (<1>, <2>) IN (NULL)');
  });

  test('takes no value from the prototype of the parameters', () => {
    expect(() => fill('mysql', ':constructor')).toThrow(':constructor has no value');
  });
});
