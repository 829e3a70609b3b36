// The parser's statement as our tree: SELECT, its clauses, set operations.

import { queryFault, shown } from './faults.ts';
import { lowerExpression } from './lower-expression.ts';
import { lowerJoins, lowerSource } from './lower-source.ts';
import { lowerOrderItem, lowerOver, lowerWindows } from './lower-window.ts';
import type { Lowering } from './lowering.ts';
import { OUTER_COUNT, OUTER_LIMIT, OUTER_OFFSET, OUTER_VALUE, type Skeleton } from './skeleton.ts';
import type { Binding, Expression, GroupBy, Query, SelectQuery, SetOperator } from './tree.ts';
import { type Fields, fieldsOf, listOf, only, requiredNode, textOf, unsupported, wireNode } from './wire.ts';

/**
 * Turns the parser's statement into our tree.
 *
 * @throws Fault invalid_analytics_query for anything outside the grammar, a SETTINGS clause among it.
 */
export function lowerStatement(statement: unknown, skeleton: Skeleton): Query {
  return loweringOf(skeleton).query(statement);
}

function loweringOf(skeleton: Skeleton): Lowering {
  const lowering: Lowering = {
    expression: (value) => lowerExpression(lowering, value),
    expressions: (value) => listOf(value).map((item) => lowerExpression(lowering, item)),
    optional: (value) => (wireNode(value) === undefined ? undefined : lowerExpression(lowering, value)),
    query: (value) => lowerQuery(lowering, value),
    over: (value) => lowerOver(lowering, value),
    name: (value) => {
      const fields = fieldsOf(value);
      only(fields, 'name', 'quoted');
      return lowering.nameAt(textOf(fields.name));
    },
    nameAt: (placeholder) => {
      const word = skeleton.wordAt(placeholder);
      if (word === undefined || word.kind === 'type') throw unsupported(placeholder);
      if (word.text === '') throw queryFault('A name is empty.');
      return { text: word.text, quoted: word.kind !== 'word' };
    },
    callName: (text) =>
      skeleton.wordAt(text) === undefined
        ? { name: { text, quoted: false }, invented: true }
        : { name: lowering.nameAt(text), invented: false },
    stringAt: (placeholder) => {
      const word = skeleton.wordAt(placeholder);
      if (word?.kind !== 'string') throw unsupported('string');
      return word.text;
    },
    type: (placeholder) => {
      const word = skeleton.wordAt(placeholder);
      if (word?.kind !== 'type') throw unsupported('type');
      return word.text;
    },
  };
  return lowering;
}

const SET_KINDS = ['union', 'except', 'intersect'] as const;

/** The clauses that the parser hangs on a set operation, although ClickHouse reads them as part of its last branch. */
interface Tail {
  readonly order_by?: unknown;
  readonly limit?: unknown;
  readonly offset?: unknown;
}

function lowerQuery(context: Lowering, value: unknown, tail: Tail = {}): Query {
  const { kind, fields } = requiredNode(value);
  if (kind === 'select') return lowerSelect(context, fields, tail);
  if (kind === 'subquery' || kind === 'paren') {
    only(fields, 'this');
    if (Object.values(tail).some(isPresent)) throw afterBrackets();
    return { kind: 'parenthesized', query: lowerQuery(context, fields.this) };
  }
  const setKind = SET_KINDS.find((known) => known === kind);
  if (setKind === undefined || Object.values(tail).some(isPresent)) throw unsupported(kind);
  return lowerSetQuery(context, setKind, fields);
}

function lowerSetQuery(context: Lowering, kind: (typeof SET_KINDS)[number], fields: Fields): Query {
  only(fields, 'left', 'right', 'all', 'distinct', 'with', 'order_by', 'limit', 'offset');
  const left = lowerQuery(context, fields.left);
  const { order_by, limit, offset } = fields;
  const right = lowerQuery(context, fields.right, { order_by, limit, offset });
  if (isPresent(fields.with)) {
    const first = leftmost(left);
    first.bindings = [...lowerBindings(context, fields.with), ...first.bindings];
  }
  return { kind: 'set', operator: setOperator(kind, fields), left, right };
}

