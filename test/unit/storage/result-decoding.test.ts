import { describe, expect, test } from 'vitest';
import { parseExactJson } from '../../../src/lib/exact-json.ts';
import { memberType, parseColumnType } from '../../../src/storage/analytics/column-type.ts';
import { dateTimeToRfc3339 } from '../../../src/storage/analytics/date-texts.ts';
import { decodeResult } from '../../../src/storage/analytics/result-decoding.ts';
import { decoderFor } from '../../../src/storage/analytics/value-decoders.ts';

function decode(type: string, json: string): unknown {
  return decoderFor(type, 'UTC')?.(parseExactJson(json));
}

describe('types in the header of an answer', () => {
  test.each([
    ['String', 'String', []],
    ['Array(UInt8)', 'Array', ['UInt8']],
    ['Map(String, Array(UInt8))', 'Map', ['String', 'Array(UInt8)']],
    ["Enum8('a' = 1, 'b, ()' = 2)", 'Enum8', ["'a' = 1", "'b, ()' = 2"]],
    ["Enum8('it\\'s, (' = 1)", 'Enum8', ["'it\\'s, (' = 1"]],
    ['Tuple(`a, b` UInt8, c Tuple(String, Date))', 'Tuple', ['`a, b` UInt8', 'c Tuple(String, Date)']],
    ['Tuple()', 'Tuple', []],
  ])('%s', (text, name, parameters) => {
    expect(parseColumnType(text)).toEqual({ name, parameters });
  });

  test('members of a tuple may have names', () => {
    expect(memberType('UInt8')).toEqual({ name: undefined, type: 'UInt8' });
    expect(memberType('b Map(String, UInt8)')).toEqual({ name: 'b', type: 'Map(String, UInt8)' });
    expect(memberType('`o\\`dd name` Date')).toEqual({ name: 'o`dd name', type: 'Date' });
    expect(memberType('Map(String, UInt8)')).toEqual({ name: undefined, type: 'Map(String, UInt8)' });
  });
});

describe('dates with time', () => {
  test.each([
    ['2026-08-20 12:00:00', 'UTC', '2026-08-20T12:00:00Z'],
    ['2026-08-20 12:00:00.000', 'UTC', '2026-08-20T12:00:00Z'],
    ['2026-08-20 12:00:00.120000', 'Etc/UTC', '2026-08-20T12:00:00.12Z'],
    ['2026-08-20T12:00:00.5Z', 'Europe/Berlin', '2026-08-20T12:00:00.5Z'],
    ['2026-08-20 12:00:00', 'Europe/Berlin', '2026-08-20T12:00:00+02:00'],
    ['2026-01-20 12:00:00', 'Europe/Berlin', '2026-01-20T12:00:00+01:00'],
    ['2026-03-29 01:59:59', 'Europe/Berlin', '2026-03-29T01:59:59+01:00'],
    ['2026-03-29 03:00:00', 'Europe/Berlin', '2026-03-29T03:00:00+02:00'],
    ['2026-10-25 02:30:00', 'Europe/Berlin', '2026-10-25T02:30:00+01:00'],
    ['2026-10-25 01:59:59', 'Europe/Berlin', '2026-10-25T01:59:59+02:00'],
    ['2026-08-20 12:00:00', 'Asia/Kathmandu', '2026-08-20T12:00:00+05:45'],
    ['2026-01-20 12:00:00', 'America/St_Johns', '2026-01-20T12:00:00-03:30'],
    ['2026-01-20 12:00:00', 'Africa/Abidjan', '2026-01-20T12:00:00+00:00'],
  ])('%s in %s is %s', (text, zone, expected) => {
    expect(dateTimeToRfc3339(text, zone)).toBe(expected);
  });

  test('an instant reads the same from its text in any zone', () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
      'Pacific/Apia',
    ];
    for (const zone of zones) {
      for (let instant = Date.UTC(2026, 0, 1); instant < Date.UTC(2027, 0, 1); instant += 5_011_000) {
        const text = new Date(instant).toLocaleString('sv-SE', { timeZone: zone });
        const read = Date.parse(dateTimeToRfc3339(text, zone));
        // In the hour that a clock change repeats, the text has two meanings.
        if (read !== instant) expect(new Date(read).toLocaleString('sv-SE', { timeZone: zone })).toBe(text);
      }
    }
  });

  test('what is no date with time is refused', () => {
    expect(() => dateTimeToRfc3339('1787227200', 'UTC')).toThrow(RangeError);
  });
});

describe('values of servers with other settings', () => {
  test.each([
    ['UInt64', '"18446744073709551615"', 18446744073709551615n],
    ['Int64', '"12"', 12],
    ['Float64', '"nan"', null],
    ['Float64', '"-inf"', null],
    ['Float64', '"1.5"', 1.5],
    ['Decimal(9, 2)', '"1.50"', '1.50'],
    ['Decimal(9, 2)', '1.50', '1.50'],
    ['Nested(a UInt8, b Date)', '[{"a":1,"b":"2026-08-20"}]', [{ a: 1, b: '2026-08-20T00:00:00Z' }]],
    ['Tuple(UInt8, Date)', '[1,"2026-08-20"]', [1, '2026-08-20T00:00:00Z']],
    ['JSON', '{"a":{"b":9007199254740993,"c":1.5}}', { a: { b: 9007199254740993n, c: 1.5 } }],
  ])('%s of %s', (type, json, expected) => {
    expect(decode(type, json)).toEqual(expected);
  });

  test('a member called __proto__ is one like any other', () => {
    const value = decode('Map(String, UInt8)', '{"__proto__":1}');
    expect(Object.entries(value as object)).toEqual([['__proto__', 1]]);
  });
});

describe('an answer', () => {
  test('without its types is not one', () => {
    expect(() => decodeResult('["a"]\n')).toThrow('not what was asked for');
  });

  test.each([
    '["a"]\n["UInt8"]\n[1\n',
    '["a"]\n["UInt8"]\n{"a":1}\n',
    '["a"]\n["Array(UInt8)"]\n[1]\n',
    'no',
  ])('with a broken line is refused: %j', (text) => {
    expect(() => decodeResult(text)).toThrow('not what was asked for');
  });

  test('that is empty has no rows', () => {
    expect(decodeResult('')).toEqual([]);
  });
});
