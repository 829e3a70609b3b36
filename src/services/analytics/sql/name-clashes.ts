// The injected filter says `Q.workspace_id`. It holds only while Q can mean nothing but the table. On the real engine
// each of these let foreign rows through: an expression called Q with a field workspace_id, an expression called
// `Q.workspace_id`, another source called Q, a source with an alias whose own name is Q, a column called Q with fields.
// Names that could do that are refused.
import { queryFault, shown } from './faults.ts';
import { physicalSources, qualifierOf } from './tables.ts';
import type { Name, Query, Source } from './tree.ts';
import { selectsOf, sourcesOf, walk } from './walk.ts';

/** The columns of the analytics tables whose values have named parts (spec 07 §5). */
const STRUCTURED_COLUMNS = new Set(['attributes', 'query_params']);

/**
 * @throws Fault invalid_analytics_query for two sources of one SELECT with one name, a table alias with a dot, and an
 *   expression whose name, up to its first dot, is that of a table in use.
 */
export function assertNoNameClashes(query: Query): void {
  const qualifiers = new Set<string>();
  for (const select of selectsOf(query)) {
    for (const { qualifier } of physicalSources(select)) qualifiers.add(qualifier.text.toLowerCase());
    assertDistinct(sourcesOf(select));
  }
  walk(query, (node) => {
    if (node.kind === 'alias' || node.kind === 'expression-binding')
      assertExpressionName(node.name, qualifiers);
  });
}

/** A table answers to its own name even where it has an alias, so that name counts among the names of the SELECT. */
function assertDistinct(sources: readonly Source[]): void {
  const owners = new Map<string, number>();
  for (const name of sources.flatMap(namesOf)) owners.set(name, (owners.get(name) ?? 0) + 1);
  for (const source of sources) {
    const name =
      source.kind === 'table' ? qualifierOf(source) : source.kind === 'derived' ? source.alias : undefined;
    if (name === undefined) continue;
    if (name.text.includes('.'))
      throw queryFault(`The alias ${shown(name.text)} of a table must not contain a dot.`);
    const key = name.text.toLowerCase();
    if (source.kind === 'table' && STRUCTURED_COLUMNS.has(key)) {
      throw queryFault(`A table must not have the alias ${shown(name.text)}: it is the name of a column.`);
    }
    if ((owners.get(key) ?? 0) > 1) {
      throw queryFault(`Two tables of one SELECT answer to ${shown(name.text)}; give each its own alias.`);
    }
  }
}

/** The names to which `source` answers, in lower case. */
function namesOf(source: Source): string[] {
  const names =
    source.kind === 'table'
      ? [source.alias, source.name.at(-1)]
      : source.kind === 'derived'
        ? [source.alias]
        : [];
  return [...new Set(names.flatMap((name) => (name === undefined ? [] : [name.text.toLowerCase()])))];
}

function assertExpressionName(name: Name, qualifiers: ReadonlySet<string>): void {
  const [first = ''] = name.text.toLowerCase().split('.');
  if (qualifiers.has(first)) {
    throw queryFault(`The alias ${shown(name.text)} begins with the name of a table.`);
  }
}
