// The type in `x::Type`, `CAST(x AS Type)` and `CAST(x, 'Type')`, read from tokens: a parser for many dialects would
// change its spelling, and ClickHouse's type names are case-sensitive.
import { queryFault, shown } from './faults.ts';
import { type Token, tokenize } from './lexer.ts';
import { quotedIdentifier, stringLiteral } from './quoted.ts';

const TYPES = new Set(
  `bool boolean int8 int16 int32 int64 int128 int256 uint8 uint16 uint32 uint64 uint128 uint256 float32 float64
   decimal decimal32 decimal64 decimal128 decimal256 string fixedstring uuid date date32 datetime datetime32 datetime64
   enum enum8 enum16 array tuple map nullable lowcardinality ipv4 ipv6 int integer bigint smallint tinyint signed
   unsigned float double real dec numeric char varchar text timestamp`.split(/\s+/),
);

export interface TypeText {
  readonly sql: string;
  /** How many tokens the type takes. */
  readonly length: number;
}

/** Reads the type that begins at `start`; undefined when no known type is there. */
export function readType(tokens: readonly Token[], start: number): TypeText | undefined {
  const word = tokens[start];
  if (word?.kind !== 'word' || !TYPES.has(word.text.toLowerCase())) return undefined;
  if (!isOperator(tokens[start + 1], '(')) return { sql: word.text, length: 1 };
  const args: string[] = [];
  let at = start + 2;
  for (;;) {
    const arg = readArgument(tokens, at);
    if (arg === undefined) return undefined;
    args.push(arg.sql);
    at += arg.length;
    if (isOperator(tokens[at], ')'))
      return { sql: `${word.text}(${args.join(', ')})`, length: at + 1 - start };
    if (!isOperator(tokens[at], ',')) return undefined;
    at += 1;
  }
}

/**
 * The type named by a string, as in `CAST(x, 'UInt8')`.
 *
 * @throws Fault invalid_analytics_query when it is no known type.
 */
export function typeFromString(text: string): string {
  const tokens = tokenize(text);
  const type = readType(tokens, 0);
  if (type === undefined || type.length !== tokens.length) throw queryFault(`Unknown type ${shown(text)}.`);
  return type.sql;
}

/** A type, a named element of a tuple, a number, a string, or an entry of an enumeration. */
function readArgument(tokens: readonly Token[], start: number): TypeText | undefined {
  const first = tokens[start];
  // `date Date` names an element like a type.
  const type = readNamedElement(tokens, start) ?? readType(tokens, start);
  if (type !== undefined) return type;
  switch (first?.kind) {
    case 'number':
      return { sql: first.text, length: 1 };
    case 'string':
      return readEnumEntry(tokens, start, stringLiteral(first.text));
    default:
      return undefined;
  }
}

/** `'name'` or `'name' = number`. */
function readEnumEntry(tokens: readonly Token[], start: number, name: string): TypeText | undefined {
  if (!isOperator(tokens[start + 1], '=')) return { sql: name, length: 1 };
  const sign = isOperator(tokens[start + 2], '-') ? '-' : '';
  const number = tokens[start + 2 + sign.length];
  return number?.kind === 'number'
    ? { sql: `${name} = ${sign}${number.text}`, length: 3 + sign.length }
    : undefined;
}

/** `name Type`. */
function readNamedElement(tokens: readonly Token[], start: number): TypeText | undefined {
  const name = tokens[start];
  if (name?.kind !== 'word' && name?.kind !== 'quoted') return undefined;
  const type = readType(tokens, start + 1);
  return type && { sql: `${quotedIdentifier(name.text)} ${type.sql}`, length: 1 + type.length };
}

function isOperator(token: Token | undefined, text: string): boolean {
  return token?.kind === 'op' && token.text === text;
}
