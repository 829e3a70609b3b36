// FROM and JOIN: tables, subqueries, and what is neither.
import { queryFault } from './faults.ts';
import type { Lowering } from './lowering.ts';
import type { Expression, Join, Name, Source, TableSource } from './tree.ts';
import { type Fields, fieldsOf, listOf, only, requiredNode, textOf, unsupported } from './wire.ts';

const TABLE_FIELDS = ['name', 'schema', 'catalog', 'alias', 'alias_explicit_as', 'final_', 'table_sample'];

/** One member of the FROM or JOIN list. */
export function lowerSource(context: Lowering, value: unknown): Source {
  const { kind, fields } = requiredNode(value);
  switch (kind) {
    case 'table':
      return lowerTable(context, fields);
    case 'subquery':
      only(fields, 'this', 'alias', 'alias_explicit_as', 'alias_keyword');
      return {
        kind: 'derived',
        query: context.query(fields.this),
        alias: optionalName(context, fields.alias),
      };
    case 'paren':
      return lowerParenthesized(context, fields);
    case 'alias':
      return lowerSource(context, fields.this);
    case 'function':
      return { kind: 'table-function', name: context.callName(textOf(fields.name)).name.text };
    case 'values':
    case 'combined_parameterized_agg':
      return { kind: 'table-function', name: kind === 'values' ? 'VALUES' : 'parametric' };
    default:
      throw unsupported(kind);
  }
}

/** `FROM ((SELECT …))`. */
function lowerParenthesized(context: Lowering, fields: Fields): Source {
  only(fields, 'this');
  const source = lowerSource(context, fields.this);
  if (source.kind === 'table-function') return source;
  if (source.kind !== 'derived' || source.alias !== undefined)
    throw queryFault('Syntax error: brackets around a table.');
  return { kind: 'derived', query: { kind: 'parenthesized', query: source.query }, alias: undefined };
}

function lowerTable(context: Lowering, fields: Fields): TableSource {
  only(fields, ...TABLE_FIELDS);
  const parts = [fields.catalog, fields.schema, fields.name].flatMap(
    (part) => optionalName(context, part) ?? [],
  );
  return {
    kind: 'table',
    name: parts,
    alias: optionalName(context, fields.alias),
    final: fields.final_ === true,
    sample: lowerSample(context, fields.table_sample),
    resolved: undefined,
  };
}

function lowerSample(context: Lowering, value: unknown): TableSource['sample'] {
  if (value === null || value === undefined) return undefined;
  const fields = fieldsOf(value);
  only(fields, 'method', 'size', 'offset', 'use_sample_keyword');
  return { size: context.expression(fields.size), offset: context.optional(fields.offset) };
}

function optionalName(context: Lowering, value: unknown): Name | undefined {
  return value === null || value === undefined ? undefined : context.name(value);
}

const JOIN_FIELDS = 'this on using kind use_inner_keyword use_outer_keyword join_hint nesting_group'.split(
  ' ',
);

/** The parser's names for the directions of a join. */
const DIRECTIONS: Readonly<Record<string, string>> = {
  Inner: '',
  Left: 'LEFT',
  Right: 'RIGHT',
  Full: 'FULL',
  Cross: 'CROSS',
};

const STRICTNESSES = new Set(['ANY', 'ALL', 'SEMI', 'ANTI', 'ASOF']);

export function lowerJoins(context: Lowering, joins: readonly unknown[]): Join[] {
  return joins.map((join) => lowerJoin(context, fieldsOf(join)));
}

function lowerJoin(context: Lowering, fields: Fields): Join {
  only(fields, ...JOIN_FIELDS);
  if (fields.kind === 'Array' || fields.kind === 'LeftArray') {
    only(fields, 'this', 'kind', 'nesting_group');
    return {
      kind: 'array-join',
      left: fields.kind === 'LeftArray',
      items: arrayItems(context.expression(fields.this)),
    };
  }
  return {
    kind: 'join',
    operator: joinOperator(fields),
    source: lowerSource(context, fields.this),
    on: context.optional(fields.on),
    using: listOf(fields.using).map((name) => context.name(name)),
  };
}

function arrayItems(value: Expression): Expression[] {
  return value.kind === 'tuple' ? value.items : [value];
}

function joinOperator(fields: Fields): string {
  if (fields.kind === 'Implicit') return ',';
  const direction = DIRECTIONS[textOf(fields.kind)];
  const hint = fields.join_hint ?? '';
  if (direction === undefined || (hint !== '' && !STRICTNESSES.has(textOf(hint)))) throw unsupported('JOIN');
  const inner = fields.use_inner_keyword === true ? 'INNER' : '';
  const outer = fields.use_outer_keyword === true ? 'OUTER' : '';
  return [hint, inner || direction, outer, 'JOIN'].filter((word) => word !== '').join(' ');
}
