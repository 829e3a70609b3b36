import { queryFault } from './faults.ts';
import { assertFaithful } from './fidelity.ts';
import { isAllowedFunction } from './functions.ts';
import { isReserved } from './keywords.ts';
import { type Token, tokenize } from './lexer.ts';
import { MAX_NODES, MAX_SQL_BYTES } from './limits.ts';
import { lowerStatement } from './lower-query.ts';
import { parseSql } from './parser.ts';
import { printQuery } from './print.ts';
import { skeletonOf } from './skeleton.ts';
import { onlySelect } from './statements.ts';
import type { Query } from './tree.ts';
import { walk } from './walk.ts';

/**
 * Reads one SELECT statement (spec 07 §2 steps 1 to 6).
 *
 * @returns the tree of the statement as written, nothing resolved or added.
 * @throws Fault invalid_analytics_query or invalid_analytics_query_type.
 */
export async function parseQuery(sql: string): Promise<Query> {
  if (Buffer.byteLength(sql) > MAX_SQL_BYTES) {
    throw queryFault(`The query exceeds the maximum length of ${MAX_SQL_BYTES} bytes.`);
  }
  const tokens = onlySelect(tokenize(sql));
  // Each of them becomes a node; beyond the bound the parser need not start, nor nest its tree deeper than its stack.
  if (tokens.filter(isOperand).length > MAX_NODES) {
    throw queryFault(`The query has more than ${MAX_NODES} nodes.`);
  }
  const skeleton = skeletonOf(tokens);
  const [statement, ...more] = await parseSql(skeleton.sql);
  if (statement === undefined || more.length > 0) throw queryFault('Only one statement is allowed.');
  const query = lowerStatement(statement, skeleton);
  if (isPrintable(query)) assertFaithful(tokens, printQuery(query));
  return query;
}

function isOperand({ kind, text }: Token): boolean {
  return kind !== 'op' && !(kind === 'word' && isReserved(text));
}

/**
 * A table function and an invented call have no text to compare, and are refused later, with the functions. Only one that the parser made up with an allowed name (CONCAT, for two strings in a row) has to fail here.
 */
function isPrintable(query: Query): boolean {
  let printable = true;
  walk(query, (node) => {
    if (node.kind === 'table-function') printable = false;
    if (node.kind === 'call' && node.invented && !isAllowedFunction(node.name.text)) printable = false;
  });
  return printable;
}
