import { queryFault, queryTypeFault } from './faults.ts';
import { neighbourText } from './keywords.ts';
import type { Token } from './lexer.ts';

/**
 * How statements begin that are well known and not a SELECT: words, `x` for a name, `=` as itself. What follows is not
 * looked at.
 */
const OTHER_STATEMENTS: readonly RegExp[] = [
  /^(?:CREATE|ATTACH|ALTER|DROP|DETACH) \w+ \S/,
  /^(?:TRUNCATE|USE|SYSTEM|DESC|DESCRIBE) \w/,
  /^RENAME \w+ .*\bTO \w/,
  /^DELETE FROM \w/,
  /^INSERT INTO \w/,
  /^SET \w+ = \S/,
  /^(?:OPTIMIZE|CHECK) TABLE \w/,
  /^EXPLAIN (?:AST|SYNTAX|PIPELINE|ESTIMATE) \w/,
  /^SHOW (?:TABLES|DATABASES|CREATE)\b/,
  /^GRANT .*\S ON \S.* TO \w/,
];

/** Tokens that are looked at: a bound on the work of the patterns above. */
const BEGINNING = 100;

/**
 * The tokens of the one SELECT in `tokens`, without trailing semicolons (spec 07 §2, steps 2 to 5).
 *
 * @throws Fault invalid_analytics_query for no statement, several, or one of no known kind; invalid_analytics_query_type
 *   for a known statement that is not a SELECT.
 */
export function onlySelect(tokens: readonly Token[]): Token[] {
  const [statement, second] = splitStatements(tokens);
  if (statement === undefined) throw queryFault('The query is empty.');
  if (second !== undefined) throw queryFault('Only one statement is allowed.');
  const first = upperWord(statement[0]);
  if (first === 'SELECT' || first === 'WITH') return statement;
  if (isOtherStatement(statement)) throw queryTypeFault('Only SELECT queries are allowed.');
  throw queryFault('Syntax error: the query does not begin with SELECT or WITH.');
}

function splitStatements(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === 'op' && token.text === ';') statements.push([]);
    else statements.at(-1)?.push(token);
  }
  return statements.filter((statement) => statement.length > 0);
}

function isOtherStatement(statement: readonly Token[]): boolean {
  const beginning = statement.slice(0, BEGINNING);
  const text = beginning.map((token) => neighbourText(token).replace('?', 'x')).join(' ');
  return OTHER_STATEMENTS.some((pattern) => pattern.test(text));
}

function upperWord(token: Token | undefined): string {
  return token?.kind === 'word' ? token.text.toUpperCase() : '';
}
