// What the parser gets to see. Its faults (it changes the case of names, gives a hundred functions nodes of their own,
// reads words as keywords of other dialects, loses escapes) all concern the words of the text, so it gets none of them:
// every name, type and string becomes a numbered placeholder, and only keywords of our grammar, numbers and operators
// stay. The words come back from our own lexer.
import { queryFault } from './faults.ts';
import { JOIN_WORDS, keywordOf, neighbourText, TIME_UNITS } from './keywords.ts';
import { CLOSING, OPENING, type Token } from './lexer.ts';
import { readType } from './type-names.ts';

export interface Word {
  readonly kind: 'word' | 'quoted' | 'string' | 'type';
  readonly text: string;
}

export interface Skeleton {
  readonly sql: string;
  /** The word behind a placeholder (in any case), or undefined when `text` is none. */
  wordAt(text: string): Word | undefined;
}

/** The names under which a LIMIT behind LIMIT BY travels; no name of a caller reaches the parser unreplaced. */
export const OUTER_LIMIT = 'outer_limit_';
export const OUTER_OFFSET = 'outer_offset_';
/** The second number of `LIMIT m, n`. */
export const OUTER_COUNT = 'outer_count_';
/** A call around each of their values. */
export const OUTER_VALUE = 'outer_value_';

/** What ends the value of a LIMIT, beside a closing bracket. */
const VALUE_ENDS = new Set([',', ...'OFFSET WITH UNION EXCEPT INTERSECT SETTINGS FORMAT INTO'.split(' ')]);

const PLACEHOLDER = /^n(\d+)_$/i;

/**
 * The skeleton of one statement.
 *
 * @throws Fault invalid_analytics_query for an unknown type or a closing bracket too many.
 */
export function skeletonOf(tokens: readonly Token[]): Skeleton {
  const builder = new SkeletonBuilder(tokens);
  const sql = builder.build();
  return {
    sql,
    wordAt: (text) => {
      const match = PLACEHOLDER.exec(text);
      return match === null ? undefined : builder.words[Number(match[1])];
    },
  };
}

/** What is known of one bracket level while it is open. */
interface Level {
  isCast: boolean;
  unitWanted: boolean;
  limitBySeen: boolean;
}

class SkeletonBuilder {
  readonly words: Word[] = [];
  readonly #tokens: readonly Token[];
  readonly #out: string[] = [];
  readonly #levels: Level[] = [newLevel(false)];
  #fillSeen = false;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  build(): string {
    let index = 0;
    while (index < this.#tokens.length) index += this.#take(index);
    return this.#out.join(' ').replaceAll(' . ', '.');
  }

