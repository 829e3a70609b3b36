// Values that have broken programs before.
import type { Random } from '../prng.ts';
import { type Json, Members, Raw } from './json-text.ts';

/** Texts that are hard to store, to compare, to measure or to show. */
const TEXTS: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\u0001\u001f\u007f',
  '\r\nX-Injected: 1',
  '\t',
  '\ud800',
  '\udc00\ud800',
  'a\ud83d',
  '😀',
  '👩‍👩‍👧‍👦',
  '🇩🇪',
  '𝒳𝒴',
  '\u{10ffff}',
  '\uffff\ufffe',
  '\ufeffbom',
  '\u202eevil\u202c',
  '\u2066\u2069',
  'a\u200bb\u200dc\u2060',
  'é',
  'e\u0301',
  `z${'\u0335'.repeat(60)}`,
  'аpi', // the first letter is Cyrillic
  'ＡＢＣ',
  'İıſK',
  'ß',
  'ﷺ',
  '\u00a0\u2003\u3000',
  '\u2028\u2029',
  '٣',
  "' OR '1'='1",
  '"; DROP TABLE keys; --',
  '` \\',
  '%',
  '_%\\%',
  '\\',
  '*',
  '**',
  '../../etc/passwd',
  '/',
  '#{7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '$(id)',
  ':name',
  '?',
  '?0',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'null',
  'undefined',
  'NaN',
  'true',
  '-1',
  '1e400',
  '0x1F',
  '9223372036854775808',
  'ws_',
  'key_',
  'unkey:v1:*:**#*',
  'api.*.read_key',
];

/** What a caller writes for a number; the last few are no JSON. */
const NUMBERS: readonly string[] = [
  '0',
  '-0',
  '-0.0',
  '1',
  '-1',
  '0.5',
  '1.0',
  '1e2',
  '1E+2',
  '1e-7',
  '2147483647',
  '2147483648',
  '-2147483649',
  '4294967296',
  '9007199254740991',
  '9007199254740992',
  '-9007199254740991',
  '-9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775809',
  '18446744073709551616',
  '1e308',
  '1e400',
  '-1e400',
  '5e-324',
  '1e-400',
  `1${'0'.repeat(400)}`,
  `0.${'3'.repeat(400)}`,
  'NaN',
  '-Infinity',
  '01',
  '+1',
  '1.',
  '.5',
  '0x10',
  '1_000',
];

export const HOSTILE_NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
  'toJSON',
  'then',
  'length',
  '$ref',
  '',
  '\u0000',
  '\ud800',
  'ｋey',
  'a.b',
  'a/b~c',
  '%',
  '0',
  '-1',
];

/** A text that is hostile, or long, or both. */
export function hostileText(random: Random): string {
  const text = random.pick(TEXTS);
  if (random.chance(0.1)) return text.repeat(random.integer(2, 40));
  if (random.chance(0.02)) return (text || 'x').repeat(Math.ceil(70_000 / (text.length || 1)));
  return random.chance(0.3) ? `${text}${random.pick(TEXTS)}` : text;
}

/** A text of exactly `length` code points, of plain letters or of one that is not. */
export function textOfLength(length: number, random: Random): string {
  const unit = random.chance(0.6)
    ? 'a'
    : random.pick(['é', '漢', '😀', '\u0301', '\u200b', '\u202e', "'", ' ']);
  return unit.repeat(length);
}

export function hostileNumber(random: Random): Json {
  return new Raw(random.pick(NUMBERS));
}

/** Any value whatever. */
export function hostileValue(random: Random, depth = 0): Json {
  switch (random.integer(0, depth > 3 ? 4 : 7)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return hostileNumber(random);
    case 3:
    case 4:
      return hostileText(random);
    case 5:
      return Array.from({ length: random.integer(0, 4) }, () => hostileValue(random, depth + 1));
    case 6:
      return new Raw(deepText(random));
    default:
      return hostileObject(random, depth);
  }
}

/** An object whose members mean something to JavaScript, or are there twice. */
export function hostileObject(random: Random, depth = 0): Members {
  const entries = Array.from({ length: random.integer(0, 4) }, (): [string, Json] => [
    random.chance(0.6) ? random.pick(HOSTILE_NAMES) : hostileText(random),
    hostileValue(random, depth + 1),
  ]);
  const [first] = entries;
  if (first !== undefined && random.chance(0.2)) entries.push([first[0], hostileValue(random, depth + 1)]);
  return new Members(entries);
}

function deepText(random: Random): string {
  const levels = random.pick([10, 100, 990, 1_001, 5_000]);
  return random.chance(0.5)
    ? `${'['.repeat(levels)}${']'.repeat(levels)}`
    : `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
}
