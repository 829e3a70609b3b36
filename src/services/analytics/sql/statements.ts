import { queryFault, queryTypeFault } from './faults.ts';
import type { Token } from './lexer.ts';

/** First words of statements that are well known and not a SELECT; what follows them is not looked at. */
const OTHER_STATEMENTS = new Set(
  `CREATE ATTACH ALTER DROP DETACH TRUNCATE RENAME DELETE INSERT USE SET SYSTEM OPTIMIZE CHECK DESC DESCRIBE`.split(
    /\s+/,
  ),
);

/** Statements that only count as known with one of these second words. */
const SECOND_WORDS: Readonly<Record<string, readonly string[]>> = {
  EXPLAIN: ['AST', 'SYNTAX', 'PIPELINE', 'ESTIMATE'],
  SHOW: ['TABLES', 'DATABASES', 'CREATE'],
};

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
  if (isOtherStatement(first, statement)) throw queryTypeFault('Only SELECT queries are allowed.');
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

function isOtherStatement(first: string, statement: readonly Token[]): boolean {
  if (OTHER_STATEMENTS.has(first)) return true;
  if (first === 'GRANT') {
    const words = statement.map(upperWord);
    const on = words.indexOf('ON');
    return on > 1 && words.indexOf('TO') > on + 1 && upperWord(statement.at(-1)) !== 'TO';
  }
  return SECOND_WORDS[first]?.includes(upperWord(statement[1])) ?? false;
}

function upperWord(token: Token | undefined): string {
  return token?.kind === 'word' ? token.text.toUpperCase() : '';
}
