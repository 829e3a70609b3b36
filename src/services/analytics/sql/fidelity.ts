// Does the tree say what the text said? The parser drops what it does not understand (the rest of a statement after
// `a 'b'`, INTO OUTFILE, WITH TIES, a trailing comma …) and reports success. So the tree is printed, read again by our
// lexer, and compared with the tokens of the text, both in one canonical form.
import { queryFault } from './faults.ts';
import { isReserved, JOIN_WORDS, TIME_UNITS } from './keywords.ts';
import { type Token, tokenize } from './lexer.ts';

/**
 * @param source the tokens of the caller's statement.
 * @param printed the SQL of the tree made from it, before any rewriting.
 * @throws Fault invalid_analytics_query when they differ.
 */
export function assertFaithful(source: readonly Token[], printed: string): void {
  const expected = canonical(withoutFormat(source));
  const actual = canonical(tokenize(printed));
  if (expected.length !== actual.length || expected.some((text, index) => text !== actual[index])) {
    throw queryFault('Syntax error in the query.');
  }
}

/** FORMAT is dropped on purpose. */
function withoutFormat(tokens: readonly Token[]): readonly Token[] {
  const lastButOne = tokens.at(-2);
  const isFormat = lastButOne?.kind === 'word' && lastButOne.text.toUpperCase() === 'FORMAT';
  return isFormat ? tokens.slice(0, -2) : tokens;
}

/** Words that change nothing where the grammar allows to leave them out. */
const OPTIONAL = new Set(['AS', 'ASC']);

function canonical(tokens: readonly Token[]): string[] {
  const texts = tokens.map(canonicalText).filter((text) => !OPTIONAL.has(text));
  return withoutLambdaBrackets(withoutUsingBrackets(withLimitOffset(withSortedJoins(texts))));
}

/** One spelling for a token, whatever its quotes; keywords in upper case. */
function canonicalText({ kind, text }: Token): string {
  if (kind === 'op' || kind === 'number') return text;
  // A string may be the name of a type, which is written anew. Its content is not the parser's, so none can get lost.
  if (kind === 'string') return text.replaceAll(/[\s`]+/g, '');
  const upper = text.toUpperCase();
  if (kind === 'word' && upper.endsWith('S') && TIME_UNITS.has(upper.slice(0, -1))) return upper.slice(0, -1);
  return isReserved(text) || TIME_UNITS.has(upper) || CONTEXTUAL.has(upper) ? upper : text;
}

const CONTEXTUAL = new Set('TOTALS FILL CUBE ROLLUP GROUPING SETS ROW'.split(' '));

/** `ANY LEFT JOIN` and `LEFT ANY JOIN` are one join; GLOBAL in front of a join and INNER of ARRAY JOIN are left out. */
function withSortedJoins(texts: readonly string[]): string[] {
  const out: string[] = [];
  let run: string[] = [];
  for (const text of texts) {
    if (JOIN_WORDS.has(text)) {
      run.push(text);
      continue;
    }
    out.push(...joinWords(run, text), text);
    run = [];
  }
  return [...out, ...run];
}

function joinWords(run: readonly string[], next: string): readonly string[] {
  if (next === 'JOIN') return run.filter((word) => word !== 'GLOBAL').sort();
  return next === 'ARRAY' ? run.filter((word) => word !== 'INNER') : run;
}

/** `LIMIT m, n` becomes `LIMIT n OFFSET m`. */
function withLimitOffset(texts: readonly string[]): string[] {
  const out = [...texts];
  for (let index = 0; index + 3 < out.length; index += 1) {
    const [limit, first = '', comma, second = ''] = out.slice(index, index + 4);
    if (limit === 'LIMIT' && comma === ',') out.splice(index + 1, 3, second, 'OFFSET', first);
  }
  return out;
}

/** `USING (a, b)` becomes `USING a, b`. */
function withoutUsingBrackets(texts: readonly string[]): string[] {
  const out: string[] = [];
  let open = false;
  texts.forEach((text, index) => {
    if (text === '(' && texts[index - 1] === 'USING') open = true;
    else if (text === ')' && open) open = false;
    else out.push(text);
  });
  return out;
}

/** `(x) -> …` becomes `x -> …`. */
function withoutLambdaBrackets(texts: readonly string[]): string[] {
  const isBracket = (index: number): boolean =>
    (texts[index] === '(' && texts[index + 2] === ')' && texts[index + 3] === '->') ||
    (texts[index] === ')' && texts[index - 2] === '(' && texts[index + 1] === '->');
  return texts.filter((_, index) => !isBracket(index));
}