  /** Writes the token at `index` and returns how many tokens that took. */
  #take(index: number): number {
    const token = this.#tokens[index];
    if (token === undefined) return 1;
    switch (token.kind) {
      case 'op':
        return this.#takeOperator(token.text, index);
      case 'number':
        this.#out.push(token.text);
        return 1;
      case 'string':
        this.#out.push(`'${this.#placeholder(token.kind, token.text)}'`);
        return 1;
      case 'quoted':
        this.#out.push(this.#placeholder(token.kind, token.text));
        return 1;
      case 'word':
        return this.#takeWord(token.text, index);
    }
  }

  #takeOperator(operator: string, index: number): number {
    if (OPENING.has(operator)) {
      this.#levels.push(newLevel(operator === '(' && this.#out.at(-1) === 'CAST'));
    } else if (CLOSING.has(operator)) {
      this.#levels.pop();
      if (this.#levels.length === 0) throw queryFault('Syntax error: a closing bracket has no opening one.');
    } else if (operator === ',') {
      this.#level.unitWanted = false;
    }
    // The parser takes `==` for `=`; in the grammar there is no `<=>`.
    this.#out.push(operator === '==' ? '<=>' : operator);
    if (operator !== '::') return 1;
    return 1 + this.#takeType(index + 1);
  }

  #takeWord(word: string, index: number): number {
    const keyword = this.#keyword(word, index);
    if (keyword === undefined) {
      this.#out.push(this.#placeholder('word', word));
      return 1;
    }
    const level = this.#level;
    if (keyword === 'SELECT') level.limitBySeen = false;
    if (keyword === 'FILL') this.#fillSeen = true;
    if (keyword === 'INTERVAL') level.unitWanted = true;
    else if (TIME_UNITS.has(keyword)) level.unitWanted = false;
    if (keyword === 'BY' && !['GROUP', 'ORDER', 'PARTITION'].includes(this.#out.at(-1) ?? ''))
      level.limitBySeen = true;
    if (keyword === 'LIMIT' && level.limitBySeen) return this.#takeOuterLimit(index);
    // Distributed execution is the server's business; in front of a join the word changes no result.
    if (keyword === 'GLOBAL' && isJoinAhead(this.#tokens[index + 1])) return 1;
    // What ARRAY JOIN is anyway; the parser stumbles over it.
    if (keyword === 'INNER' && neighbourText(this.#tokens[index + 1]) === 'ARRAY') return 1;
    this.#out.push(keyword);
    if (keyword === 'AS' && level.isCast) {
      const type = readType(this.#tokens, index + 1);
      if (type !== undefined && neighbourText(this.#tokens[index + 1 + type.length]) === ')') {
        return 1 + this.#takeType(index + 1);
      }
    }
    return 1;
  }

  #keyword(word: string, index: number): string | undefined {
    const at = (offset: number) => neighbourText(this.#tokens[index + offset]);
    return keywordOf(word, {
      beforePrevious: at(-2),
      previous: at(-1),
      next: at(1),
      afterNext: at(2),
      nextIsNumber: this.#tokens[index + 1]?.kind === 'number',
      fillSeen: this.#fillSeen,
      unitWanted: this.#level.unitWanted,
      lastButOne: index === this.#tokens.length - 2,
    });
  }

  #takeType(start: number): number {
    const type = readType(this.#tokens, start);
    if (type === undefined) throw queryFault('Unknown type in a conversion.');
    this.#out.push(this.#placeholder('type', type.sql));
    return type.length;
  }

  /** The parser merges `LIMIT n BY …` with a LIMIT behind it; there the second one travels as a setting. */
  #takeOuterLimit(index: number): number {
    this.#out.push('SETTINGS', OUTER_LIMIT);
    const end = this.#takeOuterValue(index + 1);
    const separator = neighbourText(this.#tokens[end]);
    if (separator !== ',' && separator !== 'OFFSET') return end - index;
    this.#out.push(',', separator === ',' ? OUTER_COUNT : OUTER_OFFSET);
    return this.#takeOuterValue(end + 1) - index;
  }

  /** Writes the value that begins at `start` and returns where it ends. */
  #takeOuterValue(start: number): number {
    const end = this.#endOfValue(start);
    this.#out.push('=', OUTER_VALUE, '(');
    for (let at = start; at < end; ) at += this.#take(at);
    this.#out.push(')');
    return end;
  }

  #endOfValue(start: number): number {
    let depth = 0;
    for (let at = start; at < this.#tokens.length; at += 1) {
      const text = neighbourText(this.#tokens[at]);
      if (depth === 0 && (VALUE_ENDS.has(text) || CLOSING.has(text))) return at;
      if (OPENING.has(text)) depth += 1;
      if (CLOSING.has(text)) depth -= 1;
    }
    return this.#tokens.length;
  }

  #placeholder(kind: Word['kind'], text: string): string {
    this.words.push({ kind, text });
    return `n${this.words.length - 1}_`;
  }

  get #level(): Level {
    const level = this.#levels.at(-1);
    if (level === undefined) throw new Error('no bracket level is open');
    return level;
  }
}

function newLevel(isCast: boolean): Level {
  return { isCast, unitWanted: false, limitBySeen: false };
}

function isJoinAhead(next: Token | undefined): boolean {
  const text = neighbourText(next);
  return text === 'JOIN' || JOIN_WORDS.has(text);
}
