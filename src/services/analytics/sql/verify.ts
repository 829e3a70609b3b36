// A second look at what is about to run: the generated SQL is parsed like a caller's text and held against the rules
// once more, so that a mistake in rewriting or printing refuses the query instead of widening it.
import { Fault } from '../../../lib/fault.ts';
import { type FilterOptions, requiredFilters } from './filters.ts';
import { isAllowedFunction } from './functions.ts';
import { tokenize } from './lexer.ts';
import { lowerStatement } from './lower-query.ts';
import { parseSql } from './parser.ts';
import { printExpression } from './print.ts';
import { skeletonOf } from './skeleton.ts';
import { qualifierOf } from './tables.ts';
import type { Expression, Node, SelectQuery } from './tree.ts';
import { firstSelect, selectsOf, sourcesOf, walk } from './walk.ts';

type VerifyOptions = Pick<FilterOptions, 'workspaceId' | 'securityFilters'> & {
  readonly allowedTables: readonly string[];
};

/**
 * Asserts that `sql` calls allowed functions only, reads CTEs and allowed tables only, and filters each table.
 *
 * @throws Fault invalid_analytics_query; its internal message names what is missing.
 */
export async function assertRewritten(sql: string, options: VerifyOptions): Promise<void> {
  const skeleton = skeletonOf(tokenize(sql));
  const [statement, ...more] = await parseSql(skeleton.sql);
  if (more.length > 0) throw lost('a second statement appeared');
  const query = lowerStatement(statement, skeleton);
  walk(query, assertNode);
  const ctes = new Set(
    firstSelect(query).bindings.flatMap((binding) => (binding.kind === 'cte' ? [binding.name.text] : [])),
  );
  for (const select of selectsOf(query)) assertSelect(select, ctes, options);
}

function assertNode(node: Node): void {
  if (node.kind === 'table-function') throw lost(`a table function: ${node.name}`);
  if (node.kind === 'call' && !isAllowedFunction(node.name.text)) throw lost(`a function: ${node.name.text}`);
}

function assertSelect(select: SelectQuery, ctes: ReadonlySet<string>, options: VerifyOptions): void {
  const conditions = new Set(select.where === undefined ? [] : conjuncts(select.where).map(printExpression));
  for (const source of sourcesOf(select)) {
    if (source.kind !== 'table') continue;
    const name = source.name.map((part) => part.text).join('.');
    if (source.name.length === 1 && ctes.has(name)) continue;
    if (!options.allowedTables.includes(name)) throw lost(`a table: ${name}`);
    for (const filter of requiredFilters(qualifierOf(source), options)) {
      if (!conditions.has(printExpression(filter))) throw lost(`a filter of ${name}`);
    }
  }
}

/** The conditions that all have to hold: the operands of the outer ANDs. */
function conjuncts(condition: Expression): Expression[] {
  if (condition.kind === 'paren') return conjuncts(condition.value);
  if (condition.kind !== 'binary' || condition.operator !== 'AND') return [condition];
  return [...conjuncts(condition.left), ...conjuncts(condition.right)];
}

function lost(what: string): Fault {
  return new Fault('user:bad_request:invalid_analytics_query', {
    public: 'The query cannot be run.',
    internal: `the rewritten query failed its second check: ${what}`,
  });
}
