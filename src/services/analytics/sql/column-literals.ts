import { parseQuery } from './parse-query.ts';
import type { Expression } from './tree.ts';
import { walk } from './walk.ts';

/**
 * The string literals that a query compares with a column by `=` or `IN (…)`, anywhere in it (spec 07 §2.8).
 *
 * @param column matched on the last part of a name, ignoring case.
 * @returns distinct values, first seen first.
 * @throws Fault as parseQuery does.
 */
export async function columnLiterals(sql: string, column: string): Promise<string[]> {
  const wanted = column.toLowerCase();
  const found = new Set<string>();
  const isColumn = (expression: Expression): boolean =>
    expression.kind === 'column' && expression.parts.at(-1)?.text.toLowerCase() === wanted;
  const take = (expression: Expression): void => {
    if (expression.kind === 'string') found.add(expression.value);
  };
  walk(await parseQuery(sql), (node) => {
    if (node.kind === 'binary' && node.operator === '=') {
      if (isColumn(node.left)) take(node.right);
      if (isColumn(node.right)) take(node.left);
    }
    if (node.kind === 'in' && !node.negated && node.operand.kind === 'list' && isColumn(node.value)) {
      node.operand.items.forEach(take);
    }
  });
  return [...found];
}
