import type { Node, Query, SelectQuery, Source } from './tree.ts';

const NOTHING: ReadonlySet<object> = new Set();

/**
 * Calls `visit` for `root` and every node below it, parents first. It follows every property of every node, so no
 * part of the grammar can be forgotten.
 *
 * @param skipped nodes that are left out with all that is below them.
 */
export function walk(root: Node, visit: (node: Node) => void, skipped: ReadonlySet<object> = NOTHING): void {
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const current = pending.pop();
    if (typeof current !== 'object' || current === null || skipped.has(current)) continue;
    if (isNode(current)) visit(current);
    const children = Array.isArray(current) ? current : Object.values(current);
    for (let index = children.length - 1; index >= 0; index -= 1) pending.push(children[index]);
  }
}

function isNode(value: object): value is Node {
  return 'kind' in value;
}

/** Every SELECT of the tree, outer before inner, in the order of the text. */
export function selectsOf(root: Query): SelectQuery[] {
  const selects: SelectQuery[] = [];
  walk(root, (node) => {
    if (node.kind === 'select') selects.push(node);
  });
  return selects;
}

/** The tables, subqueries and table functions directly in the FROM and JOIN list of `select`, left to right. */
export function sourcesOf(select: SelectQuery): Source[] {
  return [...select.from, ...select.joins.flatMap((join) => (join.kind === 'join' ? [join.source] : []))];
}

/** The first SELECT of a query: the leftmost branch of its set operations. */
export function firstSelect(query: Query): SelectQuery {
  let current = query;
  while (current.kind !== 'select') current = current.kind === 'set' ? current.left : current.query;
  return current;
}
