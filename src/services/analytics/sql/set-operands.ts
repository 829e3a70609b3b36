import { queryFault } from './faults.ts';
import type { Query } from './tree.ts';
import { walk } from './walk.ts';

/**
 * What stands right of IN is a list, an array or a subquery (spec 07 §2 step 9): ClickHouse takes a bare name there
 * for a table.
 *
 * @throws Fault invalid_analytics_query.
 */
export function assertSetOperands(query: Query): void {
  walk(query, (node) => {
    if (node.kind !== 'in' || node.operand.kind !== 'bare') return;
    const operand = node.operand.value.kind;
    if (operand !== 'array') {
      throw queryFault('The right side of IN must be a list in parentheses, an array or a subquery.');
    }
  });
}
