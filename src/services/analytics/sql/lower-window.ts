// ORDER BY items with their WITH FILL, and window specifications.
import type { Lowering } from './lowering.ts';
import type { Frame, FrameBound, Interpolation, Name, OrderItem, SelectQuery, WindowSpec } from './tree.ts';
import { type Fields, fieldsOf, listOf, only, requiredNode, textOf, unsupported } from './wire.ts';

/** One item of ORDER BY, and the INTERPOLATE list that the parser hangs on the last of them. */
export function lowerOrderItem(
  context: Lowering,
  value: unknown,
): { readonly order: OrderItem; readonly interpolate: Interpolation[] | undefined } {
  const fields = fieldsOf(value);
  only(fields, 'this', 'desc', 'explicit_asc', 'with_fill');
  const filled = fields.with_fill !== null && fields.with_fill !== undefined;
  const fill = filled ? fieldsOf(fields.with_fill) : undefined;
  if (fill !== undefined) only(fill, 'from_', 'to', 'step', 'staleness', 'interpolate');
  return {
    order: {
      kind: 'order-item',
      value: context.expression(fields.this),
      descending: fields.desc === true,
      fill: fill && {
        from: context.optional(fill.from_),
        to: context.optional(fill.to),
        step: context.optional(fill.step),
        staleness: context.optional(fill.staleness),
      },
    },
    interpolate: fill && lowerInterpolate(context, fill),
  };
}

function lowerInterpolate(context: Lowering, fill: Fields): Interpolation[] | undefined {
  const value = context.optional(fill.interpolate);
  if (value === undefined) return undefined;
  return (value.kind === 'tuple' ? value.items : [value]).map((item) => {
    if (item.kind === 'alias') return { name: item.name, value: item.value };
    const [name, ...more] = item.kind === 'column' ? item.parts : [];
    if (name === undefined || more.length > 0) throw unsupported('INTERPOLATE');
    return { name, value: undefined };
  });
}

/** `OVER name` or `OVER (specification)`. */
export function lowerOver(context: Lowering, value: unknown): Name | WindowSpec {
  const spec = lowerSpec(context, fieldsOf(value));
  const isNameOnly = spec.partitionBy.length === 0 && spec.orderBy.length === 0 && spec.frame === undefined;
  return isNameOnly && spec.base !== undefined ? spec.base : spec;
}

/** The WINDOW clause. */
export function lowerWindows(context: Lowering, windows: readonly unknown[]): SelectQuery['windows'] {
  return windows.map((window) => {
    const fields = fieldsOf(window);
    only(fields, 'name', 'spec');
    return { name: context.name(fields.name), spec: lowerSpec(context, fieldsOf(fields.spec)) };
  });
}

function lowerSpec(context: Lowering, fields: Fields): WindowSpec {
  only(fields, 'window_name', 'partition_by', 'order_by', 'frame');
  const named = fields.window_name !== null && fields.window_name !== undefined;
  const framed = fields.frame !== null && fields.frame !== undefined;
  return {
    kind: 'window',
    base: named ? context.name(fields.window_name) : undefined,
    partitionBy: context.expressions(fields.partition_by),
    orderBy: listOf(fields.order_by).map((item) => plainOrderItem(context, item)),
    frame: framed ? lowerFrame(context, fieldsOf(fields.frame)) : undefined,
  };
}

function plainOrderItem(context: Lowering, item: unknown): OrderItem {
  const { order } = lowerOrderItem(context, item);
  if (order.fill !== undefined) throw unsupported('WITH FILL');
  return order;
}

function lowerFrame(context: Lowering, fields: Fields): Frame {
  only(fields, 'kind', 'start', 'end', 'kind_text', 'start_side_text', 'end_side_text');
  if (fields.kind !== 'Rows' && fields.kind !== 'Range') throw unsupported('frame');
  const ended = fields.end !== null && fields.end !== undefined;
  return {
    unit: fields.kind === 'Rows' ? 'ROWS' : 'RANGE',
    start: lowerBound(context, fields.start),
    end: ended ? lowerBound(context, fields.end) : undefined,
  };
}

function lowerBound(context: Lowering, value: unknown): FrameBound {
  switch (value) {
    case 'CurrentRow':
      return 'CURRENT ROW';
    case 'UnboundedPreceding':
      return { offset: 'UNBOUNDED', side: 'PRECEDING' };
    case 'UnboundedFollowing':
      return { offset: 'UNBOUNDED', side: 'FOLLOWING' };
    default:
      return lowerOffsetBound(context, value);
  }
}

function lowerOffsetBound(context: Lowering, value: unknown): FrameBound {
  const fields = fieldsOf(value);
  const [side] = Object.keys(fields);
  requiredNode(value);
  const offset = context.expression(fields[textOf(side)]);
  if (side === 'Preceding') return { offset, side: 'PRECEDING' };
  if (side === 'Following') return { offset, side: 'FOLLOWING' };
  throw unsupported('frame');
}