function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined;
}

/** The SELECT at the beginning of a branch; a parenthesised one takes no clauses from outside. */
function leftmost(query: Query): SelectQuery {
  let current = query;
  while (current.kind === 'set') current = current.left;
  if (current.kind !== 'select') throw afterBrackets();
  return current;
}

function afterBrackets(): Error {
  return queryFault('Syntax error: a clause stands outside the brackets of its SELECT.');
}

function setOperator(kind: (typeof SET_KINDS)[number], fields: Fields): SetOperator {
  const quantifier = fields.all === true ? ' ALL' : fields.distinct === true ? ' DISTINCT' : '';
  switch (kind) {
    case 'union':
      if (quantifier === '') throw queryFault('Write UNION ALL or UNION DISTINCT.');
      return quantifier === ' ALL' ? 'UNION ALL' : 'UNION DISTINCT';
    case 'except':
      return quantifier === ' ALL' ? 'EXCEPT ALL' : quantifier === '' ? 'EXCEPT' : 'EXCEPT DISTINCT';
    case 'intersect':
      return quantifier === ' ALL' ? 'INTERSECT ALL' : quantifier === '' ? 'INTERSECT' : 'INTERSECT DISTINCT';
  }
}

const SELECT_FIELDS =
  `expressions from joins where_clause prewhere group_by having windows order_by limit offset
  limit_by distinct distinct_on top with settings format`.split(/\s+/);

function lowerSelect(context: Lowering, fields: Fields, tail: Tail): SelectQuery {
  only(fields, ...SELECT_FIELDS);
  if (listOf(fields.expressions).length === 0) throw queryFault('Syntax error: SELECT names no column.');
  if (isPresent(fields.format)) lowerFormat(context, fields.format);
  const from = isPresent(fields.from) ? fieldsOf(fields.from) : {};
  only(from, 'expressions');
  const orderBy = tail.order_by ?? fields.order_by;
  return {
    kind: 'select',
    bindings: isPresent(fields.with) ? lowerBindings(context, fields.with) : [],
    distinct: fields.distinct === true ? { on: context.expressions(fields.distinct_on) } : undefined,
    top: context.optional(inner(fields.top)),
    items: context.expressions(fields.expressions),
    from: listOf(from.expressions).map((source) => lowerSource(context, source)),
    joins: lowerJoins(context, listOf(fields.joins)),
    prewhere: context.optional(fields.prewhere),
    where: context.optional(inner(fields.where_clause)),
    groupBy: isPresent(fields.group_by) ? lowerGroupBy(context, fieldsOf(fields.group_by)) : undefined,
    having: context.optional(inner(fields.having)),
    windows: lowerWindows(context, listOf(fields.windows)),
    ...(isPresent(orderBy) ? lowerOrderBy(context, orderBy) : { orderBy: [], interpolate: undefined }),
    ...lowerLimits(context, fields, tail),
  };
}

/** The expression of a clause node `{ this: … }`. */
function inner(clause: unknown): unknown {
  if (!isPresent(clause)) return null;
  const fields = fieldsOf(clause);
  only(fields, 'this', 'parenthesized');
  return fields.this;
}

/** FORMAT names the transport's business; it is read and left out. */
function lowerFormat(context: Lowering, value: unknown): void {
  const { kind, fields } = requiredNode(value);
  if (kind !== 'identifier') throw unsupported('FORMAT');
  context.name(fields);
}

/** `LIMIT ALL` comes as a column; no name of a caller looks like that. */
function lowerLimit(context: Lowering, value: unknown): Expression | undefined {
  const node = wireNode(value);
  const isAll = node?.kind === 'column' && fieldsOf(node.fields.name).name === 'ALL';
  return isAll ? { kind: 'column', parts: [{ text: 'ALL', quoted: false }] } : context.optional(value);
}

