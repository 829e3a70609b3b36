// Quoted text in ClickHouse's SQL: 'strings', "identifiers", `identifiers`.
import { queryFault } from './faults.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  0: '\0',
};

/** Characters that lose their backslash; before any other one ClickHouse keeps it, as LIKE patterns want it. */
const PLAIN_AFTER_BACKSLASH = new Set(['\\', "'", '"', '`', '/']);

/**
 * Reads the quoted text that begins at `position`; a doubled quote and a backslash escape both stand for the quote.
 *
 * @returns the decoded content and the length in the source, quotes included.
 * @throws Fault invalid_analytics_query when it is not terminated, or holds NUL or an escaped byte outside ASCII
 *   (which is no character of the text).
 */
export function readQuoted(sql: string, position: number): { value: string; length: number } {
  const quote = sql.charAt(position);
  let value = '';
  let at = position + 1;
  while (at < sql.length) {
    const character = sql.charAt(at);
    if (character === quote) {
      if (sql.charAt(at + 1) !== quote) return { value: withoutNul(value), length: at + 1 - position };
      value += quote;
      at += 2;
    } else if (character === '\\') {
      const read = readEscape(sql, at + 1);
      value += read.value;
      at += 1 + read.length;
    } else {
      value += character;
      at += 1;
    }
  }
  throw queryFault('A quoted text is not terminated.');
}

function readEscape(sql: string, at: number): { value: string; length: number } {
  const letter = sql.charAt(at);
  if (letter === '') throw queryFault('A quoted text is not terminated.');
  if (letter === 'x') {
    const digits = sql.slice(at + 1, at + 3);
    if (!/^[0-7][0-9A-Fa-f]$/.test(digits)) throw queryFault('Escapes of bytes (\\x…) are limited to ASCII.');
    return { value: String.fromCharCode(Number.parseInt(digits, 16)), length: 3 };
  }
  if (letter === 'N') return { value: '', length: 1 };
  const known = ESCAPES[letter];
  if (known !== undefined) return { value: known, length: 1 };
  return { value: PLAIN_AFTER_BACKSLASH.has(letter) ? letter : `\\${letter}`, length: 1 };
}

function withoutNul(value: string): string {
  if (value.includes('\0')) throw queryFault('NUL is not allowed in a query.');
  return value;
}

/** `value` as a ClickHouse string literal. */
export function stringLiteral(value: string): string {
  return `'${escaped(value).replaceAll("'", "\\'")}'`;
}

/** `name` as a quoted ClickHouse identifier. */
export function quotedIdentifier(name: string): string {
  return `\`${escaped(name).replaceAll('`', '\\`')}\``;
}

function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
}
