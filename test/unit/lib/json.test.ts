import { describe, expect, it } from 'vitest';
import { stringifyJson, toInteger, toNullableInteger } from '../../../src/lib/json.ts';

describe('stringifyJson', () => {
  it('writes a bigint as an exact JSON integer', () => {
    expect(stringifyJson({ credits: 9223372036854775807n, list: [1n, 2] })).toBe(
      '{"credits":9223372036854775807,"list":[1,2]}',
    );
  });

  it('writes everything else as JSON.stringify does', () => {
    const value = { text: 'a"b', none: null, nested: [{ yes: true }], gone: undefined };
    expect(stringifyJson(value)).toBe(JSON.stringify(value));
  });

  it('refuses a circular value', () => {
    const circle: Record<string, unknown> = { big: 1n };
    circle.self = circle;
    expect(() => stringifyJson(circle)).toThrow(TypeError);
  });
});

describe('toInteger', () => {
  it.each([
    [42, 42],
    ['42', 42],
    ['-9007199254740991', -9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['18446744073709551615', 18446744073709551615n],
    [9223372036854775807n, 9223372036854775807n],
    [7n, 7],
  ])('hands over %s as %s', (column, integer) => {
    expect(toInteger(column)).toBe(integer);
  });
});

describe('toNullableInteger', () => {
  it('keeps null and converts the rest', () => {
    expect(toNullableInteger(null)).toBeNull();
    expect(toNullableInteger('3')).toBe(3);
  });
});