/** LIMIT BY and LIMIT, each with its OFFSET; the parser has one field for both. */
function lowerLimits(
  context: Lowering,
  fields: Fields,
  tail: Tail,
): Pick<SelectQuery, 'limitBy' | 'limit' | 'offset'> {
  const limit = lowerLimit(context, tail.limit ?? inner(fields.limit));
  const offset = context.optional(tail.offset ?? inner(fields.offset));
  const columns = context.expressions(fields.limit_by);
  const outer = outerLimit(context, listOf(fields.settings));
  if (columns.length === 0) {
    if (outer.limit !== undefined) throw unsupported('LIMIT');
    return { limitBy: undefined, limit, offset };
  }
  if (limit === undefined) throw unsupported('LIMIT BY');
  return { limitBy: { count: limit, offset, columns }, ...outer };
}

/** The LIMIT behind LIMIT BY, which the skeleton carries as settings; a setting of the caller is refused. */
function outerLimit(
  context: Lowering,
  settings: readonly unknown[],
): { limit: Expression | undefined; offset: Expression | undefined } {
  const found = new Map<unknown, Expression | undefined>();
  for (const setting of settings) {
    const { kind, fields } = requiredNode(setting);
    const name = kind === 'eq' ? settingName(fields.left) : undefined;
    const isOuter = name === OUTER_LIMIT || name === OUTER_OFFSET || name === OUTER_COUNT;
    if (!isOuter || found.has(name)) throw queryFault('SETTINGS are not allowed.');
    found.set(name, outerValue(context, fields.right));
  }
  const first = found.get(OUTER_LIMIT);
  return found.has(OUTER_COUNT)
    ? { limit: found.get(OUTER_COUNT), offset: first }
    : { limit: first, offset: found.get(OUTER_OFFSET) };
}

function outerValue(context: Lowering, value: unknown): Expression | undefined {
  const { kind, fields } = requiredNode(value);
  only(fields, 'name', 'args');
  const args = listOf(fields.args);
  if (kind !== 'function' || fields.name !== OUTER_VALUE || args.length !== 1) throw unsupported('LIMIT');
  return lowerLimit(context, args[0]);
}

function settingName(value: unknown): unknown {
  const { kind, fields } = requiredNode(value);
  return kind === 'column' ? fieldsOf(fields.name).name : undefined;
}

function lowerBindings(context: Lowering, value: unknown): Binding[] {
  const fields = fieldsOf(value);
  only(fields, 'ctes');
  return listOf(fields.ctes).map((item) => {
    const binding = fieldsOf(item);
    only(binding, 'alias', 'this', 'alias_first');
    const name = context.name(binding.alias);
    return binding.alias_first === true
      ? { kind: 'cte', name, query: context.query(binding.this) }
      : { kind: 'expression-binding', name, value: context.expression(binding.this) };
  });
}

function lowerGroupBy(context: Lowering, fields: Fields): GroupBy {
  only(fields, 'expressions', 'all', 'totals');
  const modifiers: GroupBy['modifiers'] = [];
  const items: Expression[] = [];
  for (const item of listOf(fields.expressions)) {
    const { kind, fields: itemFields } = requiredNode(item);
    if (kind === 'rollup' || kind === 'cube') {
      only(itemFields);
      modifiers.push(kind === 'rollup' ? 'ROLLUP' : 'CUBE');
    } else {
      items.push(context.expression(item));
    }
  }
  if (fields.totals === true) modifiers.push('TOTALS');
  return { kind: 'group-by', all: fields.all === true, items, modifiers };
}

function lowerOrderBy(context: Lowering, value: unknown): Pick<SelectQuery, 'orderBy' | 'interpolate'> {
  const fields = fieldsOf(value);
  only(fields, 'expressions');
  const items = listOf(fields.expressions).map((item) => lowerOrderItem(context, item));
  const interpolations = items.flatMap((item) => (item.interpolate === undefined ? [] : [item.interpolate]));
  if (interpolations.length > 1)
    throw queryFault(`INTERPOLATE is given ${shown(String(interpolations.length))} times.`);
  return { orderBy: items.map((item) => item.order), interpolate: interpolations[0] };
}
