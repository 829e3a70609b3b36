import { functionFault, queryFault } from './faults.ts';
import type { Expression, Query, SelectQuery } from './tree.ts';
import { selectsOf, walk } from './walk.ts';

/**
 * Gives every SELECT a LIMIT of at most `max` rows (spec 07 §2.4). LIMIT n BY keeps its n and counts for nothing here;
 * TOP becomes a LIMIT.
 *
 * @param max rows; 0 leaves the query as it is.
 * @throws Fault invalid_analytics_query for a SELECT with both TOP and LIMIT; invalid_analytics_function for EXISTS or a
 *   table function in one.
 */
export function enforceRowLimit(query: Query, max: number): void {
  for (const select of selectsOf(query)) {
    if (select.top !== undefined && select.limit !== undefined)
      throw queryFault('TOP and LIMIT exclude each other.');
    if (max > 0) limitSelect(select, BigInt(max));
  }
}

function limitSelect(select: SelectQuery, max: bigint): void {
  const asked = select.top ?? select.limit;
  if (asked !== undefined) assertRead(asked);
  select.top = undefined;
  select.limit = { kind: 'number', text: String(bounded(asked, max)) };
}

/** Text with an invented call or a table function was not compared with the tree: neither must vanish here. */
function assertRead(asked: Expression): void {
  walk(asked, (node) => {
    if (node.kind === 'table-function') throw functionFault(node.name);
    if (node.kind === 'call' && node.invented) throw functionFault(node.name.text);
  });
}

function bounded(asked: Expression | undefined, max: bigint): bigint {
  if (asked?.kind !== 'number' || !/^\d+$/.test(asked.text)) return max;
  const rows = BigInt(asked.text);
  return rows < max ? rows : max;
}
