// SQL from the tree. Nothing else writes SQL that runs for a caller.
import { writeExpression } from './print-expression.ts';
import { writeQuery, writeWindow } from './print-query.ts';
import type { Printing } from './printing.ts';
import type { Expression, Query } from './tree.ts';

const PRINTING: Printing = {
  expression: (expression) => writeExpression(PRINTING, expression),
  expressions: (expressions) => expressions.map(PRINTING.expression).join(', '),
  query: (query) => writeQuery(PRINTING, query),
  window: (spec) => writeWindow(PRINTING, spec),
};

/** The ClickHouse SQL of `query`, on one line. */
export function printQuery(query: Query): string {
  return PRINTING.query(query);
}

/** The ClickHouse SQL of `expression`. */
export function printExpression(expression: Expression): string {
  return PRINTING.expression(expression);
}
