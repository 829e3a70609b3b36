import { queryFault } from './faults.ts';
import { MAX_NODES, MAX_PROJECTED_COLUMNS } from './limits.ts';
import type { Node, Query } from './tree.ts';
import { selectsOf, walk } from './walk.ts';

/**
 * Bounds the size of a query (spec 07 §2 step 7, §2.7).
 *
 * @throws Fault invalid_analytics_query above 2 000 nodes or 64 projected columns.
 */
export function assertBounded(query: Query): void {
  const columns = selectsOf(query).reduce((sum, select) => sum + select.items.length, 0);
  if (columns > MAX_PROJECTED_COLUMNS) {
    throw queryFault(`The query selects more than ${MAX_PROJECTED_COLUMNS} columns in total.`);
  }
  if (countNodes(query) > MAX_NODES) throw queryFault(`The query has more than ${MAX_NODES} nodes.`);
}

/** The nodes of the tree, counted as spec 07 §2.7 does: wrappers and parts of names included. */
export function countNodes(query: Query): number {
  let nodes = 0;
  walk(query, (node) => {
    nodes += weight(node);
  });
  return nodes;
}

function weight(node: Node): number {
  switch (node.kind) {
    case 'select':
      // The SELECT, one wrapper an item, the FROM.
      return 1 + node.items.length + (node.from.length > 0 ? 1 : 0);
    case 'table':
      // Join wrapper, table wrapper, table identifier, and the parts of the name; an alias and its name.
      return 3 + node.name.length + (node.alias === undefined ? 0 : 2);
    case 'derived':
    case 'table-function':
      return 3;
    case 'call':
      // The call, its name, its argument list, the list, and a wrapper an argument.
      return 4 + node.args.length + (node.parameters === undefined ? 0 : 2 + node.parameters.length);
    case 'column':
      return node.parts.length;
    case 'alias':
    case 'cte':
    case 'expression-binding':
      return 2;
    case 'list':
    case 'array':
    case 'tuple':
      return 1 + node.items.length;
    default:
      return 1;
  }
}
