// The textual permission query of keys.verifyKey: permissions joined by AND and OR, with parentheses. Source: the
// permission query language of the verification chapter.

import { Fault } from '../../lib/fault.ts';
import { allOf, anyOf, type PermissionQuery, tuple } from './query.ts';

interface Token {
  readonly kind: 'word' | 'and' | 'or' | '(' | ')' | 'illegal' | 'end';
  readonly text: string;
  /** 0-based byte offset. Equal to the string index: whatever is not ASCII is refused where it first occurs. */
  readonly at: number;
}

/** What has been read of one parenthesis (the whole query being the outermost). */
interface Group {
  /** Complete AND terms. */
  readonly terms: PermissionQuery[];
  /** Factors of the AND term being read. */
  factors: PermissionQuery[];
}

const TOKEN = /[ \t\r\n]*(?:([A-Za-z0-9._:*/-]+)|([()])|([\s\S]))?/uy;

/**
 * Parses a permission query. AND binds tighter than OR, both in any case; leaves match literally. Throws the Fault
 * `permissions_query_syntax_error`, which names the offending character or token and its 0-based byte position where
 * there is one.
 */
export function parsePermissionQuery(text: string): PermissionQuery {
  // A stack instead of recursion: nesting has no limit of its own.
  const outer: Group[] = [];
  let group: Group = { terms: [], factors: [] };
  let operandDue = true;
  let previous: Token['kind'] | undefined;

  for (const token of tokens(text)) {
    if (operandDue) {
      if (token.kind === 'word') {
        group.factors.push(tuple(token.text));
        operandDue = false;
      } else if (token.kind === '(') {
        outer.push(group);
        group = { terms: [], factors: [] };
      } else {
        throw operandMissing(token, previous);
      }
    } else if (token.kind === 'and') {
      operandDue = true;
    } else if (token.kind === 'or') {
      group.terms.push(join(allOf, group.factors));
      group.factors = [];
      operandDue = true;
    } else {
      const enclosing = outer.at(-1);
      if (enclosing === undefined) {
        if (token.kind === 'end') return close(group);
        throw syntaxError(`Unexpected ${describe(token)} after the end of the query at position ${token.at}`);
      }
      if (token.kind !== ')') {
        throw syntaxError(`Missing ')': found ${describe(token)} at position ${token.at}`);
      }
      enclosing.factors.push(close(group));
      outer.pop();
      group = enclosing;
    }
    previous = token.kind;
  }
  throw new Error('the token stream of a permission query has no end');
}

function* tokens(text: string): Generator<Token> {
  let at = 0;
  while (true) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    const [whole = '', word, parenthesis, illegal] = match ?? [];
    const lexeme = word ?? parenthesis ?? illegal ?? '';
    const start = at + whole.length - lexeme.length;
    at += whole.length;
    if (word !== undefined) yield { kind: wordKind(word), text: word, at: start };
    else if (parenthesis !== undefined)
      yield { kind: parenthesis as '(' | ')', text: parenthesis, at: start };
    else if (illegal !== undefined) yield { kind: 'illegal', text: illegal, at: start };
    else {
      yield { kind: 'end', text: '', at: start };
      return;
    }
  }
}

function wordKind(word: string): 'word' | 'and' | 'or' {
  const lower = word.toLowerCase();
  return lower === 'and' || lower === 'or' ? lower : 'word';
}

function close(group: Group): PermissionQuery {
  return join(anyOf, [...group.terms, join(allOf, group.factors)]);
}

function join(
  combine: (...of: readonly PermissionQuery[]) => PermissionQuery,
  parts: readonly PermissionQuery[],
): PermissionQuery {
  const [only, ...others] = parts;
  return only !== undefined && others.length === 0 ? only : combine(...parts);
}

function operandMissing(token: Token, previous: Token['kind'] | undefined): Fault {
  if (token.kind === 'end') {
    return syntaxError(
      previous === undefined
        ? 'The query is empty'
        : 'Unexpected end of the query where a permission was expected',
    );
  }
  if (token.kind === ')' && previous === '(') return syntaxError(`Empty parentheses at position ${token.at}`);
  return syntaxError(`Unexpected ${describe(token)} at position ${token.at} where a permission was expected`);
}

function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the query';
    case 'illegal':
      return `illegal character ${describeCharacter(token.text)}`;
    default:
      return `'${token.text}'`;
  }
}

/** What can be read is shown, what cannot (control characters, blanks, lone surrogates) is named by its code point. */
function describeCharacter(character: string): string {
  if (/^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character)) return `'${character}'`;
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function syntaxError(message: string): Fault {
  return new Fault('user:bad_request:permissions_query_syntax_error', {
    public: `The permissions query cannot be parsed. ${message}.`,
  });
}
