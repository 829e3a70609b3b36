import { printName, printNames } from './print-names.ts';
import type { Printing } from './printing.ts';
import type {
  Binding,
  Fill,
  Frame,
  FrameBound,
  GroupBy,
  Interpolation,
  Join,
  Name,
  OrderItem,
  Query,
  SelectQuery,
  Source,
  WindowSpec,
} from './tree.ts';

/** The ClickHouse SQL of `query`, on one line. */
export function writeQuery(print: Printing, query: Query): string {
  switch (query.kind) {
    case 'select':
      return printSelect(print, query);
    case 'set':
      return `${print.query(query.left)} ${query.operator} ${print.query(query.right)}`;
    case 'parenthesized':
      return `(${print.query(query.query)})`;
  }
}

function printSelect(print: Printing, select: SelectQuery): string {
  return [
    select.bindings.length > 0 &&
      `WITH ${select.bindings.map((item) => printBinding(print, item)).join(', ')}`,
    `SELECT${printDistinct(print, select)}`,
    select.top && `TOP ${print.expression(select.top)}`,
    print.expressions(select.items),
    select.from.length > 0 &&
      `FROM ${select.from.map((item) => printSource(print, item)).join(', ')}${select.joins.map((item) => printJoin(print, item)).join('')}`,
    select.prewhere && `PREWHERE ${print.expression(select.prewhere)}`,
    select.where && `WHERE ${print.expression(select.where)}`,
    select.groupBy && `GROUP BY ${printGroupBy(print, select.groupBy)}`,
    select.having && `HAVING ${print.expression(select.having)}`,
    select.windows.length > 0 &&
      `WINDOW ${select.windows.map((item) => printNamedWindow(print, item)).join(', ')}`,
    select.orderBy.length > 0 &&
      `ORDER BY ${select.orderBy.map((item) => printOrderItem(print, item)).join(', ')}`,
    select.interpolate &&
      `INTERPOLATE (${select.interpolate.map((item) => printInterpolation(print, item)).join(', ')})`,
    select.limitBy && printLimitBy(print, select.limitBy),
    select.limit && `LIMIT ${print.expression(select.limit)}`,
    select.offset && `OFFSET ${print.expression(select.offset)}`,
  ]
    .filter((part) => typeof part === 'string')
    .join(' ');
}

function printBinding(print: Printing, binding: Binding): string {
  return binding.kind === 'cte'
    ? `${printName(binding.name)} AS (${print.query(binding.query)})`
    : `${print.expression(binding.value)} AS ${printName(binding.name)}`;
}

function printDistinct(print: Printing, { distinct }: SelectQuery): string {
  if (distinct === undefined) return '';
  return distinct.on.length > 0 ? ` DISTINCT ON (${print.expressions(distinct.on)})` : ' DISTINCT';
}

function printSource(print: Printing, source: Source): string {
  switch (source.kind) {
    case 'table': {
      const sample =
        source.sample &&
        ` SAMPLE ${print.expression(source.sample.size)}${source.sample.offset ? ` OFFSET ${print.expression(source.sample.offset)}` : ''}`;
      return `${printNames(source.name)}${printAlias(source.alias)}${source.final ? ' FINAL' : ''}${sample ?? ''}`;
    }
    case 'derived':
      return `(${print.query(source.query)})${printAlias(source.alias)}`;
    case 'table-function':
      throw new Error('a table function cannot be printed');
  }
}

function printAlias(alias: Name | undefined): string {
  return alias === undefined ? '' : ` AS ${printName(alias)}`;
}

function printJoin(print: Printing, join: Join): string {
  if (join.kind === 'array-join')
    return ` ${join.left ? 'LEFT ' : ''}ARRAY JOIN ${print.expressions(join.items)}`;
  const condition = join.on
    ? ` ON ${print.expression(join.on)}`
    : join.using.length > 0
      ? ` USING (${join.using.map(printName).join(', ')})`
      : '';
  return `${join.operator === ',' ? ',' : ` ${join.operator}`} ${printSource(print, join.source)}${condition}`;
}

function printGroupBy(print: Printing, groupBy: GroupBy): string {
  const items = groupBy.all ? 'ALL' : print.expressions(groupBy.items);
  return [items, ...groupBy.modifiers.map((modifier) => `WITH ${modifier}`)].join(' ');
}

function printNamedWindow(print: Printing, window: SelectQuery['windows'][number]): string {
  return `${printName(window.name)} AS (${print.window(window.spec)})`;
}

/** The inside of `OVER (…)`. */
export function writeWindow(print: Printing, spec: WindowSpec): string {
  return [
    spec.base && printName(spec.base),
    spec.partitionBy.length > 0 && `PARTITION BY ${print.expressions(spec.partitionBy)}`,
    spec.orderBy.length > 0 &&
      `ORDER BY ${spec.orderBy.map((item) => printOrderItem(print, item)).join(', ')}`,
    spec.frame && printFrame(print, spec.frame),
  ]
    .filter((part) => typeof part === 'string')
    .join(' ');
}

function printFrame(print: Printing, { unit, start, end }: Frame): string {
  return end === undefined
    ? `${unit} ${printBound(print, start)}`
    : `${unit} BETWEEN ${printBound(print, start)} AND ${printBound(print, end)}`;
}

function printBound(print: Printing, bound: FrameBound): string {
  if (bound === 'CURRENT ROW') return bound;
  return `${bound.offset === 'UNBOUNDED' ? bound.offset : print.expression(bound.offset)} ${bound.side}`;
}

function printOrderItem(print: Printing, item: OrderItem): string {
  return `${print.expression(item.value)}${item.descending ? ' DESC' : ''}${item.fill ? printFill(print, item.fill) : ''}`;
}

function printFill(print: Printing, { from, to, step, staleness }: Fill): string {
  const parts = [
    from && `FROM ${print.expression(from)}`,
    to && `TO ${print.expression(to)}`,
    step && `STEP ${print.expression(step)}`,
    staleness && `STALENESS ${print.expression(staleness)}`,
  ];
  return [' WITH FILL', ...parts.filter((part) => part !== undefined)].join(' ');
}

function printInterpolation(print: Printing, { name, value }: Interpolation): string {
  return value === undefined ? printName(name) : `${printName(name)} AS ${print.expression(value)}`;
}

function printLimitBy(
  print: Printing,
  { count, offset, columns }: NonNullable<SelectQuery['limitBy']>,
): string {
  const skip = offset ? ` OFFSET ${print.expression(offset)}` : '';
  return `LIMIT ${print.expression(count)}${skip} BY ${print.expressions(columns)}`;
}
