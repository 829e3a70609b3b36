// Which tables a query reads (spec 07 §2.2): public aliases become physical tables, CTE references are bound to their
// definition, anything else is refused.
import { queryFault, shown, tableFault } from './faults.ts';
import type { Expression, Name, Node, Query, SelectQuery, TableSource } from './tree.ts';
import { firstSelect, sourcesOf, walk } from './walk.ts';

export interface TableOptions {
  /** Public alias → `database.table`. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The `database.table` names that this endpoint may read. */
  readonly allowedTables: readonly string[];
}

/**
 * A CTE must not take the name of a public alias, at any nesting level (step 8).
 *
 * @throws Fault invalid_analytics_table.
 */
export function assertCteNames(query: Query, aliases: ReadonlyMap<string, string>): void {
  const taken = new Set([...aliases.keys()].map((alias) => alias.toLowerCase()));
  walk(query, (node) => {
    if (node.kind === 'cte' && taken.has(node.name.text.toLowerCase())) {
      throw tableFault(`A WITH query must not have the name of the table ${shown(node.name.text)}.`);
    }
  });
}

/** The CTEs that a part of the text may refer to, by lower-case name. */
type Scope = ReadonlyMap<string, Name>;

/**
 * Resolves every table reference of the tree in place (step 10).
 *
 * A reference to a CTE takes the spelling of its definition and must stand behind it: ClickHouse compares names with
 * their case, and would take a name without a visible definition for a table of the database.
 *
 * @throws Fault invalid_analytics_query when the outermost SELECT has no FROM; invalid_analytics_table for a table that
 *   is not offered. A table function is refused with the other functions.
 */
export function resolveTables(query: Query, options: TableOptions): void {
  const outermost = firstSelect(query);
  if (outermost.from.length === 0) throw queryFault('The query has no FROM.');
  const scope = new Map<string, Name>();
  for (const binding of outermost.bindings) {
    if (binding.kind !== 'cte') continue;
    resolveWithin(binding.query, scope, options, new Set());
    const key = binding.name.text.toLowerCase();
    if (scope.has(key)) throw queryFault(`Two WITH queries have the name ${shown(binding.name.text)}.`);
    scope.set(key, binding.name);
  }
  const done = new Set<Node>(outermost.bindings.filter((binding) => binding.kind === 'cte'));
  resolveWithin(query, scope, options, done);
}

function resolveWithin(query: Query, scope: Scope, options: TableOptions, done: ReadonlySet<Node>): void {
  walk(
    query,
    (node) => {
      if (node.kind === 'table') resolveTable(node, scope, options);
      if (node.kind === 'list') resolveSetTable(node.items, scope);
    },
    done,
  );
}

function resolveTable(source: TableSource, scope: Scope, options: TableOptions): void {
  const [name, ...more] = source.name;
  if (name === undefined) throw tableFault('A table has no name.');
  const physical = more.length === 0 ? options.aliases.get(name.text) : undefined;
  if (physical !== undefined) {
    source.name = physicalName(physical, options.allowedTables);
    source.resolved = { physical };
    return;
  }
  const definition = more.length === 0 ? scope.get(name.text.toLowerCase()) : undefined;
  if (definition === undefined) throw unknownTable(source.name);
  if (definition.text !== name.text) source.alias ??= name;
  source.name = [definition];
  source.resolved = 'cte';
}

const SYSTEM_SCHEMAS = ['system.', 'information_schema.'];

function physicalName(physical: string, allowed: readonly string[]): Name[] {
  const isSystem = SYSTEM_SCHEMAS.some((schema) => physical.toLowerCase().startsWith(schema));
  if (isSystem || !allowed.includes(physical)) throw tableFault('The table is not available here.');
  return physical.split('.').map((text) => ({ text, quoted: false }));
}

/** `x IN (name)`: ClickHouse may take the single name for a table, so it has to be a CTE. */
function resolveSetTable(items: readonly Expression[], scope: Scope): void {
  const [item] = items;
  if (item === undefined || items.length !== 1) return;
  const name = bareColumn(item);
  if (name === undefined) return;
  const [part] = name;
  const definition = name.length === 1 && part !== undefined ? scope.get(part.text.toLowerCase()) : undefined;
  if (definition === undefined) throw unknownTable(name);
  name.splice(0, 1, definition);
}

function bareColumn(expression: Expression): Name[] | undefined {
  let current = expression;
  while (current.kind === 'paren' || current.kind === 'alias') current = current.value;
  return current.kind === 'column' ? current.parts : undefined;
}

function unknownTable(name: readonly Name[]): Error {
  return tableFault(`The table ${shown(name.map((part) => part.text).join('.'))} is not available here.`);
}

/** The name by which `select` speaks of `source`: its alias, else the table without database. */
export function qualifierOf(source: TableSource): Name {
  const qualifier = source.alias ?? source.name.at(-1);
  if (qualifier === undefined) throw new Error('a table source has no name');
  return qualifier;
}

/** The physical tables directly in the FROM and JOIN list of `select`. */
export function physicalSources(
  select: SelectQuery,
): { source: TableSource; physical: string; qualifier: Name }[] {
  return sourcesOf(select).flatMap((source) =>
    source.kind === 'table' && typeof source.resolved === 'object'
      ? [{ source, physical: source.resolved.physical, qualifier: qualifierOf(source) }]
      : [],
  );
}
