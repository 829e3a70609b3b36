// Which words of the text are keywords of the grammar of spec 07 §2.1, seen from their neighbours. Every other word is
// a name, whatever meaning it has in some SQL dialect.
import type { Token } from './lexer.ts';

const ALWAYS = new Set(
  `SELECT WITH AS DISTINCT ON FROM FINAL SAMPLE JOIN USING PREWHERE WHERE GROUP HAVING ORDER BY LIMIT OFFSET UNION
   EXCEPT INTERSECT AND OR NOT IN LIKE ILIKE BETWEEN IS NULL CASE WHEN THEN ELSE END INTERVAL SETTINGS TRUE FALSE
   ASC DESC`.split(/\s+/),
);

export const JOIN_WORDS = new Set(
  'INNER LEFT RIGHT FULL OUTER CROSS ANY ALL SEMI ANTI ASOF GLOBAL'.split(' '),
);

const FILL_WORDS = new Set(['TO', 'STEP', 'STALENESS', 'INTERPOLATE']);

export const TIME_UNITS = new Set(
  'YEAR QUARTER MONTH WEEK DAY HOUR MINUTE SECOND MILLISECOND MICROSECOND NANOSECOND'.split(' '),
);

/** What a word is judged by: its neighbours, in upper case where they are words. */
export interface Neighbours {
  readonly beforePrevious: string;
  readonly previous: string;
  readonly next: string;
  readonly afterNext: string;
  readonly nextIsNumber: boolean;
  /** `WITH FILL` stands earlier in the text. */
  readonly fillSeen: boolean;
  /** An `INTERVAL n` at this bracket level still wants its unit. */
  readonly unitWanted: boolean;
  /** The word is the last but one of the statement. */
  readonly lastButOne: boolean;
}

/** The keyword that `word` is between `near`, in upper case; undefined when it is a name. */
export function keywordOf(word: string, near: Neighbours): string | undefined {
  const upper = word.toUpperCase();
  if (near.previous === '.' || near.next === '.') return undefined;
  // `expression AS word`; the word after AS in `WITH … AS (` is a bracket.
  if (near.previous === 'AS') return undefined;
  if (ALWAYS.has(upper)) return upper;
  const unit = timeUnit(upper);
  if (unit !== undefined && isUnitPlace(near)) return unit;
  return isContextual(upper, near) ? upper : undefined;
}

/** `DAY` for DAY and DAYS. */
function timeUnit(upper: string): string | undefined {
  if (TIME_UNITS.has(upper)) return upper;
  return upper.endsWith('S') && TIME_UNITS.has(upper.slice(0, -1)) ? upper.slice(0, -1) : undefined;
}

function isUnitPlace(near: Neighbours): boolean {
  if (near.next === '(') return false;
  if (near.beforePrevious === 'EXTRACT' && near.previous === '(' && near.next === 'FROM') return true;
  return near.unitWanted && near.previous !== 'INTERVAL';
}

function isContextual(upper: string, near: Neighbours): boolean {
  const { previous, next } = near;
  if (JOIN_WORDS.has(upper)) return isJoinOrAll(upper, near);
  if (FILL_WORDS.has(upper)) return near.fillSeen && (next !== '(' || upper === 'INTERPOLATE');
  switch (upper) {
    case 'ARRAY':
      return next === 'JOIN';
    case 'CAST':
    case 'EXTRACT':
    case 'EXISTS':
      return next === '(';
    case 'REPLACE':
    case 'APPLY':
      return next === '(' && (previous === '*' || previous === ')');
    case 'CUBE':
    case 'ROLLUP':
      return previous === 'WITH' || (next === '(' && (previous === 'BY' || previous === ','));
    case 'TOTALS':
    case 'FILL':
    case 'RECURSIVE':
      return previous === 'WITH' && next !== 'AS';
    case 'GROUPING':
      return next === 'SETS';
    case 'SETS':
      return previous === 'GROUPING';
    case 'TOP':
      return near.nextIsNumber && (previous === 'SELECT' || previous === 'DISTINCT');
    case 'FORMAT':
      return near.lastButOne && previous !== '';
    default:
      return isWindowWord(upper, near);
  }
}

function isJoinOrAll(upper: string, { previous, next }: Neighbours): boolean {
  if (JOIN_WORDS.has(next) || next === 'JOIN' || next === 'ARRAY') return true;
  if (upper === 'GLOBAL') return next === 'IN' || next === 'NOT';
  if (upper !== 'ALL') return false;
  return (
    previous === 'UNION' ||
    previous === 'EXCEPT' ||
    previous === 'INTERSECT' ||
    previous === 'BY' ||
    previous === 'LIMIT'
  );
}

function isWindowWord(upper: string, near: Neighbours): boolean {
  const { previous, next } = near;
  switch (upper) {
    case 'WINDOW':
      return near.afterNext === 'AS';
    case 'OVER':
      return previous === ')';
    case 'PARTITION':
      return next === 'BY';
    case 'ROWS':
    case 'RANGE':
      return next === 'BETWEEN' || next === 'UNBOUNDED' || next === 'CURRENT' || near.nextIsNumber;
    case 'UNBOUNDED':
      return next === 'PRECEDING' || next === 'FOLLOWING';
    case 'PRECEDING':
    case 'FOLLOWING':
      return previous === 'UNBOUNDED' || next === 'AND' || next === ')';
    case 'CURRENT':
      return next === 'ROW';
    case 'ROW':
      return previous === 'CURRENT';
    default:
      return false;
  }
}

/** How `token` looks to its neighbours: an upper-case word, an operator, or nothing that a keyword rule asks about. */
export function neighbourText(token: Token | undefined): string {
  if (token === undefined) return '';
  if (token.kind === 'word') return token.text.toUpperCase();
  return token.kind === 'op' ? token.text : '?';
}

/** Words that ClickHouse can read as syntax where a name may stand. */
const RESERVED = new Set([
  ...ALWAYS,
  ...JOIN_WORDS,
  ...FILL_WORDS,
  ...`ARRAY CAST EXTRACT EXISTS TOP FORMAT WINDOW OVER PARTITION ROWS RANGE GROUPS PRECEDING FOLLOWING UNBOUNDED
      CURRENT RECURSIVE QUALIFY INTO PASTE LATERAL TIES NULLS COLLATE DIV MOD REGEXP COLUMNS DATE TIMESTAMP`.split(
    /\s+/,
  ),
]);

/** Whether `name` is quoted when printed, so that it stays a name. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name.toUpperCase());
}
