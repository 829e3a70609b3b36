// The text of a stranger as tokens, by ClickHouse's lexical rules. Whatever is not written here is refused: a character
// that two readers could take differently must not reach the parser, let alone the database.
import { queryFault, shown } from './faults.ts';
import { MAX_BRACKET_DEPTH } from './limits.ts';
import { readQuoted } from './quoted.ts';

export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'op';

export interface Token {
  readonly kind: TokenKind;
  /** A word or number as written, an operator in its one spelling, the decoded content of anything quoted. */
  readonly text: string;
}

const SPACE = /[ \t\r\n\f\v]+/y;
const LINE_COMMENT = /--[^\n]*/y;
const BLOCK_COMMENT = /\/\*[\s\S]*?\*\//y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /0[xX][0-9A-Fa-f]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?/y;
const POSITION = /\d+/y;
const OPERATOR = /->|::|==|!=|<>|<=|>=|\|\||[()[\]{},.;+\-*/%=<>:?]/y;
const WORD_CHARACTER = /[A-Za-z0-9_$]/;

/** Another spelling of an operator that the tree knows once. */
const SPELLING: Readonly<Record<string, string>> = { '<>': '!=' };

export const OPENING: ReadonlySet<string> = new Set(['(', '[', '{']);
export const CLOSING: ReadonlySet<string> = new Set([')', ']', '}']);

/**
 * Splits `sql` into tokens; comments and white space are left out.
 *
 * @throws Fault invalid_analytics_query for an unterminated quote or comment, a character outside the grammar
 *   (`#`, `$`, `@`, NUL, typographic quotes, non-ASCII outside quotes …) and brackets nested too deep.
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  let position = 0;
  while (position < sql.length) {
    const skipped = matchAt(SPACE, sql, position) ?? matchAt(LINE_COMMENT, sql, position);
    if (skipped !== undefined) {
      position += skipped.length;
      continue;
    }
    if (sql.startsWith('/*', position)) {
      const comment = matchAt(BLOCK_COMMENT, sql, position);
      if (comment === undefined) throw queryFault('A comment is not terminated.');
      position += comment.length;
      continue;
    }
    const { token, length } = readToken(sql, position, tokens.at(-1), tokens.at(-2));
    if (token.kind === 'op') {
      if (OPENING.has(token.text)) depth += 1;
      if (CLOSING.has(token.text)) depth -= 1;
      if (depth > MAX_BRACKET_DEPTH)
        throw queryFault(`Brackets are nested deeper than ${MAX_BRACKET_DEPTH} levels.`);
    }
    tokens.push(token);
    position += length;
  }
  return tokens;
}

function readToken(
  sql: string,
  position: number,
  previous: Token | undefined,
  beforeThat: Token | undefined,
): { token: Token; length: number } {
  const first = sql.charAt(position);
  if (first === "'" || first === '"' || first === '`') {
    const { value, length } = readQuoted(sql, position);
    return { token: { kind: first === "'" ? 'string' : 'quoted', text: value }, length };
  }
  const word = matchAt(WORD, sql, position);
  if (word !== undefined) {
    // x'41', b'01', N'…': a prefix that changes what the quotes mean.
    const next = sql.charAt(position + word.length);
    if (next === "'" || next === '$') throw unexpected(sql, position);
    return { token: { kind: 'word', text: word }, length: word.length };
  }
  const number = readNumber(sql, position, previous, beforeThat);
  if (number !== undefined) return { token: { kind: 'number', text: number }, length: number.length };
  const operator = matchAt(OPERATOR, sql, position);
  if (operator === undefined) throw unexpected(sql, position);
  return { token: { kind: 'op', text: SPELLING[operator] ?? operator }, length: operator.length };
}

/**
 * A number, or the position in `tuple.1`. As in ClickHouse, a dot after something that can own a field is an access,
 * not the start of a fraction.
 */
function readNumber(
  sql: string,
  position: number,
  previous: Token | undefined,
  beforeThat: Token | undefined,
): string | undefined {
  const afterDot = previous?.kind === 'op' && previous.text === '.';
  const canOwnField =
    previous !== undefined &&
    (previous.kind !== 'op' || previous.text === ')' || previous.text === ']' || previous.text === '}');
  if (sql.charAt(position) === '.' && canOwnField) {
    const isPosition = previous.kind === 'number' && !(beforeThat?.kind === 'op' && beforeThat.text === '.');
    if (isPosition) throw unexpected(sql, position);
    return undefined;
  }
  const number = matchAt(afterDot ? POSITION : NUMBER, sql, position);
  if (number !== undefined && WORD_CHARACTER.test(sql.charAt(position + number.length)))
    throw unexpected(sql, position);
  return number?.replace('X', 'x');
}

function matchAt(pattern: RegExp, sql: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(sql)?.[0];
}

function unexpected(sql: string, position: number): Error {
  return queryFault(
    `Syntax error: unexpected ${shown(String.fromCodePoint(sql.codePointAt(position) ?? 0))}.`,
  );
}
