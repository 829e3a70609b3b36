// The nodes of the parser that need more than field by field reading.
import type { Lowering } from './lowering.ts';
import type { Call, Expression, Name, SetOperand } from './tree.ts';
import { type Fields, fieldsOf, listOf, only, requiredNode, textOf, unsupported, wireNode } from './wire.ts';

const GROUPINGS = ['CUBE', 'ROLLUP', 'GROUPING SETS'] as const;

export function readLiteral(context: Lowering, fields: Fields): Expression {
  only(fields, 'literal_type', 'value');
  const value = textOf(fields.value);
  switch (fields.literal_type) {
    case 'number':
      return { kind: 'number', text: value };
    case 'hex_number':
      return { kind: 'number', text: `0x${value}` };
    case 'string':
      return { kind: 'string', value: context.stringAt(value) };
    default:
      throw unsupported('literal');
  }
}

export function readStar(context: Lowering, fields: Fields): Expression {
  only(fields, 'table', 'except', 'replace', 'rename');
  const modifier = ['except', 'replace', 'rename'].find((name) => listOf(fields[name]).length > 0);
  if (modifier !== undefined) return inventedCall(modifier.toUpperCase());
  const table = wireOrNone(fields.table);
  if (table === undefined) return { kind: 'star', qualifier: [] };
  only(table, 'name', 'quoted');
  return {
    kind: 'star',
    qualifier: textOf(table.name)
      .split('.')
      .map((part) => context.nameAt(part)),
  };
}

export function readIn(context: Lowering, fields: Fields): Expression {
  only(fields, 'this', 'expressions', 'query', 'not', 'global', 'is_field');
  return {
    kind: 'in',
    negated: fields.not === true,
    global: fields.global === true,
    value: context.expression(fields.this),
    operand: readSetOperand(context, fields),
  };
}

function readSetOperand(context: Lowering, fields: Fields): SetOperand {
  if (wireNode(fields.query) !== undefined) {
    only(fields, 'this', 'query', 'not', 'global');
    return { kind: 'subquery', query: context.query(fields.query) };
  }
  const items = context.expressions(fields.expressions);
  if (fields.is_field !== true) return { kind: 'list', items };
  const [value] = items;
  if (value === undefined || items.length !== 1) throw unsupported('IN');
  return { kind: 'bare', value };
}

export function readInterval(context: Lowering, fields: Fields): Expression {
  only(fields, 'this', 'unit');
  const unit = fieldsOf(fields.unit);
  only(unit, 'type', 'unit');
  if (unit.type !== 'simple') throw unsupported('INTERVAL');
  return {
    kind: 'interval',
    amount: readAmount(context, fields.this),
    unit: textOf(unit.unit).toUpperCase(),
  };
}

/** The parser turns the number of `INTERVAL 1 DAY` into a string; a string of the caller is a placeholder. */
function readAmount(context: Lowering, value: unknown): Expression {
  const { kind, fields } = requiredNode(value);
  if (kind === 'literal' && fields.literal_type === 'string') {
    only(fields, 'literal_type', 'value');
    const text = textOf(fields.value);
    if (/^[\d.]/.test(text)) return { kind: 'number', text };
  }
  return context.expression(value);
}

export function readDot(context: Lowering, fields: Fields): Expression {
  only(fields, 'this', 'field');
  const base = context.expression(fields.this);
  const field = fieldsOf(fields.field);
  only(field, 'name', 'quoted');
  return textOf(field.name)
    .split('.')
    .map((part): Name => (/^\d+$/.test(part) ? { text: part, quoted: false } : context.nameAt(part)))
    .reduce<Expression>(
      (value, name) =>
        value.kind === 'column' && !/^\d/.test(name.text)
          ? { kind: 'column', parts: [...value.parts, name] }
          : { kind: 'field', value, name },
      base,
    );
}

export function readFunction(context: Lowering, fields: Fields): Expression {
  only(fields, 'name', 'args', 'distinct');
  const text = textOf(fields.name);
  const args = context.expressions(fields.args);
  const form = GROUPINGS.find((grouping) => grouping === text);
  if (form !== undefined) return { kind: 'grouping', form, items: args };
  return {
    kind: 'call',
    ...context.callName(text),
    parameters: undefined,
    args,
    distinct: fields.distinct === true,
    over: undefined,
  };
}

/** What stands for syntax that reads like a call and is none of the allowed ones; it is refused with the functions. */
export function inventedCall(text: string): Call {
  return {
    kind: 'call',
    name: { text, quoted: false },
    invented: true,
    parameters: undefined,
    args: [],
    distinct: false,
    over: undefined,
  };
}

/** The fields of an optional identifier. */
export function wireOrNone(value: unknown): Fields | undefined {
  return value === null || value === undefined ? undefined : fieldsOf(value);
}
